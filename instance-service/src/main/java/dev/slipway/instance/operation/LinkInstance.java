package dev.slipway.instance.operation;

import static java.time.Duration.ofSeconds;

import dev.slipway.common.contract.instance.InstanceEvent.InstanceLinked;
import dev.slipway.common.driver.Endpoint;
import dev.slipway.common.operation.DriverFailure;
import dev.slipway.common.operation.Operation;
import dev.slipway.common.operation.OperationKind;
import dev.slipway.common.operation.Plan;
import dev.slipway.common.operation.StepContext;
import dev.slipway.common.operation.StepOutcome;
import dev.slipway.common.operation.UndoOutcome;
import dev.slipway.instance.domain.Instances;
import dev.slipway.instance.driver.LinkedServer;
import jakarta.inject.Inject;
import jakarta.inject.Singleton;

/// Makes somebody else's Postgres server known, once it answers to the given role and password and
/// the role may create databases. Nothing is changed on that server.
@Singleton
@OperationKind(LinkInstance.KIND)
public final class LinkInstance implements Operation<LinkInstance.Input, LinkInstance.State> {

  public static final String KIND = "instance.link";

  /// @param sealedPassword encrypted with the installation's key for this instance
  public record Input(String name, String host, int port, String role, String sealedPassword) {}

  /// Nothing has to be remembered between the steps.
  public record State() {}

  private final LinkedServer server;
  private final Instances instances;

  @Inject
  public LinkInstance(LinkedServer server, Instances instances) {
    this.server = server;
    this.instances = instances;
  }

  @Override
  public Plan<Input, State> plan() {
    return Plan.<Input, State>within(ofSeconds(25), input -> new State())
        .step("check", this::check)
        .within(ofSeconds(20))
        .undo(this::forget)
        .step("announce", this::announce)
        .undoNothing("What is announced is what the last step found")
        .build();
  }

  private StepOutcome<State> check(StepContext<Input, State> context)
      throws DriverFailure, InterruptedException {
    Input input = context.input();
    server.check(
        context.subject(),
        new Endpoint(input.host(), input.port()),
        input.role(),
        input.sealedPassword());
    return StepOutcome.done(context.state());
  }

  /// A server that could not be linked leaves no record, so that the name is free at once.
  private UndoOutcome forget(StepContext<Input, State> context) {
    instances.forget(context.subject());
    return UndoOutcome.undone("The platform has no record of it");
  }

  private StepOutcome<State> announce(StepContext<Input, State> context) {
    Input input = context.input();
    return StepOutcome.done(context.state())
        .publishing(new InstanceLinked(context.subject(), input.name(), input.host(), input.port()))
        .also(() -> instances.placed(context.subject(), input.host(), input.port()));
  }
}
