package dev.slipway.deploy.operation;

import dev.slipway.common.contract.deploy.DeployEvent.VersionMigrated;
import dev.slipway.common.contract.deploy.DeployEvent.VersionUnmigrated;
import dev.slipway.common.operation.DriverFailure;
import dev.slipway.common.operation.Fence;
import dev.slipway.common.operation.StepOutcome;
import dev.slipway.common.operation.UndoOutcome;
import dev.slipway.common.outbox.Event;
import dev.slipway.deploy.domain.Application;
import dev.slipway.deploy.domain.ApplicationDatabases;
import dev.slipway.deploy.domain.Applications;
import dev.slipway.deploy.domain.Blueprint;
import dev.slipway.deploy.domain.Version;
import dev.slipway.deploy.domain.Versions;
import dev.slipway.deploy.driver.ApplicationRuntime;
import dev.slipway.deploy.driver.CommandRun;
import dev.slipway.deploy.driver.VersionReference;
import jakarta.inject.Inject;
import jakarta.inject.Singleton;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import java.util.Optional;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/// Changes the schema of an application, forwards and back, and keeps the record of where it is.
///
/// **Once.** A migration begins only under the platform's lock on the application's database and
/// only when none of its name was begun. Whoever finds one that lives waits for it, under the lock;
/// whoever finds one that vanished first has the runtime prove that nothing of it lives, then frees
/// the lock tables its tool left, and only then begins again.
///
/// **The record.** A version stands in `schemaAt` before its commands begin, because they may come
/// half way. When the deploy fails, [#settle] compares: a version that has changed nothing is taken
/// out again; one that has stays in, with `migrated` set, so that a roll back undoes it. Undoing
/// takes a version out once its commands have ended well, and stops at the first that fails.
///
/// **Breaking.** While earlier versions have active workflows, and nobody has allowed it, the
/// server refuses whatever drops or renames what was there when the migration began. Their tool
/// then fails and takes its transaction back, and the deploy fails with what would have broken and
/// for whom. Where the server cannot refuse, such a migration is not begun.
///
/// **Overtaken.** Records are written under the lock, after the runtime has accepted this
/// operation's fence under the lock. Whoever overtakes needs the lock before it changes the schema,
/// so what is written is true when it is written.
@Singleton
final class Migrations {

  /// More names than these tell a person nothing more.
  private static final int MOST_WORKFLOWS = 10;

  private static final Logger LOG = LoggerFactory.getLogger(Migrations.class);

  private final ApplicationRuntime runtime;
  private final ApplicationDatabases databases;
  private final Applications applications;
  private final Versions versions;
  private final Blueprint blueprint;
  private final Runs runs;

  @Inject
  Migrations(
      ApplicationRuntime runtime,
      ApplicationDatabases databases,
      Applications applications,
      Versions versions,
      Blueprint blueprint,
      Runs runs) {
    this.runtime = runtime;
    this.databases = databases;
    this.applications = applications;
    this.versions = versions;
    this.blueprint = blueprint;
    this.runs = runs;
  }

  /// Notes the schema before anything changes it, and that this version is about to.
  ///
  /// @param record   whether the version's migrations count for where the application's schema is
  /// @param breaking whether they may break the workflows of earlier versions
  StepOutcome<Standing> survey(
      Candidate candidate, Standing standing, boolean record, boolean breaking)
      throws DriverFailure, InterruptedException {
    Application application = candidate.application();
    String version = candidate.version().id();
    if (record && application.schemaAt().contains(version)) {
      // It served before, or its deploy failed after them: its migrations are applied.
      return StepOutcome.done(standing);
    }
    try (ApplicationDatabases.Held held = lock(candidate)) {
      ApplicationDatabases.Catalogue now = held.catalogue();
      List<String> active = breaking ? List.of() : activeOfOthers(candidate);
      Standing next = standing.surveyed(now.digest(), now.untouched()).protecting(active);
      return record
          ? StepOutcome.done(next)
              .also(
                  () ->
                      applications.migratedTo(
                          application.id(), with(application.schemaAt(), version)))
          : StepOutcome.done(next);
    }
  }

  /// Whose workflows a migration could break, had it commands.
  private List<String> activeOfOthers(Candidate candidate) throws DriverFailure {
    return blueprint.commands(Blueprint.Run.MIGRATE, candidate.manifest()).isEmpty()
        ? List.of()
        : databases.activeWorkflowsOfOthers(
            candidate.access(),
            candidate.application().systemDatabase(),
            candidate.version().id(),
            MOST_WORKFLOWS);
  }

