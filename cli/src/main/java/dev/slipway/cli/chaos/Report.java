package dev.slipway.cli.chaos;

import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.slipway.cli.chaos.ChaosRun.Result;
import dev.slipway.cli.console.CommandFailure;
import dev.slipway.cli.console.Json;
import dev.slipway.cli.console.Words;
import dev.slipway.cli.platform.PlatformSettings;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.TreeMap;
import java.util.stream.Stream;

/// Tells what came of a run: some lines, JSON, or a section of a page with a picture.
public final class Report {

  private static final int LONGEST = 300;

  private Report() {}

  /// Writes a run into a page that holds several, one for each seed, and its picture beside it, its
  /// name ending in the seed and `.svg`. A run of the same seed is replaced.
  public static void write(Result result, Path page) throws IOException {
    String name = page.getFileName().toString();
    int dot = name.lastIndexOf('.');
    String picture =
        "%s-%d.svg".formatted(dot < 0 ? name : name.substring(0, dot), result.settings().seed());
    Files.createDirectories(page.toAbsolutePath().resolveSibling("."));
    ReportPage runs = Files.exists(page) ? ReportPage.read(page) : ReportPage.EMPTY;
    replace(
        page,
        runs.with(
                new ReportPage.Run(
                    result.settings().seed(), summary(result), section(result, picture)))
            .text());
    replace(page.resolveSibling(picture), Picture.of(result));
  }

  /// Refuses before a run a page that could not be written after it.
  public static void check(Path page) {
    try {
      Files.createDirectories(page.toAbsolutePath().resolveSibling("."));
      if (Files.exists(page)) {
        ReportPage.read(page);
      }
      Files.delete(Files.createFile(fresh(page)));
    } catch (IOException unwritable) {
      throw CommandFailure.misused(
              "the report %s cannot be written: %s".formatted(page, unwritable))
          .cause(unwritable)
          .build();
    }
  }

  /// Whole or not at all: it holds earlier runs.
  private static void replace(Path file, String text) throws IOException {
    Path fresh = fresh(file);
    try {
      Files.writeString(fresh, text, StandardCharsets.UTF_8);
      Files.move(fresh, file, StandardCopyOption.ATOMIC_MOVE);
    } finally {
      Files.deleteIfExists(fresh);
    }
  }

  private static Path fresh(Path file) {
    return file.resolveSibling(
        ".%s.%d".formatted(file.getFileName(), ProcessHandle.current().pid()));
  }

  /// Writes everything that was asked and answered, one call a line, in order: what a finding is
  /// traced back with.
  public static void writeCalls(Result result, Path file) throws IOException {
    List<String> lines = new ArrayList<>();
    result.calls().stream()
        .sorted(Comparator.comparing(Journal.Call::began))
        .forEach(
            it ->
                lines.add(
                    String.format(
                        Locale.ROOT,
                        "%8.1f s %8.1f s  %s: %s  [%s, %d times]  %d %s %s  %s",
                        it.began().minus(result.began()).toMillis() / 1000.0,
                        it.ended().minus(result.began()).toMillis() / 1000.0,
                        it.organization(),
                        it.words(),
                        it.key(),
                        it.tries(),
                        it.status(),
                        it.code(),
                        String.join(" and ", it.operations()),
                        it.message())));
    Files.write(file, lines, StandardCharsets.UTF_8);
  }

  /// For a terminal.
  public static List<String> lines(Result result) {
    Figures figures = Figures.of(result);
    List<String> lines = new ArrayList<>();
    lines.add(
        "%d operations asked for (%s), %d of the platform's own, of %d calls"
            .formatted(
                figures.asked(), counts(figures.outcomes()), figures.own(), result.calls().size()));
    lines.add(
        "%d faults: %s; %d kills"
            .formatted(result.faults().size(), counts(figures.faults()), figures.kills()));
    lines.add(
        "%d requests to the steady application answered, %d failed, of which %d while there was no gateway"
            .formatted(result.answered(), result.failed().size(), figures.excused()));
    lines.add(
        "%d events heard by %d subscribers, over %d cut connections, each at least %d"
            .formatted(
                result.events(), result.cuts().size(), result.allCuts(), result.fewestCuts()));
    if (result.retried() > 0) {
      lines.add("%d stuck operations retried at rest".formatted(result.retried()));
    }
    lines.add("at rest %s after the last fault".formatted(Words.duration(result.rest())));
    if (result.findings().isEmpty()) {
      lines.add("nothing was found");
    } else {
      lines.add("%d findings:".formatted(result.findings().size()));
      result.findings().forEach(it -> lines.add("  " + words(it)));
    }
    return lines;
  }

