package dev.slipway.docker;

import static org.assertj.core.api.Assertions.assertThat;

import com.github.dockerjava.api.model.Frame;
import com.github.dockerjava.api.model.StreamType;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import org.junit.jupiter.api.Test;

/// Lines from pieces.
final class WrittenLinesTest {

  private static final String FIRST = "2026-01-02T03:04:05.123456789Z ";
  private static final String SECOND = "2026-01-02T03:04:06Z ";

  private final List<String> heard = new ArrayList<>();
  private final WrittenLines lines =
      new WrittenLines((error, at, line) -> heard.add((error ? "! " : "") + at + " " + line));

  private void add(StreamType stream, String text, int piece) {
    byte[] bytes = text.getBytes(StandardCharsets.UTF_8);
    for (int from = 0; from < bytes.length; from += piece) {
      byte[] some = Arrays.copyOfRange(bytes, from, Math.min(bytes.length, from + piece));
      lines.add(new Frame(stream, some));
    }
  }

  @Test
  void piecesOfAnyLengthMakeTheSameLines() {
    String text =
        FIRST + "größer\n" + SECOND + "\n" + SECOND + "a line with 2026-01-02T03:04:06Z\n";
    for (int piece = 1; piece <= text.length() + 2; piece++) {
      heard.clear();
      add(StreamType.STDOUT, text, piece);
      assertThat(heard)
          .as("pieces of %d bytes", piece)
          .containsExactly(
              "2026-01-02T03:04:05.123456789Z größer",
              "2026-01-02T03:04:06Z ",
              "2026-01-02T03:04:06Z a line with 2026-01-02T03:04:06Z");
    }
  }

  @Test
  void streamsDoNotMixInTheMiddleOfALine() {
    add(StreamType.STDOUT, FIRST + "be", 100);
    add(StreamType.STDERR, SECOND + "trouble\n", 100);
    add(StreamType.STDOUT, "gun\n", 100);

    assertThat(heard)
        .containsExactly("! 2026-01-02T03:04:06Z trouble", "2026-01-02T03:04:05.123456789Z begun");
  }

  @Test
  void longLineIsOneLineWithItsFirstTime() {
    String entry = "x".repeat(16_384);

    add(StreamType.STDOUT, FIRST + entry + SECOND + entry + SECOND + "the end\n", 1024);

    assertThat(heard)
        .containsExactly("2026-01-02T03:04:05.123456789Z " + entry + entry + "the end");
  }

  @Test
  void lineWithoutEndTakesNoMoreMemory() {
    add(StreamType.STDOUT, FIRST + "y".repeat(3 << 20) + "\n" + SECOND + "next\n", 1 << 16);

    assertThat(heard).hasSize(2);
    assertThat(heard.getFirst().length()).isLessThanOrEqualTo(1 << 20);
    assertThat(heard.getLast()).isEqualTo("2026-01-02T03:04:06Z next");
  }

  @Test
  void whatHasNoTimeIsNothingTheEngineStored() {
    add(StreamType.STDOUT, "no time\n\n" + SECOND + "a time\n", 3);

    assertThat(heard).containsExactly("2026-01-02T03:04:06Z a time");
  }
}
