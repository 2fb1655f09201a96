package dev.slipway.deploy.log;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.slipway.deploy.log.LogReader.Page;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

final class LogReaderTest {

  private static final String APPLICATION = "app_01234567890123456789abcdef";
  private static final String ONE = "exe_00000000000000000000000001";
  private static final String TWO = "exe_00000000000000000000000002";
  private static final Instant NOW = Instant.parse("2026-01-31T12:00:00Z");

  @TempDir Path applications;
  private LogReader reader;

  @BeforeEach
  void open() throws IOException {
    Files.createDirectories(applications.resolve(APPLICATION).resolve("log"));
    reader = new LogReader(applications, () -> NOW);
  }

  @Test
  void linesOfAllSourcesAndRotationsComeInTheOrderOfTheirTimes() throws IOException {
    write("1." + ONE + ".log.2", "2026-01-31T11:00:00.100000Z a");
    write("1." + ONE + ".log.1", "2026-01-31T11:00:01.100000Z c");
    write("1." + ONE + ".log", "2026-01-31T11:00:03.100000Z e");
    write("1." + TWO + ".log", "2026-01-31T11:00:00.200000Z b", "2026-01-31T11:00:02.000000Z d");
    write("2.install.log", "2026-01-31T11:00:04.123456Z f");

    assertThat(reader.page(APPLICATION, null, null, 100).body())
        .isEqualTo(
            """
            2026-01-31 11:00:00.100 [exe_00000000000000000000000001] a
            2026-01-31 11:00:00.200 [exe_00000000000000000000000002] b
            2026-01-31 11:00:01.100 [exe_00000000000000000000000001] c
            2026-01-31 11:00:02.000 [exe_00000000000000000000000002] d
            2026-01-31 11:00:03.100 [exe_00000000000000000000000001] e
            2026-01-31 11:00:04.123 [install] f
            """);
  }

  /// A roll back runs the commands of one version after the other.
  @Test
  void theNewestLineOfSomeSourcesIsFoundInWhateverVersion() throws IOException {
    write("1.rollback.log", "2026-01-31T11:00:00.000000Z before", "2026-01-31T11:00:03.000000Z b");
    write("2.rollback.log", "2026-01-31T11:00:02.000000Z a");
    write("2." + ONE + ".log", "2026-01-31T11:00:09.000000Z of an executor");
    Set<String> runs = Set.of("install", "rollback");

    assertThat(reader.newest(APPLICATION, runs, Instant.parse("2026-01-31T11:00:01Z")))
        .hasValueSatisfying(line -> assertThat(line.text()).isEqualTo("b"));
    assertThat(reader.newest(APPLICATION, runs, Instant.parse("2026-01-31T11:00:04Z"))).isEmpty();
    assertThat(reader.newest(APPLICATION, Set.of("install"), Instant.EPOCH)).isEmpty();
  }

  @ParameterizedTest
  @ValueSource(ints = {1, 2, 3, 5, 7, 100})
  void noLineIsLostOrRepeatedBetweenPagesAlthoughTimesAreEqual(int limit) throws IOException {
    for (int number = 0; number < 6; number++) {
      write("1." + ONE + ".log", "2026-01-31T11:00:00.000000Z one" + number);
      write("1." + TWO + ".log", "2026-01-31T11:00:00.000000Z two" + number);
    }
    write("1." + TWO + ".log", "2026-01-31T11:00:00.000001Z last");

    List<String> texts = texts(limit);

    assertThat(texts).hasSize(13).doesNotHaveDuplicates().last().asString().endsWith("last");
  }

  @Test
  void whatComesLaterIsOnTheNextPageAlsoAtTheSameInstantAndAfterARotation() throws IOException {
    write("1." + ONE + ".log", "2026-01-31T11:00:00.000000Z a");
    Page first = reader.page(APPLICATION, null, null, 10);
    assertThat(first.end()).isTrue();

    Files.move(file("1." + ONE + ".log"), file("1." + ONE + ".log.1"));
    write("1." + ONE + ".log", "2026-01-31T11:00:00.000000Z b");
    write("1.build.log", "2026-01-31T11:00:00.000000Z c");
    Page second = reader.page(APPLICATION, first.nextTimestamp().replace(' ', '+'), null, 10);

    assertThat(second.body().lines()).hasSize(2);
    assertThat(second.body()).contains("] b", "] c").doesNotContain("] a");
    Page third = reader.page(APPLICATION, second.nextTimestamp(), null, 10);
    assertThat(third).isEqualTo(new Page(true, "", second.nextTimestamp()));
  }

