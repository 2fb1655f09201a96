package dev.slipway.cli.console;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;

import dev.slipway.cli.platform.Signal;
import java.io.BufferedReader;
import java.io.IOException;
import java.nio.file.Path;
import java.util.List;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;

/// In a process of its own, which is interrupted as by Ctrl-C.
class InterruptionTest {

  @Test
  void whatIsInterruptedCleansUpFirst() throws Exception {
    Process process =
        new ProcessBuilder(
                List.of(
                    Path.of(System.getProperty("java.home"), "bin", "java").toString(),
                    "-cp",
                    System.getProperty("java.class.path"),
                    Worker.class.getName()))
            .redirectError(ProcessBuilder.Redirect.DISCARD)
            .start();
    try (BufferedReader said = process.inputReader(UTF_8)) {
      assertThat(said.readLine()).isEqualTo("works");

      Signal.INTERRUPT.send(process.pid());

      assertThat(said.lines()).containsExactly("cleans up", "does something", "is clean");
      assertThat(process.waitFor(60, TimeUnit.SECONDS)).isTrue();
    } finally {
      process.destroyForcibly();
    }
  }

  @Test
  void whatIsDoneIsAnsweredAndWhatFailsFails() throws Exception {
    assertThat(Interruption.<String>cleanly(() -> "done")).isEqualTo("done");
    assertThat(Interruption.<String>during(() -> "done", () -> {})).isEqualTo("done");
  }

  /// Waits for ever, and cleans up with something that may be interrupted too.
  static final class Worker {

    public static void main(String[] arguments) throws IOException, InterruptedException {
      Interruption.cleanly(
          () -> {
            try {
              System.out.println("works");
              new CountDownLatch(1).await();
              return "never";
            } finally {
              System.out.println("cleans up");
              Interruption.during(
                  () -> {
                    System.out.println("does something");
                    return "done";
                  },
                  () -> {});
              System.out.println("is clean");
            }
          });
    }
  }
}
