package dev.slipway.deploy.persistence;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.awaitility.Awaitility.await;

import dev.slipway.common.operation.KernelDatabase;
import dev.slipway.common.operation.Transactions;
import dev.slipway.common.outbox.Json;
import dev.slipway.deploy.domain.Application;
import dev.slipway.deploy.domain.Applications;
import dev.slipway.deploy.domain.DatabaseAccess;
import dev.slipway.deploy.domain.DatabaseAccesses;
import dev.slipway.deploy.domain.Executor;
import dev.slipway.deploy.domain.Executors;
import dev.slipway.deploy.domain.Language;
import dev.slipway.deploy.domain.Manifest;
import dev.slipway.deploy.domain.SchemaRecord;
import dev.slipway.deploy.domain.SchemaRecords;
import dev.slipway.deploy.domain.Secrets;
import dev.slipway.deploy.domain.Version;
import dev.slipway.deploy.domain.Versions;
import java.sql.Connection;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.Statement;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.concurrent.Callable;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Future;
import java.util.concurrent.FutureTask;
import java.util.concurrent.TimeUnit;
import java.util.stream.IntStream;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

class RegistersTest {

  private static final Manifest MANIFEST =
      new Manifest(
          Language.NODE,
          Manifest.PackageManager.NPM_LOCKED,
          null,
          false,
          "4.27.6",
          List.of(),
          true,
          List.of("npx knex migrate:latest"),
          List.of("npx knex migrate:rollback"),
          List.of("node dist/main.js"),
          "shop_data",
          Map.of("COLOUR", "blue"),
          true);

  private static Transactions transactions;
  private static Applications applications;
  private static Versions versions;
  private static SchemaRecords records;
  private static Executors executors;
  private static Secrets secrets;
  private static DatabaseAccesses accesses;

  private Application shop = Samples.application("org_nobody", "nothing");

  @BeforeAll
  static void migrate() {
    transactions = KernelDatabase.fresh("classpath:db/migration").transactions();
    applications = new ApplicationTable(transactions);
    versions = new VersionTable(transactions);
    records = new SchemaRecordTable(transactions);
    executors = new ExecutorTable(transactions);
    secrets = new SecretTable(transactions);
    accesses = new DatabaseAccessTable(transactions);
  }

  @BeforeEach
  void addShop() {
    applications.all().forEach(application -> applications.remove(application.id()));
    shop = Samples.application("org_acme", "shop");
    applications.add(shop);
  }

  @Test
  void applicationsAreReadAsTheyWereWritten() {
    assertThat(applications.byId(shop.id())).contains(shop);
    assertThat(applications.find("org_acme", "shop")).contains(shop);
    assertThat(applications.find("org_other", "shop")).isEmpty();
    assertThat(applications.count("org_acme")).isEqualTo(1);
    assertThat(applications.count("org_other")).isZero();
  }

  @Test
  void listsAreInTheOrderOfNamesAndOfOneOrganization() {
    applications.add(Samples.application("org_acme", "s-hop"));
    applications.add(Samples.application("org_acme", "blog"));
    applications.add(Samples.application("org_other", "shop", "ins_other", "shop"));

    List<Application> found = applications.list("org_acme");

    assertThat(found).extracting(Application::name).containsExactly("blog", "s-hop", "shop");
    assertThat(applications.all()).hasSize(4);
  }

  @Test
  void namesAndDatabasesAreTakenOnce() throws SQLException {
    Application sameName = Samples.application("org_acme", "shop", "ins_2", "other");
    Application sameDatabase = Samples.application("org_acme", "shop2", "ins_main", "shop");
    Application elsewhere = Samples.application("org_acme", "shop3", "ins_2", "shop");

    transactions.inNew(
        connection -> {
          assertThatThrownBy(() -> applications.add(sameName))
              .isInstanceOf(IllegalStateException.class);
          assertThatThrownBy(() -> applications.add(sameDatabase))
              .isInstanceOf(IllegalStateException.class);
          // The transaction is still good for something.
          applications.add(elsewhere);
          return elsewhere;
        });

    assertThat(applications.list("org_acme"))
        .extracting(Application::name)
        .containsExactly("shop", "shop3");
  }

  @Test
  void changesOfAnApplicationDoNotTouchEachOther() {
    applications.configure(shop.id(), 1024, 2);
    applications.moved(shop.id(), "ins_2", "second");
    long first = applications.serve(shop.id(), "2");
    long second = applications.serve(shop.id(), null);
    long third = applications.serve(shop.id(), "1");

    assertThat(List.of(first, second, third)).containsExactly(1L, 2L, 3L);
    Application now = applications.byId(shop.id()).orElseThrow();
    assertThat(now.memoryMib()).isEqualTo(1024);
    assertThat(now.minimumExecutors()).isEqualTo(2);
    assertThat(now.instance()).isEqualTo("ins_2");
    assertThat(now.instanceName()).isEqualTo("second");
    assertThat(now.serving()).isEqualTo("1");
    assertThat(now.routeRevision()).isEqualTo(3);
  }

