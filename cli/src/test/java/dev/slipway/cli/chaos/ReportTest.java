package dev.slipway.cli.chaos;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.slipway.cli.chaos.ChaosRun.Result;
import dev.slipway.cli.chaos.Journal.FailedRequest;
import java.io.ByteArrayInputStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.stream.Stream;
import javax.xml.parsers.DocumentBuilderFactory;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class ReportTest {

  private static final Finding FINDING =
      new Finding(Finding.Kind.ORPHAN, "process 7", "a <b> of\nnothing | else");

  @Test
  void figuresCountWhatWasAskedApartFromWhatThePlatformDidByItself() {
    Report.Figures figures = Report.Figures.of(result(List.of()));

    assertThat(figures.asked()).isEqualTo(2);
    assertThat(figures.own()).isEqualTo(1);
    assertThat(figures.outcomes()).isEqualTo(Map.of("succeeded", 1L, "undone", 1L));
    assertThat(figures.kills()).isEqualTo(1);
    assertThat(figures.excused()).isEqualTo(1);
    assertThat(figures.causes()).containsKey("application.deploy: migrate-failed");
  }

  @Test
  void jsonHasTheFindings() {
    assertThat(Report.json(result(List.of(FINDING))).path("findings").path(0).path("kind").asText())
        .isEqualTo("orphan");
    assertThat(Report.json(result(List.of())).path("findings")).isEmpty();
  }

  /// Any number is a seed.
  @Test
  void runsOfNegativeSeedsStayOnThePage(@TempDir Path folder) throws Exception {
    Path file = folder.resolve("chaos.md");
    ReportPage page =
        ReportPage.EMPTY
            .with(new ReportPage.Run(-5, List.of("a", "b"), "of the first\n"))
            .with(new ReportPage.Run(7, List.of("c"), "of the second\n"));
    Files.writeString(file, page.text());

    assertThat(ReportPage.read(file)).isEqualTo(page);
  }

  @Test
  void thePageSaysWhatWasFoundAndThePictureIsSvg(@TempDir Path folder) throws Exception {
    Path page = folder.resolve("deep/chaos.md");

    Report.write(result(List.of(FINDING)), page);

    assertThat(Files.readString(page))
        .contains("![the run over time](chaos-4.svg)")
        .contains("cut 7 times, each at least 3 times")
        .contains("- something that belongs to nothing: process 7: a &lt;b> of nothing \\| else")
        .contains("kill gateway #0 → gateway (process 42)");
    String picture = Files.readString(page.resolveSibling("chaos-4.svg"));
    var document =
        DocumentBuilderFactory.newInstance()
            .newDocumentBuilder()
            .parse(new ByteArrayInputStream(picture.getBytes(StandardCharsets.UTF_8)));
    assertThat(document.getElementsByTagName("polygon").getLength()).isEqualTo(1);
    assertThat(picture).contains("application.deploy shop: undone");
  }

  @Test
  void thePageHoldsTheLastRunOfEverySeed(@TempDir Path folder) throws Exception {
    Path page = Files.createFile(folder.resolve("chaos.md"));

    Report.write(result(11, List.of()), page);
    Report.write(result(4, List.of(FINDING)), page);
    String two = Files.readString(page);
    Report.write(result(4, List.of()), page);

    assertThat(two)
        .contains("| [4](#seed-4) | 1 | 2 | 1 | 1 | 1 of 100 | 7 (3) | 6.0 s | 1 |")
        .contains("| [11](#seed-11) | 1 | 2 | 1 | 1 | 1 of 100 | 7 (3) | 6.0 s | 0 |")
        .containsSubsequence("\n## Seed 4\n", "1 findings", "\n## Seed 11\n", "nothing was found");
    assertThat(Files.readString(page))
        .doesNotContain("1 findings")
        .containsOnlyOnce("## Seed 4\n")
        .containsOnlyOnce("## Seed 11\n");
    assertThat(folder.resolve("chaos-4.svg")).exists();
    assertThat(folder.resolve("chaos-11.svg")).exists();
  }

  @Test
  void aPageOfSomethingElseIsNotReplaced(@TempDir Path folder) throws Exception {
    Path page = Files.writeString(folder.resolve("notes.md"), "# Something else\n");

    assertThatThrownBy(() -> Report.check(page)).hasMessageContaining("is no page of runs");
    assertThatThrownBy(() -> Report.write(result(List.of()), page))
        .hasMessageContaining("is no page of runs");

    assertThat(page).hasContent("# Something else\n");
    try (Stream<Path> files = Files.list(folder)) {
      assertThat(files).containsExactly(page);
    }
  }

  @Test
  void aPageThatWasCheckedCanBeWritten(@TempDir Path folder) throws Exception {
    Path page = folder.resolve("deep/chaos.md");

    Report.check(page);
    assertThat(page).doesNotExist();
    Report.write(result(List.of()), page);
    Report.check(page);

    try (Stream<Path> files = Files.list(page.resolveSibling("."))) {
      assertThat(files.map(it -> it.getFileName().toString()))
          .containsExactlyInAnyOrder("chaos.md", "chaos-4.svg");
    }
  }

  private static Result result(List<Finding> findings) {
    return result(4, findings);
  }

  private static Result result(long seed, List<Finding> findings) {
    Fault fault =
        new Fault(Duration.ofSeconds(2), Fault.Kind.KILL, Fault.Target.GATEWAY, 0, Duration.ZERO);
    Duration at = Duration.ofSeconds(5);
    return new Result(
        new ChaosRun.Settings(Duration.ofMinutes(1), seed, 1, "process"),
        Duration.ofSeconds(3),
        1_000_000,
        new Observations(
            Map.of(
                "ann",
                new Observations.Listed(
                    List.of(),
                    List.of(),
                    List.of(
                        operation("instance.provision", "main", "succeeded", ""),
                        operation("application.deploy", "shop", "undone", "migrate-failed"),
                        operation("instance.repair", "main", "succeeded", "")))),
            List.of(),
            List.of(),
            Map.of(),
            Map.of(),
            Map.of()),
        List.of(),
        List.of(new Journal.Done(fault, "gateway", "", 42, at, at)),
        List.of(new GatewayWatch.Away(at, at.plusSeconds(2))),
        List.of(
            new FailedRequest(at, at.plusSeconds(1), "reset"),
            new FailedRequest(at.plusSeconds(3), at.plusSeconds(4), "503")),
        100,
        12,
        List.of(4, 3),
        1,
        Duration.ofSeconds(6),
        Duration.ofSeconds(70),
        findings);
  }

  private static Observations.Operation operation(
      String kind, String subject, String outcome, String cause) {
    return new Observations.Operation(
        "op_" + kind,
        kind,
        "id",
        subject,
        "ended",
        outcome,
        "",
        cause,
        "",
        "",
        "",
        "ann",
        1_001_000,
        Optional.of(1_004_000L));
  }
}
