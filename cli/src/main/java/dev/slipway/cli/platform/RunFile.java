package dev.slipway.cli.platform;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.slipway.cli.console.Json;
import dev.slipway.cli.console.PrivateFile;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Instant;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/// What the launcher last wrote down about a process: `run/<process>.json`. A claim, to be proven
/// by [ProcessIdentity#alive()].
///
/// @param since         when it was started
/// @param restarts      how often it had to be started again since the launcher came up
/// @param problem       in words, while something is wrong with it
/// @param configuration tells whether it was started the way it would be started now
record RunFile(
    ProcessIdentity identity,
    Instant since,
    int restarts,
    State state,
    @Nullable String problem,
    String configuration) {

  /// What the launcher thinks of a process.
  enum State {
    STARTING,
    READY,
    /// It lives, was ready, and does not answer now.
    SILENT,
    /// It died and is started again after a pause.
    RESTARTING,
    /// It keeps dying.
    CRASHING,
    /// The launcher, while it stops all others.
    STOPPING,
    STOPPED
  }

  static Optional<RunFile> read(Path file) {
    try {
      if (!Files.exists(file)) {
        return Optional.empty();
      }
      JsonNode stored = Json.MAPPER.readTree(file.toFile());
      return Optional.of(
          new RunFile(
              new ProcessIdentity(stored.path("pid").asLong(), stored.path("start").asText()),
              Instant.parse(stored.path("since").asText()),
              stored.path("restarts").asInt(),
              State.valueOf(stored.path("state").asText()),
              Json.text(stored, "problem"),
              stored.path("configuration").asText("")));
    } catch (IOException | RuntimeException damaged) {
      // Nothing but a hint is lost with it.
      return Optional.empty();
    }
  }

  void write(Path file) throws IOException {
    ObjectNode stored = Json.object();
    stored.put("pid", identity.pid());
    stored.put("start", identity.start());
    stored.put("since", since.toString());
    stored.put("restarts", restarts);
    stored.put("state", state.name());
    stored.put("problem", problem);
    stored.put("configuration", configuration);
    PrivateFile.write(file, stored.toPrettyString() + "\n");
  }
}
