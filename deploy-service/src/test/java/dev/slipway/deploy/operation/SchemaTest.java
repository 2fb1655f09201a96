package dev.slipway.deploy.operation;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import dev.slipway.common.operation.BeginRequest;
import dev.slipway.common.operation.Fence;
import dev.slipway.common.operation.KernelDatabase;
import dev.slipway.common.operation.OperationEngine;
import dev.slipway.common.operation.OperationKit;
import dev.slipway.common.operation.OperationView;
import dev.slipway.common.operation.Outcome;
import dev.slipway.deploy.domain.Application;
import dev.slipway.deploy.domain.Executor;
import dev.slipway.deploy.domain.SchemaRecord;
import dev.slipway.deploy.driver.CommandRun;
import dev.slipway.deploy.driver.VersionReference;
import java.time.Duration;
import java.util.List;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/// Where the schema is after what can happen to a deploy and a roll back, and who serves then.
final class SchemaTest {

  private static final Duration PATIENCE = Duration.ofMinutes(2);
  private static final KernelDatabase DATABASE = KernelDatabase.fresh("classpath:db/migration");
  private static final AnsweredChildren CHILDREN = new AnsweredChildren(DATABASE);

  private static int ports = 2000;

  private DeployStage stage = new DeployStage(DATABASE, ports);
  private OperationEngine engine = engine();

  @BeforeEach
  void register() {
    engine.close();
    ports += 20;
    stage = new DeployStage(DATABASE, ports);
    stage.register();
    engine = engine();
  }

  @AfterEach
  void stop() {
    engine.close();
  }

  @AfterAll
  static void stopChildren() throws Exception {
    CHILDREN.stop();
  }

  private OperationEngine engine() {
    return OperationKit.engine(
        DATABASE, stage.operations(), "one", OperationEngine.Interruptions.NONE);
  }

  private OperationView run(BeginRequest request) throws Exception {
    return engine.awaitEnd(OperationKit.id(engine.begin(request)), PATIENCE);
  }

  private String deployed() throws Exception {
    String version = stage.addVersion();
    OperationView end = run(stage.deploy(version));
    assertThat(end.succeeded()).as(end.toString()).isTrue();
    return version;
  }

  private OperationView rollBackTo(String version) throws Exception {
    return run(stage.request(RollBackVersion.KIND, new RollBackVersion.Input(stage.name, version)));
  }

  private OperationView moveTo(String instanceName, String version) throws Exception {
    return run(
        stage.request(
            ChangeInstance.KIND, new ChangeInstance.Input(stage.name, version, instanceName)));
  }

  private void comesTo(String version, String run, CommandRun came) {
    stage.comesTo.put(version + ' ' + run, came);
  }

  private List<String> serving() {
    return stage.executors.of(stage.application).stream()
        .filter(executor -> executor.duty() == Executor.Duty.SERVING)
        .map(Executor::version)
        .toList();
  }

  private boolean migrated(String version) {
    return stage.record(stage.now().instance()).changed(version).orElse(false);
  }

  @Test
  void aDeployMigratesAndServes() throws Exception {
    String version = deployed();

    Application now = stage.now();
    assertThat(now.serving()).isEqualTo(version);
    assertThat(stage.schemaAt()).containsExactly(version);
    assertThat(migrated(version)).isTrue();
    assertThat(serving()).containsExactly(version);
    assertThat(stage.schemas.at(stage.main)).containsExactly("v" + version);
    assertThat(stage.schemas.isLocked(stage.main)).isFalse();
  }

  @Test
  void aFailedMigrationThatChangedNothingLeavesTheOldVersionServing() throws Exception {
    String first = deployed();
    String second = stage.addVersion();
    comesTo(second, "migrate", new CommandRun.Exited(1));

    OperationView end = run(stage.deploy(second));

    assertThat(end.outcome()).isEqualTo(Outcome.UNDONE);
    assertThat(end.cause()).isNotNull();
    assertThat(end.cause().code()).isEqualTo("migration-failed");
    assertThat(end.cause().message()).isEqualTo("migrate failed (exit status 1)");
    assertThat(stage.now().serving()).isEqualTo(first);
    assertThat(stage.schemaAt()).containsExactly(first);
    assertThat(serving()).containsExactly(first);
    assertThat(stage.reality.versions())
        .containsExactly(new VersionReference(stage.application, first));
    assertThat(stage.schemas.isLocked(stage.main)).isFalse();
  }

