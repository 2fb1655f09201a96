package dev.slipway.deploy.operation;

import static java.time.Duration.ofMinutes;
import static java.time.Duration.ofSeconds;

import dev.slipway.common.contract.deploy.DeployEvent.ApplicationRegistered;
import dev.slipway.common.operation.DriverFailure;
import dev.slipway.common.operation.Operation;
import dev.slipway.common.operation.OperationKind;
import dev.slipway.common.operation.Plan;
import dev.slipway.common.operation.StepContext;
import dev.slipway.common.operation.StepOutcome;
import dev.slipway.common.operation.UndoOutcome;
import dev.slipway.deploy.domain.Application;
import dev.slipway.deploy.domain.Applications;
import dev.slipway.deploy.domain.Bindings;
import dev.slipway.deploy.domain.Language;
import jakarta.inject.Inject;
import jakarta.inject.Singleton;
import java.time.Instant;

/// Registers an application: it uses an instance from now on, and nothing of it runs yet.
///
/// The instance is bound before the application exists, so that no application ever uses an
/// instance that may be destroyed. It exists once this has succeeded.
@Singleton
@OperationKind(RegisterApplication.KIND)
public final class RegisterApplication
    implements Operation<RegisterApplication.Input, RegisterApplication.State> {

  public static final String KIND = "application.register";

  /// @param database name of the application's own database, checked already
  public record Input(
      String organizationName,
      String name,
      Language language,
      String instanceName,
      String database,
      int memoryMib,
      int minimumExecutors) {}

  /// Nothing has to be remembered: binding again finds the same binding.
  public record State() {}

  private final Applications applications;
  private final Bindings bindings;
  private final Databases databases;

  @Inject
  RegisterApplication(Applications applications, Bindings bindings, Databases databases) {
    this.applications = applications;
    this.bindings = bindings;
    this.databases = databases;
  }

  @Override
  public Plan<Input, State> plan() {
    return Plan.<Input, State>within(ofMinutes(1), input -> new State())
        .step("bind", this::bind)
        .within(ofSeconds(20))
        .undo(this::release)
        .build();
  }

  private StepOutcome<State> bind(StepContext<Input, State> context)
      throws DriverFailure, InterruptedException {
    Input input = context.input();
    if (applications.find(context.organization(), input.name()).isPresent()) {
      return StepOutcome.failed(
          "application-exists", "application %s exists already".formatted(input.name()));
    }
    Bindings.Bound bound =
        bindings.bind(
            context.organization(), input.instanceName(), context.subject(), input.name());
    return StepOutcome.done(context.state())
        .publishing(new ApplicationRegistered(context.subject(), input.name(), bound.instance()))
        .also(() -> applications.add(application(context, bound)));
  }

  private UndoOutcome release(StepContext<Input, State> context)
      throws DriverFailure, InterruptedException {
    return databases.unbind(
        context.organization(),
        context.input().instanceName(),
        context.subject(),
        context.input().name());
  }

  private static Application application(StepContext<Input, State> context, Bindings.Bound bound) {
    Input input = context.input();
    return new Application(
        context.subject(),
        context.organization(),
        input.organizationName(),
        input.name(),
        input.language(),
        bound.instance(),
        bound.name(),
        input.database(),
        input.memoryMib(),
        input.minimumExecutors(),
        null,
        0,
        context.operation(),
        context.requestedBy(),
        Instant.now());
  }
}
