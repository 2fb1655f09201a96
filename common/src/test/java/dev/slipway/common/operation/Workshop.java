package dev.slipway.common.operation;

import static java.time.Duration.ofMillis;
import static java.time.Duration.ofMinutes;
import static java.time.Duration.ofSeconds;

import dev.slipway.common.id.Identifiers;
import dev.slipway.common.ledger.LedgerRow;
import dev.slipway.common.ledger.Resource;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.SortedSet;

/// Sample operations that use everything the kernel offers: undo, kept steps, a point of no return,
/// waiting, classes, a destroy.
final class Workshop {

  record Input(String name) {}

  record State(int done) {}

  /// Makes two things, one after the other.
  @OperationKind("thing.build")
  static final class Build implements Operation<Input, State> {
    private final FakeWorld world;

    Build(FakeWorld world) {
      this.world = world;
    }

    @Override
    public Plan<Input, State> plan() {
      return Plan.<Input, State>within(ofMinutes(10), input -> new State(0))
          .step("reserve", this::reserve)
          .undoNothing("Nothing is made yet")
          .step("frame", this::frame)
          .making(context -> List.of(frameOf(context.input())))
          .as(Admission.START)
          .undo(this::removeFrame)
          .step("wait", this::waitOnce)
          .within(ofMinutes(1))
          .atMost(ofMinutes(3))
          .undoNothing("Waiting leaves nothing")
          .step("engine", this::engine)
          .making(context -> List.of(engineOf(context.input())))
          .as(Admission.START)
          .undo(this::removeEngine)
          .step("announce", context -> StepOutcome.done(context.state()))
          .undoNothing("What was announced is corrected by the ended event")
          .build();
    }

    private StepOutcome<State> reserve(StepContext<Input, State> context) {
      return StepOutcome.done(new State(1));
    }

    private StepOutcome<State> frame(StepContext<Input, State> context) throws DriverFailure {
      world.ensure(context.fence(), frameOf(context.input()));
      return StepOutcome.done(new State(2));
    }

    private UndoOutcome removeFrame(StepContext<Input, State> context) throws DriverFailure {
      world.remove(context.fence(), frameOf(context.input()));
      return UndoOutcome.undone("The frame was looked for and not found");
    }

    private StepOutcome<State> waitOnce(StepContext<Input, State> context) {
      return context.attempts() == 0
          ? StepOutcome.again(ofMillis(1), "the paint to dry", 1)
          : StepOutcome.done(new State(3));
    }

    private StepOutcome<State> engine(StepContext<Input, State> context) throws DriverFailure {
      world.ensure(context.fence(), engineOf(context.input()));
      return StepOutcome.done(new State(4));
    }

    private UndoOutcome removeEngine(StepContext<Input, State> context) throws DriverFailure {
      world.remove(context.fence(), engineOf(context.input()));
      return UndoOutcome.undone("The engine was looked for and not found");
    }
  }

  /// Adds a thing to what is there, past a point of no return.
  @OperationKind("thing.refit")
  static final class Refit implements Operation<Input, State> {
    private final FakeWorld world;

    Refit(FakeWorld world) {
      this.world = world;
    }

    @Override
    public Plan<Input, State> plan() {
      return Plan.<Input, State>within(ofMinutes(10), input -> new State(0))
          .kept("survey", context -> StepOutcome.done(context.state()))
          .undoNothing("What was learnt stays")
          .step("lift", this::lift)
          .making(context -> List.of(craneOf(context.input())))
          .undo(this::lower)
          .pivot("swap", context -> StepOutcome.done(new State(1)))
          .forwardOnly()
          .step("clear", this::clear)
          .forwardOnly()
          .build();
    }

    private StepOutcome<State> lift(StepContext<Input, State> context) throws DriverFailure {
      world.ensure(context.fence(), craneOf(context.input()));
      return StepOutcome.done(context.state());
    }

    private UndoOutcome lower(StepContext<Input, State> context) throws DriverFailure {
      world.remove(context.fence(), craneOf(context.input()));
      return UndoOutcome.undone("The crane was looked for and not found");
    }

    private StepOutcome<State> clear(StepContext<Input, State> context) throws DriverFailure {
      world.remove(context.fence(), craneOf(context.input()));
      return StepOutcome.done(context.state())
          .striking(Map.of(craneOf(context.input()), "The crane was looked for and not found"));
    }
  }

  /// Removes whatever the ledger knows.
  @OperationKind("thing.destroy")
  static final class Destroy implements Operation<Input, State> {
    private final FakeWorld world;

    Destroy(FakeWorld world) {
      this.world = world;
    }

    @Override
    public Plan<Input, State> plan() {
      return Plan.<Input, State>within(ofMinutes(10), input -> new State(0))
          .superseding()
          .step("remove", this::remove)
          .forwardOnly()
          .step("verify", context -> StepOutcome.done(context.state()))
          .forwardOnly()
          .build();
    }

    private StepOutcome<State> remove(StepContext<Input, State> context) throws DriverFailure {
      Map<Resource, String> proofs = new HashMap<>();
      for (LedgerRow row : context.openLedger()) {
        world.remove(context.fence(), row.resource());
        proofs.put(row.resource(), "It was looked for and not found");
      }
      return StepOutcome.done(context.state()).striking(proofs);
    }
  }

  private Workshop() {}

  static Resource frameOf(Input input) {
    return new Resource("frame", input.name());
  }

  static Resource engineOf(Input input) {
    return new Resource("engine", input.name());
  }

  static Resource craneOf(Input input) {
    return new Resource("crane", input.name());
  }

  static List<Operation<?, ?>> operations(FakeWorld world) {
    return List.of(new Build(world), new Refit(world), new Destroy(world));
  }

  static BeginRequest request(Class<? extends Operation<?, ?>> operation, String name) {
    return BeginRequest.of(
        OperationCatalog.kindOf(operation),
        "thg_" + name,
        name,
        "org_1",
        "ann",
        new Input(name),
        null);
  }

  /// @param prepared what is built before the operation under test begins
  static Scenario scenario(
      Class<? extends Operation<?, ?>> underTest, List<Class<? extends Operation<?, ?>>> prepared) {
    return new Scenario() {
      @Override
      public String name() {
        return OperationCatalog.kindOf(underTest);
      }

      @Override
      public Rig rig(KernelDatabase database) {
        var world = new FakeWorld();
        String name = Identifiers.next("case");
        return new Rig() {
          @Override
          public List<Operation<?, ?>> operations() {
            return Workshop.operations(world);
          }

          @Override
          public void prepare(OperationEngine engine) throws Exception {
            for (Class<? extends Operation<?, ?>> operation : prepared) {
              engine.awaitEnd(
                  OperationKit.id(engine.begin(request(operation, name))), ofSeconds(10));
            }
          }

          @Override
          public BeginRequest begin() {
            return request(underTest, name);
          }

          @Override
          public List<BeginRequest> others() {
            return List.of(
                request(Build.class, name),
                request(Refit.class, name),
                request(Destroy.class, name));
          }

          @Override
          public List<BeginRequest> asked() {
            // Who builds what is there tries until the deadline whether it goes away.
            return List.of(request(Refit.class, name), request(Destroy.class, name));
          }

          @Override
          public Optional<BeginRequest> destroy() {
            return Optional.of(request(Destroy.class, name));
          }

          @Override
          public SortedSet<String> reality() {
            return world.things(Set.of(name));
          }
        };
      }
    };
  }
}