  @Test
  void aMigrationThatFailedHalfWayIsUndoneByARollBack() throws Exception {
    String first = deployed();
    String second = stage.addVersion();
    comesTo(second, "migrate", new CommandRun.Exited(1));
    stage.halfway.add(second);

    assertThat(run(stage.deploy(second)).outcome()).isEqualTo(Outcome.UNDONE);

    assertThat(stage.schemaAt()).containsExactly(first, second);
    assertThat(stage.record(stage.main).begun(second)).isTrue();

    OperationView back = rollBackTo(first);

    assertThat(back.succeeded()).as(back.toString()).isTrue();
    assertThat(stage.schemaAt()).containsExactly(first);
    assertThat(stage.schemas.at(stage.main)).containsExactly("v" + first);
    assertThat(stage.now().serving()).isEqualTo(first);
  }

  @Test
  void aRollBackUndoesTheNewestFirstAndSkipsWhatChangedNothing() throws Exception {
    String first = deployed();
    String second = deployed();
    String third = stage.addVersion();
    stage.unchanging.add(third);
    assertThat(run(stage.deploy(third)).succeeded()).isTrue();
    String fourth = deployed();
    assertThat(stage.schemaAt()).containsExactly(first, second, third, fourth);

    OperationView back = rollBackTo(first);

    assertThat(back.succeeded()).as(back.toString()).isTrue();
    assertThat(stage.reality.begun().stream().filter(run -> run.endsWith(" rollback")))
        .containsExactly(fourth + " rollback", second + " rollback");
    assertThat(stage.schemaAt()).containsExactly(first);
    assertThat(stage.schemas.at(stage.main)).containsExactly("v" + first);
    assertThat(serving()).containsExactly(first);
  }

  @Test
  void aRollBackToAVersionWhoseFolderIsGoneMakesItAnewFromItsArchive() throws Exception {
    String first = deployed();
    String second = deployed();
    var reference = new VersionReference(stage.application, first);
    stage.runtime.discard(
        new Fence(stage.application, stage.reality.highestEpoch(stage.application)), reference);
    DATABASE.execute(
        "update ledger set state = 'GONE', gone_at = clock_timestamp(), proof = 'removed'"
            + " where kind = '%s' and name = '%s'"
                .formatted(
                    stage.runtime.folder(reference).kind(),
                    stage.runtime.folder(reference).name()));
    List<String> before = stage.reality.begun();

    OperationView back = rollBackTo(first);

    assertThat(back.succeeded()).as(back.toString()).isTrue();
    assertThat(stage.reality.versions()).contains(reference);
    assertThat(stage.reality.begun().subList(before.size(), stage.reality.begun().size()))
        .contains(first + " build", second + " rollback")
        .doesNotContain(first + " migrate");
    assertThat(serving()).containsExactly(first);
  }

  @Test
  void aRollBackStopsWhereOneFailsAndSaysWhere() throws Exception {
    String first = deployed();
    String second = deployed();
    String third = deployed();
    comesTo(second, "rollback", new CommandRun.Exited(3));

    OperationView back = rollBackTo(first);

    assertThat(back.outcome()).isEqualTo(Outcome.UNDONE);
    assertThat(back.cause()).isNotNull();
    assertThat(back.cause().code()).isEqualTo("rollback-failed");
    assertThat(back.cause().message())
        .isEqualTo(
            "rollback of version %s failed (exit status 3); the schema is at version %s"
                .formatted(second, second));
    assertThat(stage.schemaAt()).containsExactly(first, second);
    assertThat(stage.now().serving()).isEqualTo(third);
    assertThat(serving()).containsExactly(third);
  }

  @Test
  void whatWasRolledBackIsMigratedAgainAndUndoneAgain() throws Exception {
    String first = deployed();
    String second = deployed();
    assertThat(rollBackTo(first).succeeded()).isTrue();
    assertThat(run(stage.deploy(second)).succeeded()).isTrue();
    assertThat(stage.schemas.at(stage.main)).containsExactly("v" + first, "v" + second);

    assertThat(rollBackTo(first).succeeded()).isTrue();

    assertThat(stage.schemas.at(stage.main)).containsExactly("v" + first);
  }

