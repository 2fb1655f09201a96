package dev.slipway.common.operation;

import java.time.Duration;
import java.util.List;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;

/// What the kernel's rules need to know of a plan: the steps without their code.
///
/// @param deadline   for the whole, in time the platform runs
/// @param supersedes whether it takes over from whatever is active on its subject
/// @param yields     whether whatever a person asks for takes over from it
record PlanShape(Duration deadline, boolean supersedes, boolean yields, List<StepShape> steps) {

  PlanShape {
    steps = List.copyOf(steps);
  }

  StepShape first() {
    return steps.getFirst();
  }

  boolean knows(String name) {
    return steps.stream().anyMatch(step -> step.name().equals(name));
  }

  StepShape step(String name) {
    return steps.get(indexOf(name));
  }

  int indexOf(String name) {
    for (int i = 0; i < steps.size(); i++) {
      if (steps.get(i).name().equals(name)) {
        return i;
      }
    }
    throw new IllegalArgumentException("The plan has no step " + name);
  }

  @Nullable StepShape after(String name) {
    int next = indexOf(name) + 1;
    return next < steps.size() ? steps.get(next) : null;
  }

  /// The step to undo first when unwinding starts at `name`, which is included; null when nothing
  /// is left to undo.
  @Nullable StepShape undoableAt(String name) {
    return undoableFrom(indexOf(name));
  }

  /// The step to undo after `name` has been undone.
  @Nullable StepShape undoableBefore(String name) {
    return undoableFrom(indexOf(name) - 1);
  }

  private @Nullable StepShape undoableFrom(int index) {
    for (int i = index; i >= 0; i--) {
      if (steps.get(i).undoable()) {
        return steps.get(i);
      }
    }
    return null;
  }

  /// Identifies the plan: it changes when a step is added, removed, renamed, moved, or changes its
  /// kind.
  String signature() {
    return Plan.digest(
        steps.stream()
            .map(step -> step.name() + ':' + step.kind() + ':' + step.undoable())
            .collect(Collectors.joining("\n", supersedes ? "superseding\n" : "", "")));
  }
}