  @Test
  void renamingRaisesTheRevisionOnce() {
    applications.add(Samples.application("org_renamed", "shop", "ins_other", "shop"));

    List<Application> renamed = applications.renamed("org_renamed", "acme2");
    List<Application> again = applications.renamed("org_renamed", "acme2");

    assertThat(renamed).hasSize(1);
    assertThat(renamed.getFirst().organizationName()).isEqualTo("acme2");
    assertThat(renamed.getFirst().routeRevision()).isEqualTo(1);
    assertThat(again).isEmpty();
  }

  @Test
  void whatWasAskedForBeforeARenamingHasTheNewName() {
    applications.renamed("org_early", "acme2");
    applications.renamed("org_early", "acme3");

    Application late = Samples.application("org_early", "late");
    applications.add(late);

    assertThat(applications.byId(late.id()).orElseThrow().organizationName()).isEqualTo("acme3");
  }

  @Test
  void whatIsAddedDuringARenamingHasTheNewName() throws Exception {
    Application late = Samples.application("org_late", "late");
    FutureTask<Void> adding =
        new FutureTask<>(
            () -> {
              applications.add(late);
              return null;
            });
    transactions.inNew(
        connection -> {
          applications.renamed("org_late", "acme2");
          Thread.ofVirtual().start(adding);
          await().pollInSameThread().until(() -> isWaitedFor(connection));
          return late;
        });
    adding.get(20, TimeUnit.SECONDS);

    assertThat(applications.byId(late.id()).orElseThrow().organizationName()).isEqualTo("acme2");
  }

  private static boolean isWaitedFor(Connection connection) throws SQLException {
    try (Statement select = connection.createStatement();
        ResultSet row =
            select.executeQuery(
                """
                select exists (
                  select from pg_locks join pg_database on pg_database.oid = database
                  where datname = current_database() and locktype = 'advisory' and not granted)""")) {
      return row.next() && row.getBoolean(1);
    }
  }

  @Test
  void versionsRiseAndAreNeverGivenTwice() throws Exception {
    Version newest = versions.add(shop.id(), "aa", "dop_1", "anna");
    versions.remove(shop.id(), newest.id());
    Callable<String> add = () -> versions.add(shop.id(), "bb", "dop_2", "anna").id();
    List<String> added;
    try (ExecutorService threads =
        java.util.concurrent.Executors.newVirtualThreadPerTaskExecutor()) {
      List<Future<String>> futures =
          IntStream.range(0, 20).mapToObj(number -> threads.submit(add)).toList();
      added = futures.stream().map(RegistersTest::joined).toList();
    }

    assertThat(added).doesNotHaveDuplicates().allMatch(id -> higher(id, newest.id()));
    assertThat(versions.list(shop.id()))
        .extracting(Version::id)
        .containsExactlyElementsOf(
            added.stream().sorted((one, other) -> higher(one, other) ? -1 : 1).toList());
  }

  private static String joined(Future<String> future) {
    try {
      return future.get();
    } catch (ExecutionException | InterruptedException failure) {
      throw new AssertionError(failure);
    }
  }

  private static boolean higher(String one, String other) {
    return Long.parseLong(one) > Long.parseLong(other);
  }

  @Test
  void aVersionLearnsWhatItIs() {
    String id = versions.add(shop.id(), "aa", "dop_1", "anna").id();
    Version fresh = versions.find(shop.id(), id).orElseThrow();
    versions.read(shop.id(), id, MANIFEST);
    versions.ready(shop.id(), id, "ins_2");
    versions.deployed(shop.id(), id);

    assertThat(fresh.manifest()).isNull();
    assertThat(fresh.readyFor()).isNull();
    assertThat(fresh.deployed()).isFalse();
    Version now = versions.find(shop.id(), id).orElseThrow();
    assertThat(Json.readStored(Objects.requireNonNull(now.manifest()), Manifest.class))
        .isEqualTo(MANIFEST);
    assertThat(now.readyFor()).isEqualTo("ins_2");
    assertThat(now.deployed()).isTrue();
    assertThat(now.archive()).isEqualTo("aa");
    assertThat(now.createdBy()).isEqualTo("anna");
    assertThat(versions.archives()).containsExactly("aa");
  }