  @Test
  void aServiceKilledInTheMiddleOfAMigrationFindsItAgain() throws Exception {
    String version = stage.addVersion();
    comesTo(version, "migrate", new CommandRun.Running(1));
    String deploy = OperationKit.id(engine.begin(stage.deploy(version)));
    await().atMost(PATIENCE).until(() -> stage.reality.begun().contains(version + " migrate"));

    engine.close();
    engine = engine();
    stage.schemas.apply(stage.main, "v" + version);
    stage.reality.finish(new VersionReference(stage.application, version), "migrate", 0);

    OperationView end = engine.awaitEnd(deploy, PATIENCE);
    assertThat(end.succeeded()).as(end.toString()).isTrue();
    assertThat(stage.reality.begun()).containsOnlyOnce(version + " migrate");
    assertThat(migrated(version)).isTrue();
    assertThat(stage.schemas.freed()).isEmpty();
  }

  @Test
  void aMigrationThatVanishedRunsAgainOnceItsLocksAreFreed() throws Exception {
    String version = stage.addVersion();
    comesTo(version, "migrate", new CommandRun.Running(1));
    String deploy = OperationKit.id(engine.begin(stage.deploy(version)));
    await().atMost(PATIENCE).until(() -> stage.reality.begun().contains(version + " migrate"));

    stage.comesTo.clear();
    stage.reality.vanish(new VersionReference(stage.application, version), "migrate");

    OperationView end = engine.awaitEnd(deploy, PATIENCE);
    assertThat(end.succeeded()).as(end.toString()).isTrue();
    assertThat(stage.reality.begun().stream().filter(run -> run.endsWith(" migrate"))).hasSize(2);
    assertThat(stage.schemas.freed()).containsExactly(stage.main);
  }

  @Test
  void cancellingEndsTheMigrationThatRuns() throws Exception {
    String version = stage.addVersion();
    comesTo(version, "migrate", new CommandRun.Running(1));
    String deploy = OperationKit.id(engine.begin(stage.deploy(version)));
    await().atMost(PATIENCE).until(() -> stage.reality.begun().contains(version + " migrate"));

    assertThat(engine.cancel(deploy)).isTrue();

    assertThat(engine.awaitEnd(deploy, PATIENCE).outcome()).isEqualTo(Outcome.CANCELLED);
    assertThat(stage.reality.versions()).isEmpty();
    assertThat(stage.schemaAt()).isEmpty();
    assertThat(stage.schemas.freed()).containsExactly(stage.main);
    assertThat(stage.schemas.isLocked(stage.main)).isFalse();
  }

  @Test
  void aVersionWithWorkflowsDrainsAndEndsWithThem() throws Exception {
    String first = deployed();
    stage.schemas.workflows(first, 2);
    deployed();
    assertThat(stage.executors.of(stage.application))
        .extracting(Executor::duty)
        .containsExactlyInAnyOrder(Executor.Duty.DRAINING, Executor.Duty.SERVING);
    BeginRequest drain =
        stage.request(DrainExecutors.KIND, new DrainExecutors.Input(stage.name, 3600));
    assertThat(run(drain).succeeded()).isTrue();
    assertThat(stage.reality.executors()).hasSize(2);

    stage.schemas.workflows(first, 0);
    assertThat(run(drain).succeeded()).isTrue();

    assertThat(stage.reality.executors()).hasSize(1);
    assertThat(stage.executors.of(stage.application)).hasSize(1);
  }

  @Test
  void migrationThatBreaksActiveWorkflowsIsRefusedWithWhatAndWhose() throws Exception {
    String first = deployed();
    stage.schemas.workflows(first, 1);
    String second = stage.addVersion();
    stage.schemas.breaks(second, List.of("column email of public.users", "table public.old"));

    OperationView end = run(stage.deploy(second));

    assertThat(end.outcome()).isEqualTo(Outcome.UNDONE);
    assertThat(end.cause()).isNotNull();
    assertThat(end.cause().code()).isEqualTo("breaking-migration");
    assertThat(end.cause().message())
        .contains("column email of public.users, table public.old", "workflow-of-" + first);
    assertThat(stage.schemaAt()).containsExactly(first);
    assertThat(stage.now().serving()).isEqualTo(first);
    assertThat(stage.schemas.isGuarded(stage.main)).isFalse();
  }

