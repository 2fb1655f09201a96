package dev.slipway.cli.command;

import com.fasterxml.jackson.databind.node.ArrayNode;
import dev.slipway.cli.api.ApiClient;
import dev.slipway.cli.api.OperationView;
import dev.slipway.cli.api.OperationView.Step;
import dev.slipway.cli.api.Operations;
import dev.slipway.cli.api.Receipt;
import dev.slipway.cli.console.Json;
import dev.slipway.cli.console.Output;
import dev.slipway.cli.console.Surroundings;
import dev.slipway.cli.console.Words;
import java.io.IOException;
import java.time.Duration;
import java.time.Instant;
import java.time.ZoneId;
import java.time.format.DateTimeFormatter;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.Parameters;
import picocli.CommandLine.Spec;

/// Operations: what the platform does, or did, on somebody's behalf.
@Command(
    name = "ops",
    aliases = "operations",
    description = "List, show, watch, cancel and retry operations, and see their receipts.",
    mixinStandardHelpOptions = true,
    footer = {
      "",
      "Examples:",
      "  slipway ops list --active",
      "  slipway ops watch iop_…",
      "  slipway ops watch dop_…      a deploy that was left running",
      "  slipway ops retry iop_…      when it is stuck, and the cause is out of the way"
    })
final class OperationsCommand implements Runnable {

  private static final DateTimeFormatter CLOCK = DateTimeFormatter.ofPattern("HH:mm:ss");

  @Spec private CommandSpec spec;

  private final Surroundings surroundings;
  private final Output output;

  OperationsCommand(Surroundings surroundings) {
    this.surroundings = surroundings;
    this.output = new Output(surroundings);
  }

  @Override
  public void run() {
    throw new ParameterException(spec.commandLine(), "a command is missing");
  }

  @Command(
      name = "list",
      description = "List operations, newest first.",
      footer = {
        "",
        "Examples:",
        "  slipway ops list --active",
        "  slipway ops list --kind application.deploy --outcome undone --since 2d",
      })
  int list(
      @Option(names = "--active", description = "Only those that have not ended.") boolean active,
      @Option(
              names = "--subject",
              paramLabel = "NAME",
              description = "Only those on this subject, by name or id.")
          @Nullable String subject,
      @Option(
              names = "--kind",
              paramLabel = "KIND",
              description = "Only of this kind: instance.provision, application.deploy, …")
          @Nullable String kind,
      @Option(
              names = "--phase",
              paramLabel = "PHASE",
              description = "Only those that are queued, running, unwinding, stuck or ended.")
          @Nullable String phase,
      @Option(
              names = "--outcome",
              paramLabel = "OUTCOME",
              description =
                  "Only those that were succeeded, undone, cancelled, superseded, refused or abandoned.")
          @Nullable String outcome,
      @Option(
              names = "--since",
              paramLabel = "WHEN",
              converter = MomentConverter.class,
              description = "Only those begun since then: 30m, 12h, 2d, or 2026-03-01T10:00:00Z.")
          @Nullable Instant since,
      @Option(
              names = "--limit",
              paramLabel = "N",
              defaultValue = "50",
              description = "How many at the most; ${DEFAULT-VALUE} when not given.")
          int limit,
      @Mixin OutputOptions options)
      throws IOException, InterruptedException {
    if (limit < 1) {
      throw new ParameterException(spec.commandLine(), "--limit must be 1 or more");
    }
    Map<String, String> filters = new LinkedHashMap<>();
    if (active) {
      filters.put("active", "true");
    }
    put(filters, "subject", subject);
    put(filters, "kind", kind);
    put(filters, "phase", phase);
    put(filters, "outcome", outcome);
    put(filters, "since", since == null ? null : since.toString());
    Operations.Listed listed = operations().list(filters, limit);
    listed.warnings().forEach(it -> output.note("The list is not complete: %s.".formatted(it)));
    List<OperationView> all = listed.operations();
    if (options.json) {
      ArrayNode json = Json.MAPPER.createArrayNode();
      all.forEach(it -> json.add(it.json()));
      output.json(json);
      return 0;
    }
    Instant now = Instant.now();
    output.table(
        List.of("ID", "KIND", "SUBJECT", "STATE", "STARTED", "TOOK", "BY"),
        all.stream()
            .map(
                it ->
                    List.of(
                        it.id(),
                        it.kind(),
                        it.subjectName(),
                        state(it),
                        it.createdAt().map(when -> Words.ago(when, now)).orElse("-"),
                        Words.duration(it.age(now)),
                        it.requestedBy()))
            .toList());
    if (listed.more()) {
      output.note("There are more; ask for them with --limit.");
    }
    return 0;
  }

  private static void put(Map<String, String> filters, String name, @Nullable String value) {
    if (value != null) {
      filters.put(name, value);
    }
  }

