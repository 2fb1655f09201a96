package dev.slipway.common.operation;

import dev.slipway.common.ledger.Resource;
import java.nio.charset.StandardCharsets;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.HexFormat;
import java.util.List;
import java.util.Set;
import java.util.function.Function;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;

/// The steps of an operation, in order, each with its undo.
///
/// ```java
/// Plan.<Input, State>within(ofMinutes(10), State::initial)
///     .step("reserve", this::reserve).undo(this::release)
///     .step("create", this::create).making(this::directory).undo(this::destroy)
///     .pivot("switch", this::switchRoute)
///     .build();
/// ```
public final class Plan<I extends Record, S extends Record> {

  /// Does a step; safe to run again at any time.
  @FunctionalInterface
  public interface Act<I extends Record, S extends Record> {
    StepOutcome<S> run(StepContext<I, S> context) throws DriverFailure, InterruptedException;
  }

  /// Undoes whatever a step may have done, also when it was cut off half way or never acted; safe
  /// to run again.
  @FunctionalInterface
  public interface Undo<I extends Record, S extends Record> {
    UndoOutcome run(StepContext<I, S> context) throws DriverFailure, InterruptedException;
  }

  /// One step.
  ///
  /// @param makes     what it is about to make, named before it acts; null where that is nothing
  /// @param undo      null where there is nothing to undo, and then `unundone` says why
  record Step<I extends Record, S extends Record>(
      StepShape shape,
      Act<I, S> act,
      @Nullable Function<StepContext<I, S>, List<Resource>> makes,
      @Nullable Undo<I, S> undo,
      @Nullable String unundone) {}

  private final PlanShape shape;
  private final Function<I, S> initial;
  private final List<Step<I, S>> steps;

  private Plan(PlanShape shape, Function<I, S> initial, List<Step<I, S>> steps) {
    this.shape = shape;
    this.initial = initial;
    this.steps = List.copyOf(steps);
  }

  /// Starts a plan.
  ///
  /// @param deadline for the whole, in time the platform runs
  /// @param initial  the state before the first step
  public static <I extends Record, S extends Record> Builder<I, S> within(
      Duration deadline, Function<I, S> initial) {
    return new Builder<>(deadline, initial);
  }

  PlanShape shape() {
    return shape;
  }

  S initial(I input) {
    return initial.apply(input);
  }

  Step<I, S> step(String name) {
    return steps.get(shape.indexOf(name));
  }

  /// Collects the steps.
  public static final class Builder<I extends Record, S extends Record> {

    private static final Duration STEP = Duration.ofMinutes(2);

    private final Duration deadline;
    private final Function<I, S> initial;
    private final List<Step<I, S>> steps = new ArrayList<>();
    private boolean supersedes;
    private boolean yields;

    private Builder(Duration deadline, Function<I, S> initial) {
      this.deadline = deadline;
      this.initial = initial;
    }

    /// This operation ends whatever is active on its subject and takes over, in every state.
    public Builder<I, S> superseding() {
      supersedes = true;
      return this;
    }

    /// Whatever else is asked for takes over from this operation: it is the platform's own, a
    /// repair. It makes nothing that the ledger does not hold already.
    public Builder<I, S> yielding() {
      yields = true;
      return this;
    }

    /// A step that is undone when a later one, or it itself, fails.
    public StepBuilder<I, S> step(String name, Act<I, S> act) {
      return new StepBuilder<>(this, name, StepShape.Kind.ORDINARY, act);
    }

    /// A step whose effect outlives unwinding and is named in the outcome.
    public StepBuilder<I, S> kept(String name, Act<I, S> act) {
      return new StepBuilder<>(this, name, StepShape.Kind.KEPT, act);
    }

    /// The point of no return: entered only when nobody has asked to cancel, and from then on there
    /// is only forward.
    public StepBuilder<I, S> pivot(String name, Act<I, S> act) {
      return new StepBuilder<>(this, name, StepShape.Kind.PIVOT, act);
    }

    public Plan<I, S> build() {
      if (steps.isEmpty()) {
        throw new IllegalStateException("A plan needs at least one step");
      }
      Set<String> names = new HashSet<>();
      boolean forwardOnly = supersedes;
      for (Step<I, S> step : steps) {
        if (!names.add(step.shape().name())) {
          throw new IllegalStateException("Two steps are called " + step.shape().name());
        }
        forwardOnly |= step.shape().kind() == StepShape.Kind.PIVOT;
        if (!forwardOnly
            && step.shape().kind() == StepShape.Kind.ORDINARY
            && step.undo() == null
            && step.unundone() == null) {
          throw new IllegalStateException(
              "The step %s needs an undo, or a sentence why it has none"
                  .formatted(step.shape().name()));
        }
      }
      var shape =
          new PlanShape(
              deadline,
              supersedes,
              yields,
              steps.stream().map(Step::shape).collect(Collectors.toList()));
      return new Plan<>(shape, initial, steps);
    }
  }

  /// Collects what belongs to one step.
  public static final class StepBuilder<I extends Record, S extends Record> {

    private final Builder<I, S> plan;
    private final String name;
    private final StepShape.Kind kind;
    private final Act<I, S> act;
    private @Nullable Function<StepContext<I, S>, List<Resource>> makes;
    private Admission admission = Admission.LIGHT;
    private Duration deadline = Builder.STEP;
    private @Nullable Duration limit;

    private StepBuilder(Builder<I, S> plan, String name, StepShape.Kind kind, Act<I, S> act) {
      this.plan = plan;
      this.name = name;
      this.kind = kind;
      this.act = act;
    }

    /// Declares what the step is about to make; the rows stand in the ledger before it acts.
    public StepBuilder<I, S> making(Function<StepContext<I, S>, List<Resource>> resources) {
      makes = resources;
      return this;
    }

    public StepBuilder<I, S> as(Admission needed) {
      admission = needed;
      return this;
    }

    public StepBuilder<I, S> within(Duration time) {
      deadline = time;
      return this;
    }

    /// Lets progress that the step reports with [StepOutcome#again(Duration, String, long)] give it
    /// the time of `within` again, up to so much for the whole step and never beyond the deadline
    /// of the operation.
    public StepBuilder<I, S> atMost(Duration time) {
      limit = time;
      return this;
    }

    public Builder<I, S> undo(Undo<I, S> undo) {
      return add(undo, null);
    }

    /// There is nothing to undo.
    ///
    /// @param why a sentence for the reader of the plan
    public Builder<I, S> undoNothing(String why) {
      return add(null, why);
    }

    /// For steps after the point of no return, and the steps of a destroy.
    public Builder<I, S> forwardOnly() {
      return add(null, null);
    }

    private Builder<I, S> add(@Nullable Undo<I, S> undo, @Nullable String unundone) {
      Duration longest = limit == null ? deadline : limit;
      if (longest.compareTo(deadline) < 0) {
        throw new IllegalStateException(
            "The step %s may take less with progress than without".formatted(name));
      }
      plan.steps.add(
          new Step<>(
              new StepShape(name, kind, admission, deadline, longest, undo != null),
              act,
              makes,
              undo,
              unundone));
      return plan;
    }
  }

  static String digest(String text) {
    try {
      byte[] hash =
          MessageDigest.getInstance("SHA-256").digest(text.getBytes(StandardCharsets.UTF_8));
      return HexFormat.of().formatHex(hash, 0, 8);
    } catch (NoSuchAlgorithmException impossible) {
      throw new IllegalStateException("Every JDK has SHA-256", impossible);
    }
  }
}