  /// Runs a version's migrations, once, to their end.
  ///
  /// @param record as for [#survey]
  StepOutcome<Standing> migrate(Candidate candidate, Standing standing, boolean record)
      throws DriverFailure, InterruptedException {
    if (standing.before() == null) {
      return StepOutcome.done(standing);
    }
    try (ApplicationDatabases.Held held = lock(candidate)) {
      boolean guarded = !standing.active().isEmpty();
      if (neverBegun(candidate) && !prepared(held, guarded)) {
        return StepOutcome.failed(
            "active-workflows",
            "Earlier versions have active workflows (%s), and the server of this database cannot keep a migration from dropping what they use; deploy when they have ended, or allow it (slipway app deploy --allow-breaking, allowBreaking in the request)"
                .formatted(String.join(", ", standing.active())));
      }
      int status = runs.status(candidate, Blueprint.Run.MIGRATE, () -> free(candidate, held));
      List<String> refused = guarded ? held.refused() : List.of();
      if (guarded) {
        held.unguard();
      }
      if (!refused.isEmpty()) {
        return StepOutcome.failed(
            Blueprint.BREAKING,
            "The migrations of version %s drop or rename %s, which earlier versions may use that have active workflows (%s). That was refused; deploy when they have ended, or allow it (slipway app deploy --allow-breaking, allowBreaking in the request)"
                .formatted(
                    candidate.version().id(),
                    String.join(", ", refused),
                    String.join(", ", standing.active())));
      }
      boolean changed = !held.catalogue().digest().equals(before(standing));
      if (status != 0) {
        return Runs.failed(Blueprint.Run.MIGRATE, status);
      }
      Application application = candidate.application();
      String version = candidate.version().id();
      var migrated = new VersionMigrated(application.id(), application.name(), version, changed);
      return StepOutcome.done(standing.changed(changed))
          .publishing(migrated)
          .also(
              () -> {
                if (record) {
                  versions.migrated(application.id(), version, changed);
                }
              });
    }
  }

  /// A guard that nobody lifted, since its deploy was given up, is nobody's any more.
  private static boolean prepared(ApplicationDatabases.Held held, boolean guarded)
      throws DriverFailure {
    if (guarded) {
      return held.guard();
    }
    held.unguard();
    return true;
  }

  private boolean neverBegun(Candidate candidate) throws DriverFailure, InterruptedException {
    return runtime.look(candidate.reference(), Blueprint.Run.MIGRATE.word())
        instanceof CommandRun.Absent;
  }

  /// The undo of [#survey]: ends what still changes the schema, and settles what the record has to
  /// say of it.
  UndoOutcome settle(Candidate candidate, Standing standing, boolean record)
      throws DriverFailure, InterruptedException {
    Application application = candidate.application();
    String version = candidate.version().id();
    if (standing.before() == null) {
      return UndoOutcome.undone("The schema was not touched");
    }
    try (ApplicationDatabases.Held held = lock(candidate)) {
      end(candidate, Blueprint.Run.MIGRATE, held);
      end(candidate, Blueprint.Run.ROLLBACK, held);
      if (!standing.active().isEmpty()) {
        held.unguard();
      }
      boolean changed = !held.catalogue().digest().equals(before(standing));
      if (record && changed) {
        versions.migrated(application.id(), version, true);
      } else if (record) {
        applications.migratedTo(application.id(), without(application.schemaAt(), version));
      }
      return UndoOutcome.undone(
          changed
              ? "No migration runs; what it has changed stays, and a roll back undoes it"
              : "No migration runs, and the schema is as before");
    }
  }

  /// Runs the roll-back commands of an uploaded archive: they undo the newest migrations that are
  /// applied.
  StepOutcome<Standing> rollBackByUpload(Candidate candidate, Standing standing)
      throws DriverFailure, InterruptedException {
    Application application = candidate.application();
    String version = candidate.version().id();
    try (ApplicationDatabases.Held held = lock(candidate)) {
      int status = runs.status(candidate, Blueprint.Run.ROLLBACK, () -> free(candidate, held));
      if (status != 0) {
        return Runs.failed(Blueprint.Run.ROLLBACK, status);
      }
      boolean changed = !held.catalogue().digest().equals(before(standing));
      Optional<String> undone =
          application.schemaAt().reversed().stream()
              .filter(applied -> changed && mayHaveChanged(application.id(), applied))
              .findFirst();
      List<String> left =
          undone
              .map(newest -> before(application.schemaAt(), newest))
              .orElse(application.schemaAt());
      return StepOutcome.done(standing.changed(changed))
          .publishing(
              undone.stream()
                  .map(
                      newest -> new VersionUnmigrated(application.id(), application.name(), newest))
                  .toArray(Event[]::new))
          .also(
              () -> {
                applications.migratedTo(application.id(), with(left, version));
                versions.migrated(application.id(), version, false);
              });
    }
  }

