package dev.slipway.common.operation;

import dev.slipway.common.golden.GoldenFile;
import java.util.ArrayDeque;
import java.util.Deque;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.Locale;
import java.util.Map;
import java.util.Set;
import java.util.TreeSet;

/// Draws what can become of an operation, by asking the kernel's rules.
public final class StateDiagrams {

  private record Edge(String from, String to) {}

  private static final String CANCELLED = "cancelled";
  private static final Cause CAUSE = new Cause("cause", "A cause");

  private StateDiagrams() {}

  /// Fails when `docs/generated/operations/` does not show the operations as they are.
  public static void verify(OperationCatalog catalog) {
    for (String kind : catalog.signatures().keySet()) {
      GoldenFile.inRepository("docs/generated/operations/" + kind + ".md")
          .says(page(kind, catalog.get(kind).plan().shape()));
    }
  }

  static String page(String kind, PlanShape plan) {
    var page = new StringBuilder();
    page.append("# `").append(kind).append("`\n\n");
    page.append("Generated from the plan and the kernel's rules. It may take ")
        .append(plan.deadline().toSeconds())
        .append(" s in which the platform runs");
    page.append(
        plan.supersedes() ? ", and takes over from whatever has its subject.\n\n" : ".\n\n");
    page.append(
        """
        | step | kind | may take | needs a slot to | undo |
        |---|---|---|---|---|
        """);
    for (StepShape step : plan.steps()) {
      page.append(
          "| `%s` | %s | %s | %s | %s |\n"
              .formatted(
                  step.name(),
                  switch (step.kind()) {
                    case ORDINARY -> "ordinary";
                    case KEPT -> "kept";
                    case PIVOT -> "point of no return";
                  },
                  time(step),
                  switch (step.admission()) {
                    case LIGHT -> "run";
                    case START -> "start servers";
                    case BUILD -> "build";
                  },
                  step.undoable() ? "yes" : "-"));
    }
    page.append(
        """

        ```mermaid
        stateDiagram-v2
        """);
    page.append("  [*] --> ").append(name(Progress.begin(plan, 0))).append('\n');
    Set<String> ends = new TreeSet<>();
    edges(plan)
        .forEach(
            (edge, labels) -> {
              page.append(
                  "  %s --> %s : %s\n"
                      .formatted(edge.from(), edge.to(), String.join(", ", labels)));
              if (edge.to().startsWith("ended_")) {
                ends.add(edge.to());
              }
            });
    ends.forEach(end -> page.append("  ").append(end).append(" --> [*]\n"));
    page.append(
        """
        ```

        A destroy of the subject ends it from every state, as superseded.
        """);
    return page.toString();
  }

  /// Everything that can be reached, with what leads there.
  private static Map<Edge, Set<String>> edges(PlanShape plan) {
    Map<Edge, Set<String>> edges = new LinkedHashMap<>();
    Set<String> seen = new LinkedHashSet<>();
    Deque<Progress> open = new ArrayDeque<>();
    open.add(Progress.begin(plan, 0));
    while (!open.isEmpty()) {
      Progress at = open.poll();
      if (!seen.add(name(at) + Cause.CANCELLED.equals(at.cause()))) {
        continue;
      }
      for (Map.Entry<String, Signal> happening : happenings().entrySet()) {
        boolean cancel = happening.getKey().equals(CANCELLED);
        Progress next =
            Transition.next(plan, cancel ? at.cancelling() : at, 0, happening.getValue())
                .map(Decision::next)
                .orElse(at);
        boolean meant = !cancel || Cause.CANCELLED.equals(next.cause());
        if (meant && !name(next).equals(name(at))) {
          edges
              .computeIfAbsent(new Edge(name(at), name(next)), none -> new LinkedHashSet<>())
              .add(happening.getKey());
          open.add(next);
        }
      }
    }
    return edges;
  }

  private static Map<String, Signal> happenings() {
    Map<String, Signal> happenings = new LinkedHashMap<>();
    happenings.put("done", new Signal.Stepped(StepOutcome.done(new Nothing())));
    happenings.put("failed or overdue", new Signal.Stepped(new StepOutcome.Failed<>(CAUSE)));
    happenings.put(CANCELLED, new Signal.Stepped(StepOutcome.done(new Nothing())));
    happenings.put("undone", new Signal.Unwound(UndoOutcome.undone("proof")));
    happenings.put("cannot be undone", new Signal.Unwound(new UndoOutcome.Failed(CAUSE)));
    happenings.put("retry", new Signal.RetryRequested());
    happenings.put("cancel", new Signal.CancelRequested());
    happenings.put("abandon", new Signal.AbandonRequested());
    return happenings;
  }

  private record Nothing() {}

  private static String name(Progress progress) {
    String step = progress.step().replace('-', '_');
    return switch (progress.phase()) {
      case QUEUED -> "queued";
      case RUNNING -> step;
      case UNWINDING -> "undo_" + step;
      case STUCK -> (progress.stuckIn() == Phase.UNWINDING ? "stuck_undoing_" : "stuck_in_") + step;
      case ENDED -> "ended_" + String.valueOf(progress.outcome()).toLowerCase(Locale.ROOT);
    };
  }

  private static String time(StepShape step) {
    return step.atMost().equals(step.within())
        ? "%d s".formatted(step.within().toSeconds())
        : "%d s, %d s with progress"
            .formatted(step.within().toSeconds(), step.atMost().toSeconds());
  }
}