  @Test
  void thePastCanBeLimited() throws IOException {
    write("1.build.log", "2026-01-31T11:58:59.999999Z a", "2026-01-31T11:59:00.000000Z b");

    assertThat(reader.page(APPLICATION, null, Duration.ofSeconds(60), 10).body())
        .contains("] b")
        .doesNotContain("] a");
    assertThat(reader.page(APPLICATION, null, Duration.ofSeconds(Long.MAX_VALUE), 10).body())
        .contains("] a");
    assertThat(reader.page(APPLICATION, null, Duration.ZERO, 10).body()).contains("] a");
  }

  @Test
  void tornAndHugeLinesDoNoHarm() throws IOException {
    write(
        "1.build.log",
        "2026-01-31T11:00:00.000000Z a",
        "2026-01-3",
        "",
        "no time",
        "2026-01-31T11:00:01.000000Z " + "x".repeat(5_000_000),
        "2026-01-31T11:00:02.000000Z ",
        "2026-01-31T11:00:03.000000Z z");
    Files.writeString(
        file("1.build.log"), "2026-01-31T11:00:04.000000Z not yet", StandardOpenOption.APPEND);

    List<String> texts = texts(100);

    assertThat(texts).hasSize(4);
    assertThat(texts.get(1).length()).isLessThan(SourceLines.LONGEST_LINE + 100);
    assertThat(texts.get(3)).endsWith("] z");
  }

  @Test
  void filesThatAreNotLogsAndLinksAreNotRead() throws IOException {
    Path secret = Files.writeString(applications.resolve("secret"), "2026-01-31T11:00:00Z key\n");
    Files.createSymbolicLink(file("1.build.log"), secret);
    write("notes.txt", "2026-01-31T11:00:00.000000Z a");
    write("x.build.log", "2026-01-31T11:00:00.000000Z a");
    write("1.build.log.gz", "2026-01-31T11:00:00.000000Z a");

    assertThat(reader.page(APPLICATION, null, null, 10).body()).isEmpty();
  }

  @Test
  void anApplicationThatWroteNothingHasNoLines() throws IOException {
    Page page = reader.page("app_99999999999999999999999999", null, null, 10);

    assertThat(page.end()).isTrue();
    assertThat(page.body()).isEmpty();
  }

  @Test
  void theTailIsTheLastLinesOfOneSource() throws IOException {
    write("1.install.log.1", "2026-01-31T11:00:00.000000Z a", "2026-01-31T11:00:01.000000Z b");
    write("1.install.log", "2026-01-31T11:00:02.000000Z c");
    write("1.build.log", "2026-01-31T11:00:03.000000Z d");
    write("2.install.log", "2026-01-31T11:00:04.000000Z e");

    assertThat(reader.tail(APPLICATION, "1", "install", 2))
        .extracting(LogLine::text)
        .containsExactly("b", "c");
    assertThat(reader.tail(APPLICATION, "3", "install", 2)).isEmpty();
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "",
        "x",
        "2026-01-31",
        "2026-13-31 00:00:00.000000",
        "2026-01-31 00:00:00.000000~",
        "2026-01-31 00:00:00.000000~../x:1",
        "2026-01-31 00:00:00.000000~1.build:-1",
        "2026-01-31 00:00:00.000000~1.build:9999999999"
      })
  void aCursorThatWasNeverGivenIsRefused(String cursor) {
    assertThatThrownBy(() -> reader.page(APPLICATION, cursor, null, 10))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessageContaining("since must be");
  }

  @Test
  void namesAndLimitsAreChecked() {
    assertThatThrownBy(() -> reader.page("../etc", null, null, 10))
        .isInstanceOf(IllegalArgumentException.class);
    assertThatThrownBy(() -> reader.page(APPLICATION, null, null, 0))
        .hasMessage("limit must be from 1 to 10000");
    assertThatThrownBy(() -> reader.page(APPLICATION, null, null, 10_001))
        .isInstanceOf(IllegalArgumentException.class);
    assertThatThrownBy(() -> reader.tail(APPLICATION, "1", "../x", 10))
        .isInstanceOf(IllegalArgumentException.class);
  }

  private List<String> texts(int limit) throws IOException {
    List<String> texts = new ArrayList<>();
    String cursor = null;
    while (true) {
      Page page = reader.page(APPLICATION, cursor, null, limit);
      page.body().lines().forEach(texts::add);
      if (page.end()) {
        return texts;
      }
      cursor = page.nextTimestamp();
    }
  }

  private void write(String name, String... lines) throws IOException {
    Files.writeString(
        file(name),
        String.join("\n", lines) + "\n",
        StandardOpenOption.CREATE,
        StandardOpenOption.APPEND);
  }

  private Path file(String name) {
    return applications.resolve(APPLICATION).resolve("log").resolve(name);
  }
}