  @Test
  void migrationThatBreaksActiveWorkflowsGoesAheadWhenThatIsAllowed() throws Exception {
    String first = deployed();
    stage.schemas.workflows(first, 1);
    String second = stage.addVersion();
    stage.schemas.breaks(second, List.of("table public.old"));

    OperationView end =
        run(
            stage.request(
                DeployVersion.KIND,
                new DeployVersion.Input(
                    stage.name, second, DeployVersion.Mode.DEPLOY, true, false)));

    assertThat(end.succeeded()).as(end.toString()).isTrue();
    assertThat(stage.schemas.at(stage.main)).containsExactly("v" + first, "v" + second);
  }

  @Test
  void migrationThatBreaksNothingRunsBesideActiveWorkflows() throws Exception {
    String first = deployed();
    stage.schemas.workflows(first, 1);

    String second = deployed();

    assertThat(stage.now().serving()).isEqualTo(second);
    assertThat(stage.schemas.isGuarded(stage.main)).isFalse();
  }

  @Test
  void whereTheServerCannotRefuseNoMigrationBeginsBesideActiveWorkflows() throws Exception {
    String first = deployed();
    stage.schemas.workflows(first, 1);
    stage.schemas.guards(false);
    String second = stage.addVersion();

    OperationView end = run(stage.deploy(second));

    assertThat(end.cause()).isNotNull();
    assertThat(end.cause().code()).isEqualTo("active-workflows");
    assertThat(end.cause().message()).contains("workflow-of-" + first);
    assertThat(stage.reality.begun()).doesNotContain(second + " migrate");
    assertThat(stage.schemas.at(stage.main)).containsExactly("v" + first);
  }

  @Test
  void cancellingAGuardedMigrationEndsTheGuard() throws Exception {
    String first = deployed();
    stage.schemas.workflows(first, 1);
    String second = stage.addVersion();
    comesTo(second, "migrate", new CommandRun.Running(1));
    String deploy = OperationKit.id(engine.begin(stage.deploy(second)));
    await().atMost(PATIENCE).until(() -> stage.reality.begun().contains(second + " migrate"));
    boolean guarded = stage.schemas.isGuarded(stage.main);

    assertThat(engine.cancel(deploy)).isTrue();

    assertThat(engine.awaitEnd(deploy, PATIENCE).outcome()).isEqualTo(Outcome.CANCELLED);
    assertThat(guarded).isTrue();
    assertThat(stage.schemas.isGuarded(stage.main)).isFalse();
  }

  @Test
  void guardThatWasLeftBehindRefusesNobody() throws Exception {
    String first = deployed();
    stage.schemas.leaveGuarded(stage.main);
    String second = stage.addVersion();
    stage.schemas.breaks(second, List.of("table public.old"));

    OperationView end = run(stage.deploy(second));

    assertThat(end.succeeded()).as(end.toString()).isTrue();
    assertThat(stage.schemas.at(stage.main)).containsExactly("v" + first, "v" + second);
  }

  @Test
  void databasesFromBeforeThereWereGuardsGetOneWithTheNextDeploy() throws Exception {
    deployed();
    assertThat(stage.accesses.guarded(stage.application, stage.main)).isTrue();
    DATABASE.execute(
        "update database_access set guarded = false where application = '%s'"
            .formatted(stage.application));
    assertThat(stage.accesses.guarded(stage.application, stage.main)).isFalse();

    deployed();

    assertThat(stage.accesses.guarded(stage.application, stage.main)).isTrue();
  }

  @Test
  void anApplicationMovesToAnotherInstance() throws Exception {
    deployed();
    String second = stage.addVersion();

    OperationView end = moveTo("other", second);

    assertThat(end.outcome()).as(end.toString()).isEqualTo(Outcome.SUCCEEDED);
    assertThat(stage.now().instance()).isEqualTo(stage.other);
    assertThat(stage.now().serving()).isEqualTo(second);
    assertThat(stage.schemaAt()).as("the other database was empty").containsExactly(second);
    assertThat(stage.schemas.at(stage.other)).containsExactly("v" + second);
    assertThat(stage.bound.values()).containsExactly(stage.other);
    assertThat(stage.reality.executors()).hasSize(1);
  }

