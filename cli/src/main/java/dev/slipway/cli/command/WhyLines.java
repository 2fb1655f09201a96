package dev.slipway.cli.command;

import dev.slipway.cli.api.OperationTree;
import dev.slipway.cli.api.OperationTree.Failure;
import dev.slipway.cli.api.OperationTree.Operation;
import dev.slipway.cli.api.Why;
import dev.slipway.cli.console.Words;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import org.jspecify.annotations.Nullable;

/// A chain of causes as a tree that people read.
final class WhyLines {

  private record Branch(String text, List<Branch> below) {}

  private WhyLines() {}

  static List<String> of(Why.Chain chain, Instant now) {
    List<String> lines = new ArrayList<>();
    write(branch(chain.root(), chain, now), "", "", lines);
    chain
        .successor()
        .ifPresent(
            it -> {
              lines.add("It was taken over by");
              write(branch(it, chain, now), "  ", "  ", lines);
            });
    if (!chain.superseded().isEmpty()) {
      lines.add("It took over from");
      chain.superseded().forEach(it -> write(branch(it, chain, now), "  ", "  ", lines));
    }
    return lines;
  }

  /// @param stuck what the service says is to be typed where the root is stuck
  static String next(Why.Chain chain, @Nullable String stuck) {
    Operation root = chain.root();
    if (stuck != null) {
      return "When the cause is out of the way, type %s.".formatted(stuck);
    }
    return switch (root.state()) {
      case "running", "stuck" -> "`slipway ops watch %s`.".formatted(root.id());
      case "superseded" ->
          root.supersededBy() == null
              ? "`slipway events --subject %s`.".formatted(root.subjectName())
              : "`slipway why %s`.".formatted(root.supersededBy());
      case "succeeded" -> "nothing, it is as it was asked for.";
      case "undone", "refused" ->
          switch (root.kind()) {
            case "application.deploy" ->
                "Mend that, then type `slipway app deploy` again; see `slipway app logs %s`."
                    .formatted(root.subjectName());
            case "application.roll-back" ->
                "Mend that, then type `slipway app rollback` again; see `slipway app logs %s`."
                    .formatted(root.subjectName());
            case "instance.provision" ->
                "Mend that, then type `slipway db provision %s -U USER` again."
                    .formatted(root.subjectName());
            default ->
                "Mend that, then ask for it again; see `slipway ops show %s`.".formatted(root.id());
          };
      default ->
          "Ask for it again when you want it; see `slipway ops show %s`.".formatted(root.id());
    };
  }

  private static Branch branch(Operation operation, Why.Chain chain, Instant now) {
    OperationTree tree = chain.tree();
    List<Branch> below = new ArrayList<>();
    for (Failure failure : operation.failures()) {
      below.add(
          new Branch(
              "✗ step %s %s after %s%s"
                  .formatted(
                      failure.step(),
                      failure.undo() ? "could not be undone" : "failed",
                      Words.duration(failure.after()),
                      failure.message() == null ? "" : ": " + failure.message()),
              List.of()));
    }
    if (!operation.undone().isEmpty()) {
      below.add(new Branch("undone: " + String.join(", ", operation.undone()), List.of()));
    }
    // Most causes are those of a step, and stand there already.
    @Nullable String cause = operation.cause();
    boolean said =
        operation.failures().stream().anyMatch(it -> Objects.equals(cause, it.message()));
    if (cause != null && !said) {
      below.add(new Branch("because: %s (%s)".formatted(cause, operation.causeCode()), List.of()));
    }
    tree.children(operation.id()).forEach(it -> below.add(branch(it, chain, now)));
    String who =
        operation.parent() == null && !operation.requestedBy().isEmpty()
            ? ", for " + operation.requestedBy()
            : "";
    String mark =
        operation.id().equals(chain.asked().id()) && operation.parent() != null ? "  ←" : "";
    return new Branch(
        "%s of %s %s%s  (%s)%s"
            .formatted(
                operation.kind(),
                operation.subjectName(),
                state(operation, now),
                who,
                operation.id(),
                mark),
        below);
  }

  private static String state(Operation operation, Instant now) {
    return switch (operation.state()) {
      case "running" ->
          "runs since " + operation.beganAt().map(it -> Words.ago(it, now)).orElse("a while");
      case "stuck" -> "is stuck";
      default ->
          EventWords.ended(operation.state())
              + operation.endedAt().map(it -> " " + Words.ago(it, now)).orElse("");
    };
  }

  private static void write(Branch branch, String first, String rest, List<String> lines) {
    lines.add(first + branch.text());
    for (int i = 0; i < branch.below().size(); i++) {
      boolean last = i == branch.below().size() - 1;
      write(
          branch.below().get(i),
          rest + (last ? "└─ " : "├─ "),
          rest + (last ? "   " : "│  "),
          lines);
    }
  }
}
