package dev.slipway.cli.command;

import dev.slipway.cli.api.ApiClient;
import dev.slipway.cli.api.OperationView;
import dev.slipway.cli.api.OperationView.Step;
import dev.slipway.cli.api.Operations;
import dev.slipway.cli.console.CommandFailure;
import dev.slipway.cli.console.Interruption;
import dev.slipway.cli.console.Output;
import dev.slipway.cli.console.Words;
import java.io.IOException;
import java.time.Instant;
import java.util.HashSet;
import java.util.Set;
import java.util.function.Consumer;
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
  private final Consumer<String> farewell;
  private final Set<String> shown = new HashSet<>();

  /// @param quiet whether only the result counts, as with `--json`
  OperationProgress(Output output, boolean quiet) {
    this(output, quiet, end -> null);
  }

  /// @param explanation asked for what belongs to a failure
  OperationProgress(Output output, boolean quiet, Explanation explanation) {
    this(output, quiet, explanation, quiet ? id -> {} : id -> output.note("\n" + goesOn(id)));
  }

  /// @param farewell is given the operation when whoever watches it leaves
  OperationProgress(
      Output output, boolean quiet, Explanation explanation, Consumer<String> farewell) {
    this.output = output;
    this.quiet = quiet;
    this.explanation = explanation;
    this.farewell = farewell;
  }

  /// For a program that reads JSON, which gets one document also when it is interrupted.
  ///
  /// @param password one that was made up, and that only this document tells; null when there is
  ///     none
  static OperationProgress asJson(Output output, @Nullable String password) {
    return new OperationProgress(
        output,
        true,
        end -> null,
        id ->
            output.failure(
                CommandFailure.failed("interrupted", "It goes on without you")
                    .operationId(id)
                    .password(password)
                    .next(comeBack(id))
                    .build(),
                true));
  }

  /// What whoever failed has written last, in lines; null when nothing is known.
  @FunctionalInterface
  interface Explanation {
    @Nullable String of(OperationView end) throws IOException, InterruptedException;
  }

  /// Follows an operation until it succeeded; a failure otherwise.
  OperationView await(ApiClient client, String id) throws IOException, InterruptedException {
    OperationView end =
        Interruption.during(
            () -> new Operations(client).follow(id, this::show), () -> farewell.accept(id));
    if (!end.succeeded()) {
      throw failure(end, explained(end));
    }
    if (!quiet) {
      output.note(
          "%s %s in %s".formatted(end.id(), end.outcome(), Words.duration(end.age(Instant.now()))));
    }
    return end;
  }

  private static String goesOn(String id) {
    return "It goes on without you. " + comeBack(id);
  }

  private static String comeBack(String id) {
    return "Come back with `slipway ops watch %s`.".formatted(id);
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
                      now.waitingFor() != null ? "waiting for " + now.waitingFor() : doing(step)));
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
    return step.message() == null ? step.state() : step.message();
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
}