  /// The versions to undo so that the schema is a version's again, newest first.
  ///
  /// @return empty when the schema was never that version's
  Optional<List<String>> newerThan(Application application, String target) {
    int position = application.schemaAt().indexOf(target);
    return position < 0
        ? Optional.empty()
        : Optional.of(
            application.schemaAt().subList(position + 1, application.schemaAt().size()).reversed());
  }

  /// Whether there is something to undo: what is not known counts as changed.
  boolean mayHaveChanged(String application, String version) {
    return versions
        .find(application, version)
        .map(Version::migrated)
        .map(changed -> changed)
        .orElse(true);
  }

  /// Undoes one version's migrations, once, with its own commands, and takes it out of the record.
  ///
  /// @return why it could not be
  Optional<StepOutcome<Standing>> unmigrate(Candidate candidate)
      throws DriverFailure, InterruptedException {
    Application application = candidate.application();
    String version = candidate.version().id();
    try (ApplicationDatabases.Held held = lock(candidate)) {
      if (mayHaveChanged(application.id(), version)) {
        if (blueprint.commands(Blueprint.Run.ROLLBACK, candidate.manifest()).isEmpty()) {
          return Optional.of(
              StepOutcome.failed(
                  Blueprint.Run.ROLLBACK.failure(),
                  "Version %s says nowhere how its migrations are undone; the schema is at %s"
                      .formatted(version, last(application.schemaAt()))));
        }
        int status = runs.status(candidate, Blueprint.Run.ROLLBACK, () -> free(candidate, held));
        if (status != 0) {
          return Optional.of(
              StepOutcome.failed(
                  Blueprint.Run.ROLLBACK.failure(),
                  "rollback of version %s failed (exit status %d); the schema is at %s"
                      .formatted(version, status, last(application.schemaAt()))));
        }
      }
      showFence(candidate.fence(), candidate.reference());
      applications.migratedTo(application.id(), without(application.schemaAt(), version));
      return Optional.empty();
    }
  }

  /// Ends an undoing that was given up; what it has undone so far stays undone.
  void calm(Candidate candidate) throws DriverFailure, InterruptedException {
    if (runtime.look(candidate.reference(), Blueprint.Run.ROLLBACK.word())
        instanceof CommandRun.Absent) {
      return;
    }
    try (ApplicationDatabases.Held held = lock(candidate)) {
      end(candidate, Blueprint.Run.ROLLBACK, held);
    }
  }

  private void end(Candidate candidate, Blueprint.Run run, ApplicationDatabases.Held held)
      throws DriverFailure, InterruptedException {
    CommandRun left = runtime.look(candidate.reference(), run.word());
    runtime.clear(candidate.fence(), candidate.reference(), run.word());
    if (left instanceof CommandRun.Running || left instanceof CommandRun.Vanished) {
      free(candidate, held);
    }
  }

  private static void free(Candidate candidate, ApplicationDatabases.Held held)
      throws DriverFailure {
    for (String freed : held.clearStaleLocks()) {
      LOG.warn("application={} {}", candidate.application().id(), freed);
    }
  }

  /// Clearing what was never begun changes nothing, and is refused to whoever was overtaken.
  private void showFence(Fence fence, VersionReference version)
      throws DriverFailure, InterruptedException {
    runtime.clear(fence, version, "turn");
  }

  private ApplicationDatabases.Held lock(Candidate candidate)
      throws DriverFailure, InterruptedException {
    return databases.lock(candidate.access(), candidate.application().database());
  }

  private static String before(Standing standing) {
    return Objects.requireNonNull(standing.before(), "survey comes before every change");
  }

  static List<String> with(List<String> applied, String version) {
    if (applied.contains(version)) {
      return applied;
    }
    List<String> more = new ArrayList<>(applied);
    more.add(version);
    return more;
  }

  private static List<String> without(List<String> applied, String version) {
    return applied.stream().filter(other -> !other.equals(version)).toList();
  }

  private static List<String> before(List<String> applied, String version) {
    return applied.subList(0, applied.indexOf(version));
  }

  private static String last(List<String> applied) {
    return applied.isEmpty() ? "its beginning" : "version " + applied.getLast();
  }
}
