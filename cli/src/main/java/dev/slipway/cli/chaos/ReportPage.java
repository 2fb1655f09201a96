package dev.slipway.cli.chaos;

import dev.slipway.cli.console.CommandFailure;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/// A page of runs, in the order of their seeds: a table of all of them, then each by itself.
///
/// The page is all there is: each run stands between two comments, the first of which has its row
/// of the table.
record ReportPage(List<Run> runs) {

  static final ReportPage EMPTY = new ReportPage(List.of());

  private static final Pattern SECTION =
      Pattern.compile(
          "<!-- run (-?\\d+) \\|(.*?)\\| -->\\n(.*?)<!-- end of the run -->\\n", Pattern.DOTALL);
  private static final String TITLE = "# Runs of `slipway chaos`";
  private static final String HEADING = "## Seed %d\n\n";

  /// @param summary the cells of its row
  /// @param section Markdown, without a heading
  record Run(long seed, List<String> summary, String section) {}

  ReportPage {
    runs = runs.stream().sorted(Comparator.comparing(Run::seed)).toList();
  }

  /// What is no run in it is not kept. An empty file is a page without any.
  ///
  /// @throws CommandFailure when it is something else
  static ReportPage read(Path page) throws IOException {
    String text = Files.readString(page);
    if (!text.isBlank() && !text.startsWith(TITLE)) {
      throw CommandFailure.misused("%s is no page of runs, and is not replaced".formatted(page))
          .next("Name another file with --report.")
          .build();
    }
    List<Run> runs = new ArrayList<>();
    Matcher found = SECTION.matcher(text);
    while (found.find()) {
      long seed = Long.parseLong(found.group(1));
      runs.add(
          new Run(
              seed,
              Pattern.compile("\\|").splitAsStream(found.group(2)).map(String::strip).toList(),
              found.group(3).substring(HEADING.formatted(seed).length())));
    }
    return new ReportPage(runs);
  }

  /// With a run, instead of an earlier one of its seed.
  ReportPage with(Run run) {
    List<Run> more = new ArrayList<>(runs);
    more.removeIf(it -> it.seed() == run.seed());
    more.add(run);
    return new ReportPage(more);
  }

  String text() {
    StringBuilder page =
        new StringBuilder(TITLE)
            .append(
                """


                Several organizations provision, deploy, roll back, cancel and destroy at random on a platform of their own, while its services, Kafka,
                the control database, Postgres instances and applications are killed, paused and restarted. Then the faults end, and a checker that looks from
                outside, at the API, the processes, the files and the databases, says what was lost, done twice or left behind: the findings, of which there must
                be none. `docs/how-to/run-chaos.md` says how to run it, `docs/adr/0018-who-checks-chaos.md` what is checked, and how.

                In the pictures, time goes from left to right. Bars are operations in the colour of how they ended, below them are the faults, and the times in which
                no gateway was there to answer.

                | seed | minutes | operations | faults | kills | requests failed with a gateway there | connections of subscribers cut (least of one) | at rest after | findings |
                |---|---|---|---|---|---|---|---|---|
                """);
    for (Run run : runs) {
      page.append("| [%d](#seed-%d) |".formatted(run.seed(), run.seed()));
      run.summary().forEach(cell -> page.append(' ').append(cell).append(" |"));
      page.append('\n');
    }
    for (Run run : runs) {
      page.append(
              "\n<!-- run %d | %s | -->\n".formatted(run.seed(), String.join(" | ", run.summary())))
          .append(HEADING.formatted(run.seed()))
          .append(run.section())
          .append("<!-- end of the run -->\n");
    }
    return page.toString();
  }
}
