package dev.slipway.cli.command;

import dev.slipway.cli.api.ApiClient;
import dev.slipway.cli.api.OperationView;
import dev.slipway.cli.api.OperationView.Step;
import dev.slipway.cli.api.Operations;
import dev.slipway.cli.console.CommandFailure;
import dev.slipway.cli.console.Output;
import dev.slipway.cli.console.Words;
import java.io.IOException;
import java.time.Instant;
import java.util.HashSet;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/// Shows an operation while it works: a line for each step when it is settled, with the time it
/// took, and on a terminal what it is doing just now.
///
/// Ctrl-C ends the watching, never the operation.
final class OperationProgress {

  private static final int WIDEST = 60;

  private final Output output;
  private final boolean quiet;
  private final Explanation explanation;
  private final Set<String> shown = new HashSet<>();

  /// @param quiet whether only the result counts, as with `--json`
  OperationProgress(Output output, boolean quiet) {
    this(output, quiet, end -> null);
  }

  /// @param explanation asked for what belongs to a failure
  OperationProgress(Output output, boolean quiet, Explanation explanation) {
    this.output = output;
    this.quiet = quiet;
    this.explanation = explanation;
  }

  /// What whoever failed has written last, in lines; null when nothing is known.
  @FunctionalInterface
  interface Explanation {
    @Nullable String of(OperationView end) throws IOException, InterruptedException;
  }

  /// Follows an operation until it succeeded; a failure otherwise.
  OperationView await(ApiClient client, String id) throws IOException, InterruptedException {
    Thread farewell =
        new Thread(
            () ->
                output.note(
                    "\nIt goes on without you. Come back with `slipway ops watch %s`."
                        .formatted(id)),
            "farewell");
    if (!quiet) {
      Runtime.getRuntime().addShutdownHook(farewell);
    }
    OperationView end;
    try {
      end = new Operations(client).follow(id, this::show);
    } finally {
      if (!quiet) {
        forget(farewell);
      }
    }
    if (!end.succeeded()) {
      throw failure(end, explained(end));
    }
    if (!quiet) {
      output.note(
          "%s %s in %s".formatted(end.id(), end.outcome(), Words.duration(end.age(Instant.now()))));
    }
    return end;
  }

  private void show(OperationView now) {
    if (quiet) {
      return;
    }
    for (Step step : now.steps()) {
      if (step.settled() && shown.add(step.name() + " " + mark(step.state()))) {
        output.note(
            "  %s %-12s %8s%s%s"
                .formatted(
                    mark(step.state()),
                    step.name(),
                    step.took().map(Words::duration).orElse(""),
                    step.state().equals("done") ? "" : "  " + step.state(),
                    step.message() == null ? "" : "  " + Words.plain(step.message())));
      }
    }
    if (!now.ended() && !now.stuck()) {
      for (Step step : now.steps()) {
        if (step.state().equals("running") || step.state().equals("undoing")) {
          output.live(
              "  … %-12s %s"
                  .formatted(
                      step.name(),
                      now.waitingFor() != null
                          ? "waiting for " + Words.plain(now.waitingFor())
                          : doing(step)));
        }
      }
    }
  }

  /// What a program writes is anything.
  private static String doing(Step step) {
    String output = step.output();
    if (output != null) {
      return Words.shortened(Words.plain(output).strip(), WIDEST);
    }
    return step.message() == null ? step.state() : Words.plain(step.message());
  }

  private static String mark(String state) {
    return switch (state) {
      case "done", "kept" -> "✓";
      case "undone" -> "↶";
      default -> "✗";
    };
  }

  /// The failure itself is said whatever becomes of its explanation.
  private @Nullable String explained(OperationView end) throws InterruptedException {
    try {
      return explanation.of(end);
    } catch (CommandFailure | IOException unknown) {
      return null;
    }
  }

  private static CommandFailure failure(OperationView end, @Nullable String details) {
    String verdict = end.outcome() != null ? end.outcome() : end.phase();
    String because = end.cause() == null ? "" : ": " + end.cause();
    @Nullable String code = end.causeCode();
    return CommandFailure.failed(
            code == null ? "operation-" + verdict : code,
            "%s of %s was %s%s"
                .formatted(
                    end.kind(),
                    end.subjectName(),
                    verdict.equals("stuck") ? "left stuck" : verdict,
                    because))
        .operationId(end.id())
        .details(details)
        .next(end.next() != null ? end.next() : "See `slipway ops show %s`.".formatted(end.id()))
        .build();
  }

  private static void forget(Thread farewell) {
    try {
      Runtime.getRuntime().removeShutdownHook(farewell);
    } catch (IllegalStateException goingDown) {
      // Then it is just being said.
    }
  }
}