  public static ObjectNode json(Result result) {
    Figures figures = Figures.of(result);
    ObjectNode json = Json.object();
    json.put("seed", result.settings().seed());
    json.put("minutes", result.settings().during().toMillis() / 60_000.0);
    json.put("organizations", result.settings().organizations());
    json.put("driver", result.settings().driver());
    json.put("calls", result.calls().size());
    json.put("operations", figures.asked());
    json.put("operationsOfThePlatform", figures.own());
    ObjectNode outcomes = json.putObject("outcomes");
    figures.outcomes().forEach(outcomes::put);
    json.put("faults", result.faults().size());
    json.put("kills", figures.kills());
    ObjectNode faults = json.putObject("faultsByKind");
    figures.faults().forEach(faults::put);
    json.put("requests", result.answered());
    json.put("requestsFailed", result.failed().size());
    json.put("requestsFailedWithoutGateway", figures.excused());
    json.put("events", result.events());
    json.put("subscribersCut", result.allCuts());
    json.put("fewestCutsOfASubscriber", result.fewestCuts());
    json.put("stuckAndRetried", result.retried());
    json.put("restMillis", result.rest().toMillis());
    json.put("millis", result.took().toMillis());
    ArrayNode findings = json.putArray("findings");
    for (Finding finding : result.findings()) {
      findings
          .addObject()
          .put("kind", finding.kind().name().toLowerCase(Locale.ROOT))
          .put("subject", finding.subject())
          .put("what", finding.what());
    }
    return json;
  }

  /// What can be counted.
  ///
  /// @param outcomes of the operations that were asked for
  /// @param causes   of those that did not succeed
  /// @param kinds    each with its outcomes
  record Figures(
      long asked,
      long own,
      Map<String, Long> outcomes,
      Map<String, Map<String, Long>> kinds,
      Map<String, Long> causes,
      Map<String, Long> faults,
      Map<String, Map<String, Long>> targets,
      long kills,
      long excused) {

    static Figures of(Result result) {
      Map<String, Long> outcomes = new TreeMap<>();
      Map<String, Map<String, Long>> kinds = new TreeMap<>();
      Map<String, Long> causes = new TreeMap<>();
      long own = 0;
      long asked = 0;
      for (Observations.Operation operation : operations(result).toList()) {
        String outcome = operation.outcome().isEmpty() ? operation.phase() : operation.outcome();
        kinds
            .computeIfAbsent(operation.kind(), kind -> new TreeMap<>())
            .merge(outcome, 1L, Long::sum);
        if (!Checker.ASKED.contains(operation.kind())) {
          own++;
          continue;
        }
        asked++;
        outcomes.merge(outcome, 1L, Long::sum);
        if (!outcome.equals("succeeded") && !operation.cause().isEmpty()) {
          causes.merge(operation.kind() + ": " + operation.cause(), 1L, Long::sum);
        }
      }
      Map<String, Long> faults = new TreeMap<>();
      Map<String, Map<String, Long>> targets = new TreeMap<>();
      long kills = 0;
      for (Journal.Done done : result.faults()) {
        String kind = done.fault().kind().name().toLowerCase(Locale.ROOT);
        faults.merge(kind, 1L, Long::sum);
        targets.computeIfAbsent(target(done), target -> new TreeMap<>()).merge(kind, 1L, Long::sum);
        kills += done.fault().kind() == Fault.Kind.KILL ? 1 : 0;
      }
      long findings = Checker.requests(result.failed(), result.away()).size();
      long excused = result.failed().size() - findings;
      return new Figures(asked, own, outcomes, kinds, causes, faults, targets, kills, excused);
    }

    private static String target(Journal.Done done) {
      int of = done.victim().indexOf(" of ");
      return of < 0 ? done.victim() : done.victim().substring(0, of);
    }
  }

  static Stream<Observations.Operation> operations(Result result) {
    Observations seen = result.observations();
    return seen == null
        ? Stream.of()
        : seen.organizations().values().stream().flatMap(it -> it.operations().stream());
  }

  /// What the table of all runs has of this one.
  private static List<String> summary(Result result) {
    Figures figures = Figures.of(result);
    return List.of(
        trimmed(result.settings().during().toMillis() / 60_000.0),
        Long.toString(figures.asked()),
        Integer.toString(result.faults().size()),
        Long.toString(figures.kills()),
        "%d of %d".formatted(result.failed().size() - figures.excused(), result.answered()),
        "%d (%d)".formatted(result.allCuts(), result.fewestCuts()),
        Words.duration(result.rest()),
        Integer.toString(result.findings().size()));
  }

