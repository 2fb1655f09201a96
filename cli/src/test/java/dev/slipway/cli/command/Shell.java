package dev.slipway.cli.command;

import static java.nio.charset.StandardCharsets.UTF_8;

import com.fasterxml.jackson.databind.JsonNode;
import dev.slipway.cli.console.Json;
import dev.slipway.cli.console.Surroundings;
import java.io.ByteArrayInputStream;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.PrintStream;
import java.nio.file.Path;
import java.util.HashMap;
import java.util.Map;
import java.util.Set;

/// Runs command lines in this JVM, in a world of their own, where nobody sits at a terminal.
final class Shell {

  record Result(int exitCode, String out, String err) {

    JsonNode json() throws IOException {
      return Json.MAPPER.readTree(out);
    }
  }

  private final Path folder;
  private final Map<String, String> environment = new HashMap<>();
  private Set<Surroundings.Stream> terminals = Set.of();

  Shell(Path folder) {
    this.folder = folder;
    environment.put("SLIPWAY_HOME", folder.resolve("home").toString());
  }

  Path home() {
    return folder.resolve("home");
  }

  Shell with(String name, String value) {
    environment.put(name, value);
    return this;
  }

  /// Somebody looks at what is written on the side.
  Shell onTerminal() {
    terminals = Set.of(Surroundings.Stream.ERROR);
    return this;
  }

  Result run(String... arguments) {
    return runWith("", arguments);
  }

  Result runWith(String input, String... arguments) {
    ByteArrayOutputStream out = new ByteArrayOutputStream();
    ByteArrayOutputStream err = new ByteArrayOutputStream();
    int exitCode =
        SlipwayCommand.execute(
            new Surroundings(
                environment,
                folder,
                new ByteArrayInputStream(input.getBytes(UTF_8)),
                new PrintStream(out, true, UTF_8),
                new PrintStream(err, true, UTF_8),
                terminals,
                folder),
            arguments);
    return new Result(exitCode, out.toString(UTF_8), err.toString(UTF_8));
  }
}
