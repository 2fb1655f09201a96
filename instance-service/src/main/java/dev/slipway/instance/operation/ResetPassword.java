package dev.slipway.instance.operation;

import static java.time.Duration.ofMinutes;
import static java.time.Duration.ofSeconds;

import dev.slipway.common.contract.instance.InstanceEvent.PasswordReset;
import dev.slipway.common.driver.Endpoint;
import dev.slipway.common.driver.ScramVerifier;
import dev.slipway.common.operation.Admission;
import dev.slipway.common.operation.DriverFailure;
import dev.slipway.common.operation.Operation;
import dev.slipway.common.operation.OperationKind;
import dev.slipway.common.operation.Plan;
import dev.slipway.common.operation.StepContext;
import dev.slipway.common.operation.StepOutcome;
import dev.slipway.instance.driver.InstanceDriver;
import dev.slipway.instance.driver.InstanceSpecification;
import jakarta.inject.Inject;
import jakarta.inject.Singleton;

/// Gives the developer's role a new password, without a restart and with open connections kept.
///
/// `set` is the point of no return: nobody knows the old password, so a new one that may be in
/// force cannot be taken back. What could keep it from being set is found out before.
@Singleton
@OperationKind(ResetPassword.KIND)
public final class ResetPassword implements Operation<ResetPassword.Input, ResetPassword.State> {

  public static final String KIND = "instance.reset-password";

  /// @param verifier of the new password; the password itself was never kept
  public record Input(String name, String role, String verifier, String host, int port) {}

  /// Nothing has to be remembered between the steps.
  public record State() {}

  private final InstanceDriver driver;

  @Inject
  public ResetPassword(InstanceDriver driver) {
    this.driver = driver;
  }

  @Override
  public Plan<Input, State> plan() {
    return Plan.<Input, State>within(ofMinutes(5), input -> new State())
        .step("start", this::start)
        .as(Admission.START)
        .within(ofSeconds(20))
        .undoNothing("An instance is meant to run")
        .pivot("set", this::set)
        .as(Admission.START)
        .within(ofMinutes(4))
        .forwardOnly()
        .build();
  }

  /// While this operation has the instance no repair can, so it sees to it itself.
  private StepOutcome<State> start(StepContext<Input, State> context)
      throws DriverFailure, InterruptedException {
    driver.start(context.fence(), specification(context));
    driver.requireRole(context.fence(), specification(context), context.input().role());
    return StepOutcome.done(context.state());
  }

  /// Only forward is left, so a server that has died meanwhile is started here.
  private StepOutcome<State> set(StepContext<Input, State> context)
      throws DriverFailure, InterruptedException {
    Input input = context.input();
    driver.start(context.fence(), specification(context));
    driver.resetPassword(
        context.fence(),
        specification(context),
        input.role(),
        ScramVerifier.parse(input.verifier()));
    return StepOutcome.done(context.state())
        .publishing(new PasswordReset(context.subject(), input.name(), input.role()));
  }

  private static InstanceSpecification specification(StepContext<Input, State> context) {
    return new InstanceSpecification(
        context.subject(),
        context.organization(),
        new Endpoint(context.input().host(), context.input().port()));
  }
}