  private static String section(Result result, String picture) {
    Figures figures = Figures.of(result);
    StringBuilder page = new StringBuilder();
    page.append(
        "`slipway chaos run --minutes %s --seed %d --organizations %d%s`: %s.\n\n"
            .formatted(
                trimmed(result.settings().during().toMillis() / 60_000.0),
                result.settings().seed(),
                result.settings().organizations(),
                result.settings().driver().equals(PlatformSettings.PROCESS)
                    ? ""
                    : " --driver " + result.settings().driver(),
                result.findings().isEmpty()
                    ? "nothing was found"
                    : result.findings().size() + " findings"));
    page.append("![the run over time](%s)\n\n".formatted(picture));
    page.append("| | |\n|---|---|\n");
    row(page, "operations asked for", figures.asked() + " (" + counts(figures.outcomes()) + ")");
    row(page, "operations of the platform's own", Long.toString(figures.own()));
    row(page, "stuck operations that were retried at rest", Integer.toString(result.retried()));
    row(page, "calls", Integer.toString(result.calls().size()));
    row(page, "calls that were sent more than once", Long.toString(repeated(result)));
    row(page, "faults", result.faults().size() + " (" + counts(figures.faults()) + ")");
    row(
        page,
        "requests to the steady application",
        "%d answered, %d failed, of which %d while there was no gateway"
            .formatted(result.answered(), result.failed().size(), figures.excused()));
    row(
        page,
        "events",
        "%d heard by %d subscribers, whose connections were cut %d times, each at least %d times"
            .formatted(
                result.events(), result.cuts().size(), result.allCuts(), result.fewestCuts()));
    row(page, "at rest after the last fault", Words.duration(result.rest()));
    row(page, "all of it", Words.duration(result.took()));
    page.append("\n### Findings\n\n");
    if (result.findings().isEmpty()) {
      page.append("None.\n");
    }
    for (Finding finding : result.findings()) {
      page.append("- ").append(escaped(words(finding))).append('\n');
    }
    page.append("\n<details><summary>What was done and broken</summary>\n");
    table(page, "Operations", "operation", figures.kinds());
    page.append("\n### Why operations did not succeed\n\n| cause | times |\n|---|---|\n");
    figures.causes().forEach((cause, times) -> row(page, "`" + cause + "`", times.toString()));
    table(page, "Faults", "whose", figures.targets());
    page.append("\n### Refused calls\n\n| answer | times |\n|---|---|\n");
    refusals(result).forEach((answer, times) -> row(page, "`" + answer + "`", times.toString()));
    page.append("\n### The faults in order\n\n```\n");
    result.faults().stream()
        .sorted(Comparator.comparing(Journal.Done::at))
        .forEach(
            it ->
                page.append(
                    "%7.1f s  %s → %s (process %d)\n"
                        .formatted(
                            it.at().minus(result.began()).toMillis() / 1000.0,
                            it.fault().words(),
                            it.victim(),
                            it.pid())));
    page.append("```\n\n</details>\n");
    return page.toString();
  }

  private static Map<String, Long> refusals(Result result) {
    Map<String, Long> refusals = new TreeMap<>();
    result.calls().stream()
        .filter(Journal.Call::refused)
        .forEach(it -> refusals.merge(it.status() + " " + it.code(), 1L, Long::sum));
    return refusals;
  }

  private static long repeated(Result result) {
    return result.calls().stream().filter(it -> it.tries() > 1).count();
  }

  private static void table(
      StringBuilder page, String title, String first, Map<String, Map<String, Long>> rows) {
    List<String> columns =
        rows.values().stream().flatMap(it -> it.keySet().stream()).distinct().sorted().toList();
    page.append("\n### ").append(title).append("\n\n| ").append(first).append(" |");
    columns.forEach(column -> page.append(' ').append(column).append(" |"));
    page.append("\n|---|").append("---|".repeat(columns.size())).append('\n');
    rows.forEach(
        (name, counts) -> {
          page.append("| ").append(name).append(" |");
          columns.forEach(
              column -> page.append(' ').append(counts.getOrDefault(column, 0L)).append(" |"));
          page.append('\n');
        });
  }

  private static void row(StringBuilder page, String name, String value) {
    page.append("| ").append(name).append(" | ").append(value).append(" |\n");
  }

  static String words(Finding finding) {
    String text =
        "%s: %s: %s"
            .formatted(
                finding.kind().words(), finding.subject(), finding.what().replaceAll("\\s+", " "));
    return text.length() > LONGEST ? text.substring(0, LONGEST) + "…" : text;
  }

  private static String escaped(String text) {
    return text.replace("<", "&lt;").replace("|", "\\|");
  }

  private static String counts(Map<String, Long> counts) {
    return counts.entrySet().stream()
        .map(it -> it.getValue() + " " + it.getKey())
        .reduce((some, more) -> some + ", " + more)
        .orElse("none");
  }

  private static String trimmed(double number) {
    return number == Math.rint(number)
        ? Long.toString(Math.round(number))
        : String.format(Locale.ROOT, "%.2f", number);
  }
}
