package dev.slipway.cli.bench;

import com.fasterxml.jackson.databind.JsonNode;
import dev.slipway.cli.console.CommandFailure;
import dev.slipway.cli.console.Interruption;
import dev.slipway.cli.console.Json;
import java.io.BufferedReader;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayDeque;
import java.util.Deque;
import java.util.List;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/// Runs the program of the module `bench`, which has the kernel and DBOS Transact in it.
public final class OperationsBench {

  private static final int LAST_LINES = 20;

  private final Path root;
  private final Consumer<String> progress;

  /// @param root where the built modules are
  public OperationsBench(Path root, Consumer<String> progress) {
    this.root = root;
    this.progress = progress;
  }

  /// Returns what the program has measured, in its own words.
  public JsonNode run(int runs, int inFlight) throws IOException, InterruptedException {
    Path jar = root.resolve("bench/target/bench-0.1.0-SNAPSHOT-runner.jar");
    if (!Files.isRegularFile(jar)) {
      throw CommandFailure.failed("not-built", "bench is not built")
          .next("Run %s bench operations, which builds it.".formatted(root.resolve("slipway")))
          .build();
    }
    Process process =
        new ProcessBuilder(
                List.of(
                    Path.of(System.getProperty("java.home"), "bin", "java").toString(),
                    "-XX:+UseSerialGC",
                    "-XX:TieredStopAtLevel=1",
                    "-cp",
                    jar.toString(),
                    "dev.slipway.bench.OperationsBench",
                    Integer.toString(runs),
                    Integer.toString(inFlight)))
            .start();
    Deque<String> said = new ArrayDeque<>();
    Thread listening =
        Thread.ofPlatform().start(() -> listen(process.errorReader(StandardCharsets.UTF_8), said));
    // It ends what it has started when it is asked to end.
    byte[] result =
        Interruption.during(() -> process.getInputStream().readAllBytes(), process::destroy);
    int status = process.waitFor();
    listening.join();
    if (status != 0) {
      throw CommandFailure.failed("bench-failed", "the measuring ended with " + status)
          .details(String.join("\n", said))
          .build();
    }
    return Json.MAPPER.readTree(result);
  }

  private void listen(BufferedReader errors, Deque<String> said) {
    try (errors) {
      @Nullable String line;
      while ((line = errors.readLine()) != null) {
        progress.accept(line);
        said.addLast(line);
        if (said.size() > LAST_LINES) {
          said.removeFirst();
        }
      }
    } catch (IOException | UncheckedIOException ended) {
      // The process is gone, and so is what it says.
    }
  }
}