  @Test
  void anApplicationThatMovesBackFindsTheRecordOfThatDatabase() throws Exception {
    String first = deployed();
    String second = deployed();
    String third = stage.addVersion();
    assertThat(moveTo("other", third).succeeded()).isTrue();
    String fourth = stage.addVersion();

    assertThat(moveTo("main", fourth).succeeded()).isTrue();
    OperationView back = rollBackTo(first);

    assertThat(back.succeeded()).as(back.toString()).isTrue();
    assertThat(stage.schemaAt()).containsExactly(first);
    assertThat(stage.schemas.at(stage.main)).containsExactly("v" + first);
    assertThat(stage.reality.begun().stream().filter(run -> run.endsWith(" rollback")))
        .containsExactly(fourth + " rollback", second + " rollback");
  }

  @Test
  void whatIsAppliedInAnotherDatabaseIsAppliedHereToo() throws Exception {
    deployed();
    String second = deployed();
    String third = stage.addVersion();
    assertThat(moveTo("other", third).succeeded()).isTrue();
    String fourth = stage.addVersion();
    assertThat(moveTo("main", fourth).succeeded()).isTrue();

    OperationView end = run(stage.deploy(third));

    assertThat(end.succeeded()).as(end.toString()).isTrue();
    assertThat(stage.schemas.at(stage.main)).contains("v" + second, "v" + fourth, "v" + third);
  }

  @Test
  void theFirstDeployNamesTheDatabase() throws Exception {
    stage.names.put(stage.application, "greetings");

    deployed();

    assertThat(stage.now().database()).isEqualTo("greetings");
    assertThat(stage.accesses.find(stage.application, stage.main).orElseThrow().role())
        .isEqualTo("greetings");
  }

  @Test
  void aDatabaseKeepsItsName() throws Exception {
    deployed();
    String version = stage.addVersion();
    stage.names.put(stage.application, "greetings");

    OperationView end = run(stage.deploy(version));

    assertThat(end.cause()).isNotNull();
    assertThat(end.cause().code()).isEqualTo("database-name-fixed");
    assertThat(end.cause().message()).contains("database shop", "says greetings");
    assertThat(stage.now().database()).isEqualTo("shop");
  }

  @Test
  void aDatabaseOfAnotherApplicationIsNotTaken() throws Exception {
    stage.addNeighbour("greetings");
    String version = stage.addVersion();
    stage.names.put(stage.application, "greetings");

    OperationView end = run(stage.deploy(version));

    assertThat(end.outcome()).as(end.toString()).isEqualTo(Outcome.UNDONE);
    assertThat(end.cause()).isNotNull();
    assertThat(end.cause().code()).isEqualTo("database-taken");
    assertThat(end.cause().message()).contains("neighbour uses the database greetings on main");
  }

  @Test
  void theRecordGoesAlongToARestoredDatabase() throws Exception {
    String first = deployed();
    String second = stage.addVersion();
    stage.schemas.apply(stage.other, "v" + first);

    assertThat(moveTo("other", second).outcome()).isEqualTo(Outcome.SUCCEEDED);

    assertThat(stage.schemaAt()).containsExactly(first, second);
  }

  @Test
  void aCopyOfAnEarlierTimeHasTheRecordOfThatTime() throws Exception {
    String first = deployed();
    deployed();
    String third = stage.addVersion();
    stage.schemas.apply(stage.other, "v" + first);

    assertThat(moveTo("other", third).outcome()).isEqualTo(Outcome.SUCCEEDED);

    assertThat(stage.schemaAt()).containsExactly(first, third);
    assertThat(rollBackTo(first).succeeded()).isTrue();
    assertThat(stage.schemas.at(stage.other)).containsExactly("v" + first);
  }

  @Test
  void whatTheOwnerHasMadeByHandBeforeCopyingIsPartOfTheCopy() throws Exception {
    String first = deployed();
    stage.schemas.apply(stage.main, "index by hand");
    stage.schemas.apply(stage.other, "v" + first);
    stage.schemas.apply(stage.other, "index by hand");
    String second = stage.addVersion();

    assertThat(moveTo("other", second).outcome()).isEqualTo(Outcome.SUCCEEDED);

    assertThat(stage.schemaAt()).containsExactly(first, second);
  }

