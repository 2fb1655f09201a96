package dev.slipway.deploy.operation;

import dev.slipway.common.ledger.LedgerRow;
import dev.slipway.common.ledger.Resource;
import dev.slipway.common.operation.DriverFailure;
import dev.slipway.common.operation.Fence;
import dev.slipway.common.operation.StepContext;
import dev.slipway.common.operation.StepOutcome;
import dev.slipway.common.operation.UndoOutcome;
import dev.slipway.deploy.domain.Archives;
import dev.slipway.deploy.domain.Blueprint;
import dev.slipway.deploy.domain.Executors;
import dev.slipway.deploy.domain.Manifest;
import dev.slipway.deploy.domain.Versions;
import dev.slipway.deploy.driver.ApplicationRuntime;
import dev.slipway.deploy.driver.CommandRun;
import dev.slipway.deploy.driver.VersionReference;
import jakarta.inject.Inject;
import jakarta.inject.Singleton;
import java.nio.charset.StandardCharsets;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.ArrayList;
import java.util.HexFormat;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.stream.Stream;

/// A version's folder, from the archive to where its migrations and its executors run.
///
/// A folder from which executors run is not touched: everything in it is as it was when they came
/// up. Any other is made anew, with the secrets of now. Whatever the steps leave is in the folder,
/// so undoing `unpack` undoes them all.
@Singleton
final class Workspace {

  private final Archives archives;
  private final ApplicationRuntime runtime;
  private final Blueprint blueprint;
  private final Runs runs;
  private final Versions versions;
  private final Executors executors;

  @Inject
  Workspace(
      Archives archives,
      ApplicationRuntime runtime,
      Blueprint blueprint,
      Runs runs,
      Versions versions,
      Executors executors) {
    this.archives = archives;
    this.runtime = runtime;
    this.blueprint = blueprint;
    this.runs = runs;
    this.versions = versions;
    this.executors = executors;
  }

  /// What [#unpack] is about to make: nothing where the ledger has the folder already.
  List<Resource> folders(StepContext<?, ?> context, List<String> wanted) {
    List<Resource> open = context.openLedger().stream().map(LedgerRow::resource).toList();
    return wanted.stream()
        .map(version -> runtime.folder(new VersionReference(context.subject(), version)))
        .filter(folder -> !open.contains(folder))
        .toList();
  }

  StepOutcome<Standing> unpack(Candidate candidate, Standing standing)
      throws DriverFailure, InterruptedException {
    VersionReference version = candidate.reference();
    if (inUse(candidate)) {
      return StepOutcome.done(standing.inUse(true));
    }
    adopt(candidate);
    Manifest manifest =
        blueprint.read(
            candidate.application(), path -> runtime.read(version, path), runtime.builds());
    return StepOutcome.done(standing)
        .also(
            () -> {
              versions.read(version.application(), version.version(), manifest);
              versions.ready(version.application(), version.version(), null);
            });
  }

  /// Whether executors run from the version's folder.
  boolean inUse(Candidate candidate) {
    return candidate.version().manifest() != null
        && executors.of(candidate.application().id()).stream()
            .anyMatch(executor -> executor.version().equals(candidate.version().id()));
  }

  /// Nobody can tell which databases its folder's configuration names.
  void unready(Candidate candidate) {
    versions.ready(candidate.application().id(), candidate.version().id(), null);
  }

  /// Its folder's configuration names the databases it is to use now.
  void ready(Candidate candidate) {
    versions.ready(candidate.application().id(), candidate.version().id(), candidate.instance());
  }

  void adopt(Candidate candidate) throws DriverFailure, InterruptedException {
    VersionReference version = candidate.reference();
    runtime.adopt(
        candidate.fence(),
        version,
        archives.unpack(candidate.version().archive(), version.application(), version.version()));
    endRuns(candidate.fence(), version);
  }

  /// Whether this operation has made a version's folder.
  boolean made(StepContext<?, ?> context, String version) {
    Resource folder = runtime.folder(new VersionReference(context.subject(), version));
    return context.openLedger().stream()
        .anyMatch(
            row -> row.operation().equals(context.operation()) && row.resource().equals(folder));
  }

  /// Ends what runs in the version's folder, and removes the folder if this operation made it.
  UndoOutcome discard(StepContext<?, ?> context, List<String> wanted)
      throws DriverFailure, InterruptedException {
    List<Resource> discarded = new ArrayList<>();
    for (String id : wanted) {
      var version = new VersionReference(context.subject(), id);
      if (made(context, id)) {
        runtime.discard(context.fence(), version);
        discarded.add(runtime.folder(version));
      } else {
        endRuns(context.fence(), version);
      }
      archives.discard(context.subject(), id);
    }
    return new UndoOutcome.Undone(
        "No folder and no command of it is left",
        runtime.proveGone(context.subject(), discarded).proofs());
  }

  private void endRuns(Fence fence, VersionReference version)
      throws DriverFailure, InterruptedException {
    runtime.clear(
        fence, version, Stream.of(Blueprint.Run.values()).map(Blueprint.Run::word).toList());
  }