  @Test
  void executorsHaveADutyAndAreObserved() {
    Executor one = Samples.executor(shop.id(), "1", 29000);
    Executor two = Samples.executor(shop.id(), "2", 29002);
    executors.add(one);
    executors.add(two);
    List<Executor> fresh = executors.of(shop.id());
    executors.assign(shop.id(), "1", Executor.Duty.DRAINING);
    executors.observed(one.id(), false, "connection refused");
    executors.observed(two.id(), true, "");

    assertThat(fresh).containsExactly(one, two);
    List<Executor> now = executors.all();
    assertThat(now)
        .extracting(Executor::duty)
        .containsExactly(Executor.Duty.DRAINING, Executor.Duty.STARTING);
    assertThat(now.getFirst().since()).isAfter(one.since());
    assertThat(now).extracting(Executor::up).containsExactly(false, true);
    assertThat(now).extracting(Executor::reason).containsExactly("connection refused", null);
    executors.remove(one.id());
    assertThat(executors.of(shop.id())).extracting(Executor::id).containsExactly(two.id());
  }

  @Test
  void secretsAreReplacedAndListedInTheOrderOfTheAlphabet() {
    secrets.put(shop.id(), "TOKEN", "v1");
    secrets.put(shop.id(), "KEY", "k");
    secrets.put(shop.id(), "TOKEN", "v2");

    assertThat(secrets.names(shop.id())).containsExactly("KEY", "TOKEN");
    assertThat(secrets.sealed(shop.id()))
        .containsExactly(Map.entry("KEY", "k"), Map.entry("TOKEN", "v2"));
    assertThat(secrets.remove(shop.id(), "KEY")).isTrue();
    assertThat(secrets.remove(shop.id(), "KEY")).isFalse();
    assertThat(secrets.names(shop.id())).containsExactly("TOKEN");
  }

  @Test
  void accessesAreOneForEachInstance() {
    DatabaseAccess access =
        new DatabaseAccess(shop.id(), "ins_main", "localhost", 21000, "shop", "sealed", false);
    accesses.put(access);
    accesses.put(new DatabaseAccess(shop.id(), "ins_2", "localhost", 21001, "shop", "s2", false));
    accesses.ensured(shop.id(), "ins_2");
    accesses.put(
        new DatabaseAccess(shop.id(), "ins_main", "127.0.0.1", 21002, "shop", "s3", false));

    assertThat(accesses.find(shop.id(), "ins_main").orElseThrow().sealedPassword()).isEqualTo("s3");
    assertThat(accesses.find(shop.id(), "ins_main").orElseThrow().port()).isEqualTo(21002);
    assertThat(accesses.find(shop.id(), "ins_2").orElseThrow().ensured()).isTrue();
    accesses.remove(shop.id(), "ins_2");
    assertThat(accesses.find(shop.id(), "ins_2")).isEmpty();
    assertThat(accesses.everywhere(shop.id())).containsExactly("ins_main");
  }

  @Test
  void everyDatabaseHasARecordUntilItsInstanceIsGone() {
    SchemaRecord here = SchemaRecord.NONE.ran("1", true, "one").with("2");
    records.put(shop.id(), "ins_main", SchemaRecord.NONE.with("1"));
    records.put(shop.id(), "ins_main", here);
    records.put(shop.id(), "ins_2", SchemaRecord.NONE.ran("3", false, "three"));

    assertThat(records.at(shop.id(), "ins_main")).isEqualTo(here);
    assertThat(records.at(shop.id(), "ins_3")).isEqualTo(SchemaRecord.NONE);
    records.forget("ins_2");
    assertThat(records.of(shop.id())).isEqualTo(Map.of("ins_main", here));
  }

  @Test
  void everythingOfAnApplicationGoesWithIt() {
    versions.add(shop.id(), "aa", "dop_1", "anna");
    executors.add(Samples.executor(shop.id(), "1", 29000));
    secrets.put(shop.id(), "TOKEN", "v1");
    accesses.put(new DatabaseAccess(shop.id(), "ins_main", "localhost", 1, "shop", "s", true));

    records.put(shop.id(), "ins_main", SchemaRecord.NONE.with("1"));

    applications.remove(shop.id());

    assertThat(records.of(shop.id())).isEmpty();
    assertThat(versions.archives()).isEmpty();
    assertThat(executors.all()).isEmpty();
    assertThat(secrets.names(shop.id())).isEmpty();
    assertThat(accesses.find(shop.id(), "ins_main")).isEmpty();
    assertThat(accesses.everywhere(shop.id())).isEmpty();
    applications.add(Samples.application("org_acme", "shop"));
    assertThat(applications.find("org_acme", "shop")).isPresent();
  }

  @Test
  void whatIsWrittenJoinsTheTransactionOfTheCaller() {
    assertThatThrownBy(
            () ->
                transactions.inNew(
                    connection -> {
                      secrets.put(shop.id(), "TOKEN", "v1");
                      applications.serve(shop.id(), "1");
                      assertThat(applications.byId(shop.id()).orElseThrow().serving())
                          .isEqualTo("1");
                      throw new SQLException("rolled back");
                    }))
        .hasMessage("rolled back");

    assertThat(secrets.names(shop.id())).isEmpty();
    assertThat(applications.byId(shop.id())).contains(shop);
  }
}