  @Test
  void whatTheOwnerHasTakenBackByHandIsAppliedNeitherHereNorInACopy() throws Exception {
    String first = deployed();
    String second = deployed();
    stage.schemas.revert(stage.main, "v" + second);
    stage.schemas.apply(stage.other, "v" + first);
    String third = stage.addVersion();

    assertThat(moveTo("other", third).outcome()).isEqualTo(Outcome.SUCCEEDED);

    assertThat(stage.schemaAt()).containsExactly(first, third);
    assertThat(stage.record(stage.main).versions()).containsExactly(first);
    String fourth = stage.addVersion();
    assertThat(moveTo("main", fourth).outcome()).isEqualTo(Outcome.SUCCEEDED);
    assertThat(rollBackTo(first).succeeded()).isTrue();
    assertThat(stage.schemas.at(stage.main)).containsExactly("v" + first);
  }

  @Test
  void whereTheOwnerHasRemovedEverythingNothingIsApplied() throws Exception {
    String first = deployed();
    stage.schemas.revert(stage.main, "v" + first);
    String second = stage.addVersion();

    assertThat(moveTo("other", second).outcome()).isEqualTo(Outcome.SUCCEEDED);

    assertThat(stage.schemaAt()).as("the other one was empty, too").containsExactly(second);
    assertThat(stage.record(stage.main)).isEqualTo(SchemaRecord.NONE);
  }

  /// A copy from before that is still one of what the record was.
  @Test
  void aCopyFromBeforeSomethingWasTakenBackByHandHasAllOfIt() throws Exception {
    String first = deployed();
    String second = deployed();
    stage.schemas.apply(stage.other, "v" + first);
    stage.schemas.apply(stage.other, "v" + second);
    stage.schemas.revert(stage.main, "v" + second);
    String third = stage.addVersion();

    assertThat(moveTo("other", third).outcome()).isEqualTo(Outcome.SUCCEEDED);

    assertThat(stage.schemaAt()).containsExactly(first, second, third);
  }

  @Test
  void aCopyMovesAlsoWhenTheInstanceItIsOfAnswersNoMore() throws Exception {
    String first = deployed();
    String second = stage.addVersion();
    stage.schemas.apply(stage.other, "v" + first);
    stage.schemas.silence(stage.main);

    assertThat(moveTo("other", second).outcome()).isEqualTo(Outcome.SUCCEEDED);

    assertThat(stage.schemaAt()).containsExactly(first, second);
  }

  @Test
  void aDatabaseThatNoRecordKnowsIsNotTakenForOneThatIsKnown() throws Exception {
    String first = deployed();
    String second = stage.addVersion();
    assertThat(moveTo("other", second).succeeded()).isTrue();
    // Somebody has made it anew meanwhile, and used it.
    stage.schemas.revert(stage.main, "v" + first);
    stage.schemas.apply(stage.main, "somebody else's");
    String third = stage.addVersion();

    assertThat(moveTo("main", third).succeeded()).isTrue();

    assertThat(stage.schemaAt()).containsExactly(third);
    OperationView back = rollBackTo(first);
    assertThat(back.cause()).isNotNull();
    assertThat(back.cause().code()).isEqualTo("schema-unknown");
  }

  @Test
  void aDatabaseThatIsAheadIsNotMovedToWithAnEarlierVersion() throws Exception {
    String first = deployed();
    String second = deployed();
    String third = stage.addVersion();
    assertThat(moveTo("other", third).succeeded()).isTrue();

    OperationView end = moveTo("main", first);

    assertThat(end.outcome()).isEqualTo(Outcome.UNDONE);
    assertThat(end.cause()).isNotNull();
    assertThat(end.cause().code()).isEqualTo("schema-ahead");
    assertThat(stage.now().instance()).isEqualTo(stage.other);
    assertThat(stage.record(stage.main).versions()).containsExactly(first, second);
  }

  @Test
  void whatAMoveThatFailedHasChangedIsKnownWhenItIsTriedAgain() throws Exception {
    String first = deployed();
    String second = stage.addVersion();
    comesTo(second, "migrate", new CommandRun.Exited(1));
    stage.halfway.add(second);
    assertThat(moveTo("other", second).outcome()).isEqualTo(Outcome.UNDONE);
    assertThat(stage.schemaAt()).containsExactly(first);
    assertThat(stage.record(stage.other).versions()).containsExactly(second);
    String third = stage.addVersion();

    assertThat(moveTo("other", third).succeeded()).isTrue();

    assertThat(stage.schemaAt()).containsExactly(second, third);
  }

