package dev.slipway.deploy.operation;

import static java.time.Duration.ofHours;
import static java.time.Duration.ofMinutes;

import dev.slipway.common.contract.deploy.DeployEvent.VersionDeployed;
import dev.slipway.common.operation.Admission;
import dev.slipway.common.operation.DriverFailure;
import dev.slipway.common.operation.Operation;
import dev.slipway.common.operation.OperationKind;
import dev.slipway.common.operation.Plan;
import dev.slipway.common.operation.StepContext;
import dev.slipway.common.operation.StepOutcome;
import dev.slipway.deploy.domain.Application;
import jakarta.inject.Inject;
import jakarta.inject.Singleton;
import java.util.List;
import java.util.Optional;

/// Brings a version up, its migrations first, and sends the requests to it.
///
/// Until `switch`, its point of no return, the version that serves goes on serving, and whatever
/// fails is undone; what migrations have changed stays, see [Migrations]. Then only the executors
/// that were replaced are left to end.
@Singleton
@OperationKind(DeployVersion.KIND)
public final class DeployVersion implements Operation<DeployVersion.Input, Standing> {

  public static final String KIND = "application.deploy";

  /// What is done to the schema.
  public enum Mode {
    /// The version's migrations are applied.
    DEPLOY,
    /// The version's roll-back commands undo the newest migrations that are applied.
    ROLL_BACK_UPLOAD
  }

  /// @param name          of the application
  /// @param allowBreaking whether a version may be deployed again although versions after it have
  ///     changed the schema, and migrations may drop what the active workflows of earlier ones use
  /// @param previous      whether it is a version that is kept, and not a new archive
  public record Input(
      String name, String version, Mode mode, boolean allowBreaking, boolean previous) {}

  private final Candidates candidates;
  private final Workspace workspace;
  private final Databases databases;
  private final Migrations migrations;
  private final Serving serving;

  @Inject
  DeployVersion(
      Candidates candidates,
      Workspace workspace,
      Databases databases,
      Migrations migrations,
      Serving serving) {
    this.candidates = candidates;
    this.workspace = workspace;
    this.databases = databases;
    this.migrations = migrations;
    this.serving = serving;
  }

  @Override
  public Plan<Input, Standing> plan() {
    return Plan.<Input, Standing>within(ofHours(1), input -> Standing.NONE)
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
            "survey",
            context ->
                migrations.survey(
                    candidate(context),
                    context.state(),
                    counts(context),
                    context.input().allowBreaking() || !counts(context)))
        .undo(context -> migrations.settle(candidate(context), context.state(), counts(context)))
        .kept("migrate", this::migrate)
        .as(Admission.BUILD)
        .within(ofMinutes(30))
        .undoNothing("Migrations are undone by a roll back")
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
        .step("retire", context -> serving.retire(candidate(context), context.state(), true))
        .within(ofMinutes(5))
        .forwardOnly()
        .build();
  }

  private Candidate candidate(StepContext<Input, Standing> context) throws DriverFailure {
    return candidates.at(context, context.input().version());
  }

  private static boolean counts(StepContext<Input, Standing> context) {
    return context.input().mode() == Mode.DEPLOY;
  }

  private StepOutcome<Standing> unpack(StepContext<Input, Standing> context)
      throws DriverFailure, InterruptedException {
    Candidate candidate = candidate(context);
    Input input = context.input();
    Optional<StepOutcome<Standing>> ahead =
        input.mode() == Mode.DEPLOY && !input.allowBreaking()
            ? Migrations.ahead(migrations.record(candidate), input.version())
            : Optional.empty();
    return ahead.isPresent() ? ahead.get() : workspace.unpack(candidate, context.state());
  }

  private StepOutcome<Standing> databases(StepContext<Input, Standing> context)
      throws DriverFailure, InterruptedException {
    Candidate candidate = candidate(context);
    Application application = candidate.application();
    return databases.ensure(context, candidate, application.instance(), application.instanceName());
  }

  private StepOutcome<Standing> migrate(StepContext<Input, Standing> context)
      throws DriverFailure, InterruptedException {
    return counts(context)
        ? migrations.migrate(candidate(context), context.state(), true)
        : migrations.rollBackByUpload(candidate(context), context.state());
  }

  private StepOutcome<Standing> serve(StepContext<Input, Standing> context) throws DriverFailure {
    Candidate candidate = candidate(context);
    return StepOutcome.done(context.state())
        .publishing(
            new VersionDeployed(
                context.subject(), context.input().name(), context.input().version()))
        .also(() -> serving.serve(candidate, context.state()));
  }
}
