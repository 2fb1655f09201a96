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
import dev.slipway.deploy.domain.Blueprint;
import dev.slipway.deploy.domain.DatabaseAccess;
import dev.slipway.deploy.domain.DatabaseAccesses;
import dev.slipway.deploy.domain.SchemaRecord;
import dev.slipway.deploy.domain.SchemaRecords;
import dev.slipway.deploy.driver.ApplicationRuntime;
import dev.slipway.deploy.driver.CommandRun;
import dev.slipway.deploy.driver.VersionReference;
import jakarta.inject.Inject;
import jakarta.inject.Singleton;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.stream.Stream;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/// Changes the schema of an application's database, forwards and back, and keeps the record of
/// where it is.
///
/// **Once.** A migration begins only under the platform's lock on the application's database and
/// only when none of its name was begun. Whoever finds one that lives waits for it, under the lock;
/// whoever finds one that vanished first has the runtime prove that nothing of it lives, then frees
/// the lock tables its tool left, and only then begins again.
///
/// **The record.** Each database has its own. A version stands in it before its commands begin,
/// because they may come half way. When the deploy fails, [#settle] compares: a version that has
/// changed nothing is taken out again; one that has stays in, so that a roll back undoes it.
/// Undoing takes a version out once its commands have ended well, and stops at the first one
/// that fails.
///
/// **Arriving.** What is in a database that the application comes to, for the first time or again,
/// nobody has watched. So it is asked: its schema, the history of its migration tool included, is
/// looked up in all the application's records, and the one that has it says what is applied. That
/// holds for one it left, for a copy of another, older ones included, and for an empty one. What no
/// record knows has the arriving version alone, and nothing before it can be rolled back to.
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
  private final DatabaseAccesses accesses;
  private final SchemaRecords records;
  private final Blueprint blueprint;
  private final Runs runs;

  @Inject
  Migrations(
      ApplicationRuntime runtime,
      ApplicationDatabases databases,
      DatabaseAccesses accesses,
      SchemaRecords records,
      Blueprint blueprint,
      Runs runs) {
    this.runtime = runtime;
    this.databases = databases;
    this.accesses = accesses;
    this.records = records;
    this.blueprint = blueprint;
    this.runs = runs;
  }

  /// What is applied in the database of a candidate.
  SchemaRecord record(Candidate candidate) {
    return records.at(candidate.application().id(), candidate.instance());
  }

  /// A version is not brought up on a schema that later ones have changed.
  ///
  /// @return the refusal; empty when nothing speaks against it
  static Optional<StepOutcome<Standing>> ahead(SchemaRecord record, String version) {
    List<String> ahead =
        record.newerThan(version).orElse(List.of()).stream()
            .filter(record::mayHaveChanged)
            .toList();
    return ahead.isEmpty()
        ? Optional.empty()
        : Optional.of(
            StepOutcome.failed(
                "schema-ahead",
                "The schema is ahead of version %s: %s changed it; roll back to that version instead"
                    .formatted(version, String.join(", ", ahead))));
  }

  /// Notes the schema before anything changes it, and that this version is about to.
  ///
  /// @param record   whether the version's migrations count for where the application's schema is
  /// @param breaking whether they may break the workflows of earlier versions
  StepOutcome<Standing> survey(
      Candidate candidate, Standing standing, boolean record, boolean breaking)
      throws DriverFailure, InterruptedException {
    if (candidate.moves()) {
      return arrive(candidate, standing);
    }
    String version = candidate.version().id();
    SchemaRecord here = record(candidate);
    if (record && here.changed(version).isPresent()) {
      // It served before, or its deploy failed after them: its migrations are applied.
      return StepOutcome.done(standing);
    }
    try (ApplicationDatabases.Held held = lock(candidate)) {
      List<String> active = breaking ? List.of() : activeOfOthers(candidate);
      Standing next = standing.surveyed(held.catalogue().digest()).protecting(active);
      return record
          ? StepOutcome.done(next).also(() -> put(candidate, here.with(version)))
          : StepOutcome.done(next);
    }
  }

  /// As [#survey], of a database that the application comes to.
  private StepOutcome<Standing> arrive(Candidate candidate, Standing standing)
      throws DriverFailure, InterruptedException {
    String id = candidate.application().id();
    String version = candidate.version().id();
    String from = candidate.application().instance();
    SchemaRecord left = asItIs(candidate.application());
    try (ApplicationDatabases.Held held = lock(candidate)) {
      String digest = held.catalogue().digest();
      Map<String, SchemaRecord> others = records.of(id);
      SchemaRecord found =
          Stream.concat(
                  Stream.of(record(candidate), left),
                  others.keySet().stream().sorted().map(others::get))
              .flatMap(known -> known.asFarAs(digest).stream())
              .findFirst()
              .orElse(SchemaRecord.NONE);
      Optional<StepOutcome<Standing>> refused = ahead(found, version);
      if (refused.isPresent()) {
        return refused.get();
      }
      boolean applied = found.changed(version).isPresent();
      return StepOutcome.done(applied ? standing : standing.surveyed(digest))
          .also(
              () -> {
                records.put(id, from, left);
                put(candidate, found.with(version));
              });
    }
  }

  /// The record of the database that an application has now, with what its owner has made of the
  /// schema by hand: what it was once, that is applied; nothing where nothing is left; and what it
  /// never was is the newest version's, changed since. As far as the database can be asked: its
  /// instance may be what one moves away from.
  private SchemaRecord asItIs(Application application) throws DriverFailure, InterruptedException {
    SchemaRecord known = records.at(application.id(), application.instance());
    Optional<DatabaseAccess> access = accesses.find(application.id(), application.instance());
    if (known.applied().isEmpty() || access.isEmpty()) {
      return known;
    }
    try (ApplicationDatabases.Held held = databases.lock(access.get(), application.database())) {
      ApplicationDatabases.Catalogue found = held.catalogue();
      return known
          .asFarAs(found.digest())
          .orElseGet(() -> found.untouched() ? SchemaRecord.NONE : known.seenAs(found.digest()));
    } catch (DriverFailure.Transient doesNotAnswer) {
      return known;
    }
  }

  private void put(Candidate candidate, SchemaRecord now) {
    records.put(candidate.application().id(), candidate.instance(), now);
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
      if (status != 0) {
        return Runs.failed(Blueprint.Run.MIGRATE, status);
      }
      String after = held.catalogue().digest();
      Application application = candidate.application();
      String version = candidate.version().id();
      boolean changed =
          !after.equals(before(standing)) || (record && record(candidate).begun(version));
      var migrated = new VersionMigrated(application.id(), application.name(), version, changed);
      return StepOutcome.done(standing)
          .publishing(migrated)
          .also(
              () -> {
                if (record) {
                  put(candidate, record(candidate).ran(version, changed, after));
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
      String now = held.catalogue().digest();
      boolean changed = !now.equals(before(standing));
      if (record) {
        SchemaRecord here = record(candidate);
        if (changed) {
          put(candidate, here.begun(version, now));
        } else if (!here.begun(version)) {
          put(candidate, here.without(version));
        }
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
      String after = held.catalogue().digest();
      boolean changed = !after.equals(before(standing));
      SchemaRecord here = record(candidate);
      Optional<String> undone =
          here.versions().reversed().stream()
              .filter(applied -> changed && here.mayHaveChanged(applied))
              .findFirst();
      SchemaRecord left = undone.map(here::before).orElse(here);
      return StepOutcome.done(standing)
          .publishing(
              undone.stream()
                  .map(
                      newest -> new VersionUnmigrated(application.id(), application.name(), newest))
                  .toArray(Event[]::new))
          .also(() -> put(candidate, left.ran(version, false, after)));
    }
  }

  /// Undoes one version's migrations, once, with its own commands, and takes it out of the record.
  ///
  /// @return why it could not be
  Optional<StepOutcome<Standing>> unmigrate(Candidate candidate)
      throws DriverFailure, InterruptedException {
    String version = candidate.version().id();
    try (ApplicationDatabases.Held held = lock(candidate)) {
      SchemaRecord here = record(candidate);
      SchemaRecord left = here.without(version);
      if (here.mayHaveChanged(version)) {
        if (blueprint.commands(Blueprint.Run.ROLLBACK, candidate.manifest()).isEmpty()) {
          return Optional.of(
              StepOutcome.failed(
                  Blueprint.Run.ROLLBACK.failure(),
                  "Version %s says nowhere how its migrations are undone; the schema is at %s"
                      .formatted(version, last(here))));
        }
        int status = runs.status(candidate, Blueprint.Run.ROLLBACK, () -> free(candidate, held));
        if (status != 0) {
          return Optional.of(
              StepOutcome.failed(
                  Blueprint.Run.ROLLBACK.failure(),
                  "rollback of version %s failed (exit status %d); the schema is at %s"
                      .formatted(version, status, last(here))));
        }
        left = left.seenAs(held.catalogue().digest());
      }
      showFence(candidate.fence(), candidate.reference());
      put(candidate, left);
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

  private static String last(SchemaRecord record) {
    List<String> applied = record.versions();
    return applied.isEmpty() ? "its beginning" : "version " + applied.getLast();
  }
}