  /// Packages are taken from what an earlier version with the same lock file has kept, or are
  /// installed and kept.
  StepOutcome<Standing> install(Candidate candidate, Standing standing)
      throws DriverFailure, InterruptedException {
    if (standing.inUse()) {
      return StepOutcome.done(standing);
    }
    VersionReference version = candidate.reference();
    String tree = candidate.manifest().tree();
    if (begun(version, Blueprint.Run.INSTALL)
        || tree == null
        || !runtime.useTree(candidate.fence(), version, tree)) {
      Optional<StepOutcome<Standing>> outcome = runs.failure(candidate, Blueprint.Run.INSTALL);
      if (outcome.isPresent()) {
        return outcome.get();
      }
      if (tree != null) {
        runtime.keepTree(candidate.fence(), version, tree);
      }
    }
    Manifest installed =
        blueprint.read(
            candidate.application(), path -> runtime.read(version, path), runtime.builds());
    return StepOutcome.done(standing)
        .also(() -> versions.read(version.application(), version.version(), installed));
  }

  /// The configuration is rewritten for the SDK that was installed, and what the version does
  /// before anything else is run.
  StepOutcome<Standing> configure(Candidate candidate, Standing standing)
      throws DriverFailure, InterruptedException {
    if (standing.inUse()) {
      return StepOutcome.done(standing);
    }
    VersionReference version = candidate.reference();
    Map<String, String> files =
        blueprint.configuration(
            candidate.surroundings(null, runtime), path -> runtime.read(version, path));
    for (Map.Entry<String, String> file : files.entrySet()) {
      runtime.write(candidate.fence(), version, file.getKey(), file.getValue());
    }
    return runs.failure(candidate, Blueprint.Run.SETUP).orElseGet(() -> StepOutcome.done(standing));
  }

  StepOutcome<Standing> build(Candidate candidate, Standing standing)
      throws DriverFailure, InterruptedException {
    if (standing.inUse()) {
      return StepOutcome.done(standing);
    }
    Optional<StepOutcome<Standing>> failure = runs.failure(candidate, Blueprint.Run.BUILD);
    if (failure.isPresent()) {
      return failure.get();
    }
    if (candidate.manifest().hasDockerfile()) {
      runtime.useBuilt(candidate.fence(), candidate.reference(), Blueprint.Run.BUILD.word());
    }
    return StepOutcome.done(standing).also(() -> ready(candidate));
  }

  /// Removes what only builds and migrations need. The pruned packages are kept under a name of
  /// their own, beside the complete ones.
  StepOutcome<Standing> prune(Candidate candidate, Standing standing)
      throws DriverFailure, InterruptedException {
    if (standing.inUse()
        || !runtime.prunes()
        || blueprint.commands(Blueprint.Run.PRUNE, candidate.manifest()).isEmpty()) {
      return StepOutcome.done(standing);
    }
    String tree = candidate.manifest().tree();
    String pruned = tree == null ? null : pruned(tree);
    VersionReference version = candidate.reference();
    if (begun(version, Blueprint.Run.PRUNE)
        || pruned == null
        || !runtime.useTree(candidate.fence(), version, pruned)) {
      Optional<StepOutcome<Standing>> outcome = runs.failure(candidate, Blueprint.Run.PRUNE);
      if (outcome.isPresent()) {
        return outcome.get();
      }
      if (pruned != null) {
        runtime.keepTree(candidate.fence(), version, pruned);
      }
    }
    return StepOutcome.done(standing);
  }

  /// Completes a folder that was just unpacked, as far as migrations need it.
  ///
  /// @return empty when it is complete
  Optional<StepOutcome<Standing>> complete(Candidate candidate)
      throws DriverFailure, InterruptedException {
    VersionReference version = candidate.reference();
    boolean installed = begun(version, Blueprint.Run.SETUP) || begun(version, Blueprint.Run.BUILD);
    // Packages are not exchanged under a command that uses them.
    StepOutcome<Standing> outcome =
        installed ? StepOutcome.done(Standing.NONE) : install(candidate, Standing.NONE);
    if (outcome instanceof StepOutcome.Done && !begun(version, Blueprint.Run.BUILD)) {
      outcome = configure(candidate, Standing.NONE);
    }
    if (outcome instanceof StepOutcome.Done) {
      outcome = build(candidate, Standing.NONE);
    }
    return outcome instanceof StepOutcome.Done ? Optional.empty() : Optional.of(outcome);
  }

  /// Makes a folder that is there ready to have its migrations undone: with complete packages where
  /// some were removed and all are kept, and no earlier undoing that would be taken for this one.
  void readyToUnmigrate(Candidate candidate) throws DriverFailure, InterruptedException {
    runtime.clear(candidate.fence(), candidate.reference(), Blueprint.Run.ROLLBACK.word());
    String tree = candidate.manifest().tree();
    if (runtime.prunes()
        && tree != null
        && !blueprint.commands(Blueprint.Run.PRUNE, candidate.manifest()).isEmpty()) {
      runtime.useTree(candidate.fence(), candidate.reference(), tree);
    }
  }

  private boolean begun(VersionReference version, Blueprint.Run run) throws DriverFailure {
    return !(runtime.look(version, run.word()) instanceof CommandRun.Absent);
  }

  /// The name of the pruned packages of a tree.
  static String pruned(String tree) {
    try {
      byte[] digest =
          MessageDigest.getInstance("SHA-256")
              .digest((tree + " pruned").getBytes(StandardCharsets.UTF_8));
      return HexFormat.of().formatHex(digest);
    } catch (NoSuchAlgorithmException impossible) {
      throw new IllegalStateException("Every JDK has SHA-256", impossible);
    }
  }
}