  @Command(
      name = "show",
      description = "Show one operation with its steps.",
      footer = {"", "Example:", "  slipway ops show iop_… --json"})
  int show(@Parameters(paramLabel = "ID") String id, @Mixin OutputOptions options)
      throws IOException, InterruptedException {
    OperationView view = operations().show(id);
    if (options.json) {
      output.json(view.json());
      return 0;
    }
    Instant now = Instant.now();
    output.line("Operation   " + view.id());
    output.line("Kind        " + view.kind());
    output.line("Subject     " + view.subjectName());
    output.line("State       " + state(view));
    output.line(
        "Started     %s by %s"
            .formatted(
                view.createdAt().map(when -> Words.ago(when, now)).orElse("-"),
                view.requestedBy()));
    output.line(
        "Took        "
            + Words.duration(view.age(now))
            + view.usual().map(usual -> ", usually " + Words.duration(usual)).orElse(""));
    view.expected()
        .ifPresent(
            end ->
                output.line(
                    "Expected    to end at %s, in %s"
                        .formatted(
                            CLOCK.format(end.atZone(ZoneId.systemDefault())),
                            Words.duration(positive(Duration.between(now, end))))));
    if (view.waitingFor() != null) {
      output.line("Waiting for " + view.waitingFor());
    }
    if (view.cause() != null) {
      output.line("Cause       %s (%s)".formatted(view.cause(), view.causeCode()));
    }
    if (view.next() != null) {
      output.line("Next        " + view.next());
    }
    output.line("");
    output.table(
        List.of("STEP", "STATE", "TOOK", "USUALLY", "AGAIN", "MESSAGE"),
        view.steps().stream()
            .map(
                (Step it) ->
                    List.of(
                        it.name(),
                        it.state(),
                        it.took().map(Words::duration).orElse("-"),
                        it.usual().map(Words::duration).orElse("-"),
                        it.attempts() == 0 ? "" : it.attempts() + "×",
                        lastSaid(it)))
            .toList());
    return 0;
  }

  private static String lastSaid(Step step) {
    String said = step.output() == null ? step.message() : step.output();
    return said == null ? "" : said;
  }

  private static Duration positive(Duration duration) {
    return duration.isNegative() ? Duration.ZERO : duration;
  }

  @Command(
      name = "receipt",
      description = "Show what an operation made, and how the absence of what is gone was checked.",
      footer = {
        "",
        "After a destroy nothing is left; after one that was undone neither.",
        "",
        "Example:",
        "  slipway ops receipt iop_…"
      })
  int receipt(
      @Parameters(paramLabel = "ID") String id,
      @Option(
              names = "--all",
              description = "Of a destroy, name also what earlier operations had removed.")
          boolean all,
      @Mixin OutputOptions options)
      throws IOException, InterruptedException {
    Receipt receipt = operations().receipt(id, all);
    if (options.json) {
      ArrayNode json = Json.MAPPER.createArrayNode();
      receipt.json().forEach(json::add);
      output.json(json);
    } else {
      ReceiptLines.print(output, receipt);
    }
    return 0;
  }

  @Command(
      name = "watch",
      description = "Follow an operation to its end. Exit code 1 when it does not succeed.",
      footer = {"", "Example:", "  slipway ops watch iop_…"})
  int watch(@Parameters(paramLabel = "ID") String id, @Mixin OutputOptions options)
      throws IOException, InterruptedException {
    OperationView end =
        new OperationProgress(output, options.json).await(ApiClient.of(surroundings), id);
    if (options.json) {
      output.json(end.json());
    }
    return 0;
  }

  @Command(
      name = "cancel",
      description = "Cancel an operation: what it made is undone.",
      footer = {
        "",
        "After its point of no return an operation can only be given up, when it is stuck: what it made stays in the",
        "ledger, and a destroy still removes it.",
        "",
        "Examples:",
        "  slipway ops cancel iop_…",
        "  slipway ops cancel --abandon iop_…"
      })
  int cancel(
      @Parameters(paramLabel = "ID") String id,
      @Option(
              names = "--abandon",
              description = "Give it up where it is stuck after its point of no return.")
          boolean abandon,
      @Mixin OutputOptions options)
      throws IOException, InterruptedException {
    Operations operations = operations();
    if (abandon) {
      operations.abandon(id);
    } else {
      operations.cancel(id);
    }
    answer(
        operations,
        id,
        options,
        abandon ? "%s is given up.".formatted(id) : "%s is asked to end.".formatted(id));
    return 0;
  }

  @Command(
      name = "retry",
      description = "Have a stuck operation try again.",
      footer = {"", "Example:", "  slipway ops retry iop_…"})
  int retry(@Parameters(paramLabel = "ID") String id, @Mixin OutputOptions options)
      throws IOException, InterruptedException {
    Operations operations = operations();
    operations.retry(id);
    answer(operations, id, options, "%s tries again.".formatted(id));
    return 0;
  }

  private void answer(Operations operations, String id, OutputOptions options, String sentence)
      throws IOException, InterruptedException {
    if (options.json) {
      output.json(operations.show(id).json());
    } else {
      output.line(sentence);
      output.note("Follow it with `slipway ops watch %s`.".formatted(id));
    }
  }

  private static String state(OperationView view) {
    @Nullable String outcome = view.outcome();
    return outcome == null ? view.phase() : outcome;
  }

  private Operations operations() {
    return new Operations(ApiClient.of(surroundings));
  }
}
