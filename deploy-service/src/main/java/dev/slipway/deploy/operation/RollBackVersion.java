package dev.slipway.deploy.operation;

import static java.time.Duration.ofHours;
import static java.time.Duration.ofMinutes;

import dev.slipway.common.contract.deploy.DeployEvent.VersionRolledBack;
import dev.slipway.common.contract.deploy.DeployEvent.VersionUnmigrated;
import dev.slipway.common.operation.Admission;
import dev.slipway.common.operation.DriverFailure;
import dev.slipway.common.operation.Operation;
import dev.slipway.common.operation.OperationKind;
import dev.slipway.common.operation.Plan;
import dev.slipway.common.operation.StepContext;
import dev.slipway.common.operation.StepOutcome;
import dev.slipway.common.operation.UndoOutcome;
import dev.slipway.common.outbox.Event;
import dev.slipway.deploy.domain.Application;
import dev.slipway.deploy.domain.SchemaRecord;
import jakarta.inject.Inject;
import jakarta.inject.Singleton;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import java.util.Optional;

/// Goes back to an earlier version, the schema first.
///
/// Every version in `schemaAt` after the target's is undone, newest first, each with its own code
/// and commands; those that changed nothing are only taken out. When one fails, the roll back stops
/// there and says where the schema is: what is undone stays undone, and the version that served
/// goes on serving. `switch` is the point of no return.
@Singleton
@OperationKind(RollBackVersion.KIND)
public final class RollBackVersion implements Operation<RollBackVersion.Input, Standing> {

  public static final String KIND = "application.roll-back";

  /// @param name    of the application
  /// @param version to go back to
  public record Input(String name, String version) {}

  private final Candidates candidates;
  private final Workspace workspace;
  private final Migrations migrations;
  private final Serving serving;

  @Inject
  RollBackVersion(
      Candidates candidates, Workspace workspace, Migrations migrations, Serving serving) {
    this.candidates = candidates;
    this.workspace = workspace;
    this.migrations = migrations;
    this.serving = serving;
  }

  @Override
  public Plan<Input, Standing> plan() {
    return Plan.<Input, Standing>within(ofHours(2), input -> Standing.NONE)
        .step("look", this::look)
        .undoNothing("Looking changes nothing")
        .step("unpack", this::unpack)
        .making(context -> workspace.folders(context, wanted(context)))
        .undo(context -> workspace.discard(context, wanted(context)))
        .step("prepare", this::prepare)
        .as(Admission.BUILD)
        .within(ofMinutes(45))
        .undo(this::calm)
        .kept("unmigrate", this::unmigrate)
        .as(Admission.BUILD)
        .within(ofMinutes(30))
        .undoNothing("A deploy applies what was undone again")
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

  private StepOutcome<Standing> look(StepContext<Input, Standing> context) throws DriverFailure {
    Candidate target = candidate(context);
    if (!target.version().deployed()) {
      return StepOutcome.failed(
          "never-deployed", "Version %s has never served".formatted(target.version().id()));
    }
    SchemaRecord record = migrations.record(target);
    return record
        .newerThan(target.version().id())
        .<StepOutcome<Standing>>map(
            newer ->
                StepOutcome.done(
                    context
                        .state()
                        .unmigrating(
                            newer, newer.stream().filter(record::mayHaveChanged).toList())))
        .orElseGet(
            () ->
                StepOutcome.failed(
                    "schema-unknown",
                    "The schema is not known to have been that of version %s"
                        .formatted(target.version().id())));
  }

  /// Those whose migrations are undone, and the target.
  private List<String> wanted(StepContext<Input, Standing> context) {
    List<String> wanted = new ArrayList<>(context.state().undo());
    wanted.add(context.input().version());
    return wanted;
  }

  private StepOutcome<Standing> unpack(StepContext<Input, Standing> context)
      throws DriverFailure, InterruptedException {
    List<Candidate> adopted = new ArrayList<>();
    for (String version : wanted(context)) {
      Candidate candidate = candidates.at(context, version);
      if (toComplete(context, candidate)) {
        workspace.adopt(candidate);
        adopted.add(candidate);
      } else if (!version.equals(context.input().version())) {
        workspace.readyToUnmigrate(candidate);
      }
    }
    // Until they are complete they are ready for nobody.
    return StepOutcome.done(context.state()).also(() -> adopted.forEach(workspace::unready));
  }

  /// Whether a version's folder was missing, or is for databases elsewhere: the application has
  /// moved since.
  private boolean toComplete(StepContext<Input, Standing> context, Candidate candidate) {
    return workspace.made(context, candidate.version().id())
        || !candidate.instance().equals(candidate.version().readyFor());
  }

  private StepOutcome<Standing> prepare(StepContext<Input, Standing> context)
      throws DriverFailure, InterruptedException {
    List<Candidate> completed = new ArrayList<>();
    for (String version : wanted(context)) {
      Candidate candidate = candidates.at(context, version);
      if (toComplete(context, candidate)) {
        Optional<StepOutcome<Standing>> waiting = workspace.complete(candidate);
        if (waiting.isPresent()) {
          return waiting.get();
        }
        completed.add(candidate);
      }
    }
    return StepOutcome.done(context.state()).also(() -> completed.forEach(workspace::ready));
  }

  private UndoOutcome calm(StepContext<Input, Standing> context)
      throws DriverFailure, InterruptedException {
    for (String version : context.state().undo()) {
      migrations.calm(candidates.at(context, version));
    }
    return UndoOutcome.undone("No command that undoes migrations runs");
  }

  private StepOutcome<Standing> unmigrate(StepContext<Input, Standing> context)
      throws DriverFailure, InterruptedException {
    for (String version : context.state().unmigrate()) {
      Optional<StepOutcome<Standing>> stopped =
          migrations.unmigrate(candidates.at(context, version));
      if (stopped.isPresent()) {
        return stopped.get();
      }
    }
    return StepOutcome.done(context.state())
        .publishing(
            context.state().undo().stream()
                .map(
                    version ->
                        new VersionUnmigrated(context.subject(), context.input().name(), version))
                .toArray(Event[]::new));
  }

  private StepOutcome<Standing> serve(StepContext<Input, Standing> context) throws DriverFailure {
    Candidate target = candidate(context);
    Application application = target.application();
    return StepOutcome.done(context.state())
        .publishing(
            new VersionRolledBack(
                context.subject(),
                context.input().name(),
                Objects.requireNonNullElse(application.serving(), ""),
                context.input().version(),
                context.state().undo()))
        .also(() -> serving.serve(target, context.state()));
  }
}