  @Test
  void migrationsThatEndedHalfwayAreGoneOnWithWhenTheVersionIsTriedAgain() throws Exception {
    deployed();
    String second = stage.addVersion();
    comesTo(second, "migrate", new CommandRun.Exited(1));
    stage.halfway.add(second);
    assertThat(moveTo("other", second).outcome()).isEqualTo(Outcome.UNDONE);
    assertThat(stage.record(stage.other).changed(second)).as("not known to be all").isEmpty();
    comesTo(second, "migrate", new CommandRun.Exited(0));

    assertThat(moveTo("other", second).succeeded()).isTrue();

    assertThat(stage.record(stage.other).changed(second))
        .as("the first half counts, though the second run changed nothing")
        .contains(true);
  }

  /// Version two is brought up on both instances, so its folder is last for the other one.
  @Test
  void migrationsAreUndoneWhereTheApplicationIsWhateverTheirFolderWasMadeFor() throws Exception {
    String first = deployed();
    String second = deployed();
    String third = stage.addVersion();
    assertThat(moveTo("other", third).succeeded()).isTrue();
    assertThat(run(stage.deploy(second)).succeeded()).isTrue();
    assertThat(stage.schemas.at(stage.other)).containsExactly("v" + second, "v" + third);
    String fourth = stage.addVersion();
    assertThat(moveTo("main", fourth).succeeded()).isTrue();

    OperationView back = rollBackTo(first);

    assertThat(back.succeeded()).as(back.toString()).isTrue();
    assertThat(stage.schemas.at(stage.main)).containsExactly("v" + first);
    assertThat(stage.schemas.at(stage.other)).containsExactly("v" + second, "v" + third);
  }

  @Test
  void aVersionThatServesIsNotMovedUnderItsExecutors() throws Exception {
    String first = deployed();

    OperationView end = moveTo("other", first);

    assertThat(end.cause()).isNotNull();
    assertThat(end.cause().code()).isEqualTo("version-in-use");
    assertThat(stage.now().instance()).isEqualTo(stage.main);
    assertThat(stage.bound.values()).containsExactly(stage.main);
  }

  @Test
  void whatCannotMoveStaysAndReleasesTheOtherInstance() throws Exception {
    String first = deployed();
    String second = stage.addVersion();
    comesTo(second, "migrate", new CommandRun.Exited(1));

    OperationView end = moveTo("other", second);

    assertThat(end.outcome()).isEqualTo(Outcome.UNDONE);
    assertThat(stage.now().instance()).isEqualTo(stage.main);
    assertThat(stage.now().serving()).isEqualTo(first);
    assertThat(stage.schemaAt()).containsExactly(first);
    assertThat(stage.bound.values()).containsExactly(stage.main);
  }

  @Test
  void anUploadedRollBackTakesTheNewestMigrationBack() throws Exception {
    String first = deployed();
    String second = deployed();
    String third = stage.addVersion();
    stage.undoes.put(third, second);

    OperationView end =
        run(
            stage.request(
                DeployVersion.KIND,
                new DeployVersion.Input(
                    stage.name, third, DeployVersion.Mode.ROLL_BACK_UPLOAD, false, false)));

    assertThat(end.succeeded()).as(end.toString()).isTrue();
    assertThat(stage.now().serving()).isEqualTo(third);
    assertThat(stage.schemaAt()).containsExactly(first, third);
    assertThat(stage.schemas.at(stage.main)).containsExactly("v" + first);
  }

  @Test
  void aVersionTheSchemaHasLeftBehindIsNotDeployedAgain() throws Exception {
    String first = deployed();
    deployed();

    OperationView end = run(stage.deploy(first));

    assertThat(end.outcome()).isEqualTo(Outcome.UNDONE);
    assertThat(end.cause()).isNotNull();
    assertThat(end.cause().code()).isEqualTo("schema-ahead");
  }

  @Test
  void noPasswordRestsInAnOperation() throws Exception {
    deployed();
    String sealed =
        stage.accesses.find(stage.application, stage.main).orElseThrow().sealedPassword();
    String password = DeployStage.unsealed(stage.application, stage.main, sealed);

    assertThat(password).matches("[A-Za-z0-9]{32}");
    assertThat(
            DATABASE.text(
                "select string_agg(o::text, '') from operation o where subject = '%s'"
                    .formatted(stage.application)))
        .isNotBlank()
        .doesNotContain(password);
    assertThat(DATABASE.text("select string_agg(o::text, '') from outbox o"))
        .isNotBlank()
        .doesNotContain(password);
  }
}
