package dev.slipway.deploy.operation;

import static java.time.Duration.ofMinutes;

import dev.slipway.common.ledger.Resource;
import dev.slipway.common.operation.DriverFailure;
import dev.slipway.common.operation.Operation;
import dev.slipway.common.operation.OperationKind;
import dev.slipway.common.operation.Plan;
import dev.slipway.common.operation.StepContext;
import dev.slipway.common.operation.StepOutcome;
import dev.slipway.deploy.domain.Application;
import dev.slipway.deploy.domain.Executor;
import dev.slipway.deploy.domain.Executors;
import dev.slipway.deploy.domain.Manifest;
import dev.slipway.deploy.domain.SchemaRecord;
import dev.slipway.deploy.domain.SchemaRecords;
import dev.slipway.deploy.domain.Version;
import dev.slipway.deploy.domain.Versions;
import dev.slipway.deploy.driver.ApplicationRuntime;
import dev.slipway.deploy.driver.VersionReference;
import jakarta.inject.Inject;
import jakarta.inject.Singleton;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Collection;
import java.util.List;
import java.util.Set;
import java.util.stream.Collectors;

/// Forgets versions that are kept for nothing: the oldest beyond a number, and those beyond an age.
/// Only the reconciler asks for it, and it yields to whatever a person asks for.
///
/// A version stays while it serves, while an executor of it runs, and while something that its
/// migrations have changed is applied in a database of the application: undoing that needs its
/// code. One that changed nothing leaves the records with its folder.
@Singleton
@OperationKind(PruneVersions.KIND)
public final class PruneVersions implements Operation<PruneVersions.Input, PruneVersions.State> {

  public static final String KIND = "application.prune";

  /// @param name of the application
  /// @param keep how many stay besides those that have to
  /// @param days how old they may become; 0 for any age
  public record Input(String name, int keep, long days) {}

  /// Nothing has to be remembered.
  public record State() {}

  private final Candidates candidates;
  private final SchemaRecords records;
  private final Versions versions;
  private final Executors executors;
  private final ApplicationRuntime runtime;

  @Inject
  PruneVersions(
      Candidates candidates,
      SchemaRecords records,
      Versions versions,
      Executors executors,
      ApplicationRuntime runtime) {
    this.candidates = candidates;
    this.records = records;
    this.versions = versions;
    this.executors = executors;
    this.runtime = runtime;
  }

  @Override
  public Plan<Input, State> plan() {
    return Plan.<Input, State>within(ofMinutes(5), input -> new State())
        .yielding()
        .pivot("prune", this::prune)
        .forwardOnly()
        .build();
  }

  private StepOutcome<State> prune(StepContext<Input, State> context)
      throws DriverFailure, InterruptedException {
    Application application = candidates.application(context.fence());
    List<Version> superfluous =
        superfluous(
            application,
            versions.list(application.id()),
            executors.of(application.id()),
            records.of(application.id()).values(),
            context.input().keep(),
            context.input().days());
    List<Resource> folders = new ArrayList<>();
    for (Version version : superfluous) {
      var reference = new VersionReference(application.id(), version.id());
      runtime.discard(context.fence(), reference);
      folders.add(runtime.folder(reference));
    }
    return StepOutcome.done(context.state())
        .striking(runtime.proveGone(application.id(), folders).proofs())
        .also(
            () -> {
              Set<String> gone = superfluous.stream().map(Version::id).collect(Collectors.toSet());
              records
                  .of(application.id())
                  .forEach(
                      (instance, record) ->
                          records.put(application.id(), instance, record.forgetting(gone)));
              gone.forEach(id -> versions.remove(application.id(), id));
            });
  }

  /// Which versions nothing speaks for.
  ///
  /// @param newestFirst every version of the application
  /// @param records     of all its databases
  public static List<Version> superfluous(
      Application application,
      List<Version> newestFirst,
      List<Executor> running,
      Collection<SchemaRecord> records,
      int keep,
      long days) {
    Set<String> needed = running.stream().map(Executor::version).collect(Collectors.toSet());
    if (application.serving() != null) {
      needed.add(application.serving());
    }
    Instant oldest = days == 0 ? Instant.MIN : Instant.now().minus(Duration.ofDays(days));
    List<Version> others =
        newestFirst.stream()
            .filter(version -> !needed.contains(version.id()))
            .filter(
                version ->
                    records.stream().noneMatch(record -> record.mayHaveChanged(version.id())))
            .toList();
    return others.stream()
        .filter(version -> others.indexOf(version) >= keep || version.createdAt().isBefore(oldest))
        .toList();
  }

  /// The names of the kept packages that a version needs.
  public static List<String> trees(Manifest manifest) {
    String tree = manifest.tree();
    return tree == null ? List.of() : List.of(tree, Workspace.pruned(tree));
  }
}
