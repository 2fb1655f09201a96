package dev.slipway.deploy.operation;

import static java.time.Duration.ofMinutes;

import dev.slipway.common.contract.deploy.DeployEvent.ApplicationDeleted;
import dev.slipway.common.driver.Gone;
import dev.slipway.common.ledger.LedgerRow;
import dev.slipway.common.ledger.Resource;
import dev.slipway.common.operation.Admission;
import dev.slipway.common.operation.DriverFailure;
import dev.slipway.common.operation.Operation;
import dev.slipway.common.operation.OperationKind;
import dev.slipway.common.operation.Plan;
import dev.slipway.common.operation.StepContext;
import dev.slipway.common.operation.StepOutcome;
import dev.slipway.deploy.domain.Application;
import dev.slipway.deploy.domain.Applications;
import dev.slipway.deploy.domain.Archives;
import dev.slipway.deploy.domain.Bindings;
import dev.slipway.deploy.domain.Executor;
import dev.slipway.deploy.domain.Executors;
import dev.slipway.deploy.domain.Routes;
import dev.slipway.deploy.domain.Secrets;
import dev.slipway.deploy.domain.Version;
import dev.slipway.deploy.domain.Versions;
import dev.slipway.deploy.driver.ApplicationRuntime;
import jakarta.inject.Inject;
import jakarta.inject.Singleton;
import java.util.List;
import java.util.Optional;

/// Removes an application in whatever state it is, and its databases if that is asked for, while it
/// moves on both instances. Without, they stay, and so does the data; what is on an instance that
/// it has left stays in any case.
///
/// It is accepted at any time: it takes over from whatever has the application, works from every
/// open ledger row, and there is only forward. When it cannot go on it is stuck, and asking for it
/// again is trying it again.
@Singleton
@OperationKind(DeleteApplication.KIND)
public final class DeleteApplication
    implements Operation<DeleteApplication.Input, DeleteApplication.State> {

  public static final String KIND = "application.delete";

  /// @param name of the application
  public record Input(String name, boolean dropDatabases) {}

  /// Nothing has to be remembered between the steps: registers and ledger do.
  public record State() {}

  private final ApplicationRuntime runtime;
  private final Archives archives;
  private final Bindings bindings;
  private final Databases databases;
  private final Applications applications;
  private final Versions versions;
  private final Executors executors;
  private final Secrets secrets;
  private final Routes routes;

  @Inject
  DeleteApplication(
      ApplicationRuntime runtime,
      Archives archives,
      Bindings bindings,
      Databases databases,
      Applications applications,
      Versions versions,
      Executors executors,
      Secrets secrets,
      Routes routes) {
    this.runtime = runtime;
    this.archives = archives;
    this.bindings = bindings;
    this.databases = databases;
    this.applications = applications;
    this.versions = versions;
    this.executors = executors;
    this.secrets = secrets;
    this.routes = routes;
  }

  @Override
  public Plan<Input, State> plan() {
    return Plan.<Input, State>within(ofMinutes(10), input -> new State())
        .superseding()
        .step("unroute", this::unroute)
        .forwardOnly()
        .step("remove", this::remove)
        .as(Admission.START)
        .forwardOnly()
        .step("drop", this::drop)
        .within(ofMinutes(5))
        .forwardOnly()
        .step("release", this::release)
        .forwardOnly()
        .step("forget", this::forget)
        .forwardOnly()
        .build();
  }

  private StepOutcome<State> unroute(StepContext<Input, State> context) {
    return StepOutcome.done(context.state())
        .also(
            () ->
                find(context)
                    .ifPresent(
                        application ->
                            routes.forget(
                                application, applications.serve(application.id(), null))));
  }

  private StepOutcome<State> remove(StepContext<Input, State> context)
      throws DriverFailure, InterruptedException {
    List<Resource> open = context.openLedger().stream().map(LedgerRow::resource).toList();
    Gone gone = runtime.destroy(context.fence(), context.subject(), open);
    for (Version version : versions.list(context.subject())) {
      archives.discard(context.subject(), version.id());
    }
    return StepOutcome.done(context.state())
        .striking(gone.proofs())
        .also(
            () ->
                executors.of(context.subject()).stream()
                    .map(Executor::id)
                    .forEach(executors::remove));
  }

  private StepOutcome<State> drop(StepContext<Input, State> context) {
    Optional<Application> application = find(context);
    return context.input().dropDatabases() && application.isPresent()
        ? databases.drop(context, application.orElseThrow())
        : StepOutcome.done(context.state());
  }

  /// What was taken over may have bound another instance than the application's.
  private StepOutcome<State> release(StepContext<Input, State> context)
      throws DriverFailure, InterruptedException {
    bindings.releaseForGood(context.subject());
    return StepOutcome.done(context.state());
  }

  private StepOutcome<State> forget(StepContext<Input, State> context) {
    String id = context.subject();
    return StepOutcome.done(context.state())
        .publishing(
            new ApplicationDeleted(id, context.input().name(), context.input().dropDatabases()))
        .also(
            () -> {
              secrets.names(id).forEach(name -> secrets.remove(id, name));
              versions.list(id).forEach(version -> versions.remove(id, version.id()));
              applications.remove(id);
            });
  }

  private Optional<Application> find(StepContext<Input, State> context) {
    return applications.byId(context.subject());
  }
}
