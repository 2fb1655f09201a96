package dev.slipway.cli.system;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.parallel.Isolated;

/// Whether account-service has the memory that passwords take. With too little it still answers,
/// but stops for a collection of all it holds at every step, and everybody waits who asks what
/// somebody may.
@Isolated("measures")
final class SignInLoadIT {

  private static final int SIGN_INS = 20;

  private final PlatformFromOutside outside = PlatformFromOutside.shared();

  @Test
  void signInsDoNotLeaveTheCollectorNoPeace() throws Exception {
    outside.register("signinload");
    long process = outside.process("account-service").pid();
    Duration collected = collected(process);
    long began = System.nanoTime();

    try (var people = Executors.newFixedThreadPool(4)) {
      List<Future<?>> signIns =
          IntStream.range(0, SIGN_INS)
              .<Future<?>>mapToObj(i -> people.submit(() -> outside.signIn("signinload")))
              .toList();
      for (Future<?> signIn : signIns) {
        signIn.get();
      }
    }

    Duration took = Duration.ofNanos(System.nanoTime() - began);
    assertThat(collected(process).minus(collected)).isLessThan(took.dividedBy(4));
  }

  /// How long the collector has stopped everybody to look at all there is, since the process began.
  private static Duration collected(long process) throws IOException, InterruptedException {
    Path jstat = Path.of(System.getProperty("java.home"), "bin", "jstat");
    String table =
        PlatformUnderTest.run(
                Path.of("/"),
                Map.of(),
                "",
                List.of(jstat.toString(), "-gcutil", Long.toString(process)))
            .succeeded()
            .out();
    List<String> lines = table.lines().map(String::strip).toList();
    List<String> names = List.of(lines.get(0).split("\\s+", -1));
    List<String> values = List.of(lines.get(1).split("\\s+", -1));
    double seconds = Double.parseDouble(values.get(names.indexOf("FGCT")));
    return Duration.ofMillis(Math.round(seconds * 1000));
  }
}
