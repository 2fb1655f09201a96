package dev.slipway.deploy.driver.docker;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Instant;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/// Files of what applications have written.
final class JournalTest {

  private static final Instant START = Instant.parse("2026-01-31T12:00:00Z");

  @TempDir private Path folder;

  private static Instant at(int nanos) {
    return START.plusNanos(nanos);
  }

  @Test
  void whoComesLaterWritesOnlyWhatIsMissing() throws Exception {
    Path file = folder.resolve("1.install.log");
    try (Journal first = Journal.tryOpen(file, Instant.EPOCH).orElseThrow()) {
      first.write(at(1), "one");
      first.write(at(2), "two");
    }

    try (Journal second = Journal.tryOpen(file, Instant.EPOCH).orElseThrow()) {
      second.write(at(1), "one");
      second.write(at(2), "two");
      second.write(at(3), "größer");
      assertThat(second.lines()).isEqualTo(3);
      assertThat(second.last()).isEqualTo(at(3));
    }

    assertThat(Journal.tail(file, Instant.EPOCH, 10)).containsExactly("one", "two", "größer");
    assertThat(Journal.tail(file, at(1), 1)).containsExactly("größer");
  }

  @Test
  void oneWritesAtATime() throws Exception {
    Path file = folder.resolve("1.install.log");
    try (Journal first = Journal.tryOpen(file, Instant.EPOCH).orElseThrow()) {
      assertThat(first.lines()).isZero();
      assertThat(Journal.tryOpen(file, Instant.EPOCH)).isEmpty();
    }
    try (Journal second = Journal.tryOpen(file, Instant.EPOCH).orElseThrow()) {
      assertThat(second.lines()).isZero();
    }
  }

  @Test
  void linesFromBeforeAreAnotherRunsAndALineThatWasCutOffIsNone() throws Exception {
    Path file = folder.resolve("1.build.log");
    Files.writeString(file, at(1) + " earlier\n2026-01-3");

    try (Journal journal = Journal.tryOpen(file, at(5)).orElseThrow()) {
      journal.write(at(4), "too early");
      journal.write(at(6), "in time");
      assertThat(journal.lines()).isEqualTo(1);
    }

    assertThat(Journal.tail(file, at(5), 10)).containsExactly("in time");
  }

  @Test
  void longFilesAreRotated() throws Exception {
    Path file = folder.resolve("1.exe.log");
    String text = "x".repeat(1 << 20);
    try (Journal journal = Journal.tryOpen(file, Instant.EPOCH).orElseThrow()) {
      for (int number : IntStream.range(0, 65).toArray()) {
        journal.write(at(number + 1), number + text);
      }
    }

    assertThat(folder.resolve("1.exe.log.4")).exists();
    assertThat(folder.resolve("1.exe.log.5")).doesNotExist();
    assertThat(Journal.tail(file, Instant.EPOCH, 1).getFirst()).startsWith("64x");
  }
}
