package dev.slipway.deploy.operation;

import static java.time.Duration.ofHours;
import static java.time.Duration.ofMinutes;
import static java.time.Duration.ofSeconds;

import dev.slipway.common.contract.deploy.DeployEvent.InstanceChanged;
import dev.slipway.common.contract.deploy.DeployEvent.VersionDeployed;
import dev.slipway.common.operation.Admission;
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
import dev.slipway.deploy.domain.DatabaseAccesses;
import jakarta.inject.Inject;
import jakarta.inject.Singleton;
import java.util.List;
import java.util.Objects;

/// Deploys a version onto databases of another instance. No data is moved: it is what one does
/// after restoring an instance.
///
/// Both instances are bound until `switch`, the point of no return, has made the new one the
/// application's; then the old executors end at once, as their workflows are in databases nobody
/// looks at any more, and the old binding is released. Each database has a record of its own of the
/// versions that are applied in it, see [Migrations].
@Singleton
@OperationKind(ChangeInstance.KIND)
public final class ChangeInstance implements Operation<ChangeInstance.Input, Standing> {

  public static final String KIND = "application.change-instance";

  /// @param name         of the application
  /// @param instanceName where it is to go
  public record Input(String name, String version, String instanceName) {}

  private final Candidates candidates;
  private final Workspace workspace;
  private final Bindings bindings;
  private final Databases databases;
  private final DatabaseAccesses accesses;
  private final Migrations migrations;
  private final Serving serving;
  private final Applications applications;

  @Inject
  ChangeInstance(
      Candidates candidates,
      Workspace workspace,
      Bindings bindings,
      Databases databases,
      DatabaseAccesses accesses,
      Migrations migrations,
      Serving serving,
      Applications applications) {
    this.candidates = candidates;
    this.workspace = workspace;
    this.bindings = bindings;
    this.databases = databases;
    this.accesses = accesses;
    this.migrations = migrations;
    this.serving = serving;
    this.applications = applications;
  }

  @Override
  public Plan<Input, Standing> plan() {
    return Plan.<Input, Standing>within(ofHours(1), input -> Standing.NONE)
        .step("bind", this::bind)
        .within(ofSeconds(20))
        .undo(this::unbind)
        .step("unpack", this::unpack)
        .making(context -> workspace.folders(context, List.of(context.input().version())))
        .undo(context -> workspace.discard(context, List.of(context.input().version())))
        .step("databases", this::databases)
        .undoNothing("Databases hold data: only a delete that asks for it drops them")
        .step("install", context -> workspace.install(candidate(context), context.state()))
        .as(Admission.BUILD)
        .within(ofMinutes(15))
        .undoNothing("Packages are in the folder, which unpack's undo removes")
        .step("configure", context -> workspace.configure(candidate(context), context.state()))
        .as(Admission.BUILD)
        .within(ofMinutes(10))
        .undoNothing("The configuration is in the folder")
        .step("build", context -> workspace.build(candidate(context), context.state()))
        .as(Admission.BUILD)
        .within(ofMinutes(15))
        .undoNothing("What is built is in the folder")
        .step(
            "survey", context -> migrations.survey(candidate(context), context.state(), true, true))
        .undo(context -> migrations.settle(candidate(context), context.state(), true))
        .kept("migrate", context -> migrations.migrate(candidate(context), context.state(), true))
        .as(Admission.BUILD)
        .within(ofMinutes(30))
        .undoNothing("Its record stays with the database, for when the application comes again")
        .step("prune", context -> workspace.prune(candidate(context), context.state()))
        .as(Admission.BUILD)
        .within(ofMinutes(5))
        .undoNothing("Packages are in the folder")
        .step("reserve", context -> serving.reserve(context, candidate(context), context.state()))
        .undoNothing("Ports are only chosen here")
        .step("start", context -> serving.start(candidate(context), context.state()))
        .making(context -> serving.footprints(context, context.input().version()))
        .as(Admission.START)
        .undo(context -> serving.stop(context, context.input().version()))
        .step("healthy", context -> serving.healthy(candidate(context), context.state()))
        .within(ofMinutes(6))
        .undoNothing("Looking changes nothing")
        .pivot("switch", this::serve)
        .forwardOnly()
        .step("retire", context -> serving.retire(candidate(context), context.state(), false))
        .within(ofMinutes(5))
        .forwardOnly()
        .step("leave", this::leave)
        .forwardOnly()
        .build();
  }

  private Candidate candidate(StepContext<Input, Standing> context) throws DriverFailure {
    return candidates.at(context, context.input().version(), target(context).instance());
  }

  private static Bindings.Bound target(StepContext<Input, Standing> context) {
    return Objects.requireNonNull(context.state().target(), "bind comes first");
  }

  private StepOutcome<Standing> bind(StepContext<Input, Standing> context)
      throws DriverFailure, InterruptedException {
    Application application = candidates.application(context.fence());
    if (application.instanceName().equals(context.input().instanceName())) {
      return StepOutcome.failed(
          "same-instance",
          "application %s uses %s already"
              .formatted(application.name(), context.input().instanceName()));
    }
    Bindings.Bound bound =
        bindings.bind(
            context.organization(),
            context.input().instanceName(),
            context.subject(),
            application.name());
    return StepOutcome.done(context.state().moving(application.instance(), bound));
  }

  private UndoOutcome unbind(StepContext<Input, Standing> context)
      throws DriverFailure, InterruptedException {
    Application application = candidates.application(context.fence());
    return application.instanceName().equals(context.input().instanceName())
        ? UndoOutcome.undone("The binding stood before")
        : databases.unbind(
            context.organization(),
            context.input().instanceName(),
            context.subject(),
            application.name());
  }

  private StepOutcome<Standing> unpack(StepContext<Input, Standing> context)
      throws DriverFailure, InterruptedException {
    // Its executors read the configuration that would be rewritten.
    return workspace.inUse(candidate(context))
        ? StepOutcome.failed(
            "version-in-use",
            "Version %s runs from its folder; its archive can be deployed as a new version"
                .formatted(context.input().version()))
        : workspace.unpack(candidate(context), context.state());
  }

  private StepOutcome<Standing> databases(StepContext<Input, Standing> context)
      throws DriverFailure, InterruptedException {
    Bindings.Bound target = target(context);
    return databases.ensure(context, candidate(context), target.instance(), target.name());
  }

  private StepOutcome<Standing> serve(StepContext<Input, Standing> context) throws DriverFailure {
    Candidate candidate = candidate(context);
    Standing standing = context.state();
    String id = context.subject();
    String name = context.input().name();
    String version = candidate.version().id();
    Bindings.Bound target = target(context);
    String from = Objects.requireNonNull(standing.from(), "bind comes first");
    return StepOutcome.done(standing)
        .publishing(
            new InstanceChanged(id, name, from, target.instance()),
            new VersionDeployed(id, name, version))
        .also(
            () -> {
              applications.moved(id, target.instance(), target.name());
              serving.serve(candidate, standing);
            });
  }

  private StepOutcome<Standing> leave(StepContext<Input, Standing> context)
      throws DriverFailure, InterruptedException {
    String from = Objects.requireNonNull(context.state().from(), "bind comes first");
    bindings.release(from, context.subject());
    return StepOutcome.done(context.state()).also(() -> accesses.remove(context.subject(), from));
  }
}
