package dev.slipway.deploy.database;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.junit.jupiter.api.Assertions.assertTimeoutPreemptively;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.ObjectMapper;
import dev.slipway.common.crypto.InstallationKeys;
import dev.slipway.common.operation.DriverFailure;
import dev.slipway.deploy.domain.ApplicationDatabases.Catalogue;
import dev.slipway.deploy.domain.ApplicationDatabases.Held;
import dev.slipway.deploy.domain.DatabaseAccess;
import dev.slipway.localstack.TestStack;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.sql.Connection;
import java.sql.DriverManager;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.Statement;
import java.time.Duration;
import java.util.Base64;
import java.util.List;
import java.util.Set;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/// On a real server, as the role that owns the database. It is one of somebody else.
final class ApplicationDatabasesTest {

  private static final String OLDEST =
      """
      create schema dbos;
      create table dbos.workflow_status (workflow_uuid text primary key, status text, name text,
        authenticated_user text, assumed_role text, authenticated_roles text, request text,
        output text, error text, executor_id text, created_at bigint, updated_at bigint,
        application_version text, application_id text, recovery_attempts bigint default 0);
      create table dbos.workflow_inputs (workflow_uuid text primary key, inputs text);
      """;
  private static final String QUEUES =
      OLDEST
          + """
      alter table dbos.workflow_status add class_name text, add config_name text,
        add queue_name text, add workflow_timeout_ms bigint, add workflow_deadline_epoch_ms bigint;
      create table dbos.workflow_queue (workflow_uuid text primary key);
      """;
  private static final String NEWEST =
      QUEUES
          + """
      drop table dbos.workflow_queue; drop table dbos.workflow_inputs;
      alter table dbos.workflow_status add inputs text, add deduplication_id text,
        add started_at_epoch_ms bigint, add priority int;
      """;

  @TempDir Path folder;
  private final TestStack stack = TestStack.shared();
  private String database;
  private JdbcApplicationDatabases databases;
  private DatabaseAccess access;
  private Workflows workflows;

  @BeforeEach
  void make() {
    database = stack.createDatabase("shop");
    InstallationKeys keys = InstallationKeys.open(folder);
    String sealed =
        Base64.getEncoder()
            .encodeToString(
                keys.encrypt(
                    stack.databasePassword(database).getBytes(StandardCharsets.UTF_8),
                    DatabaseAccess.purpose("app_1", "ins_1")));
    databases = new JdbcApplicationDatabases(keys, folder);
    access = access(sealed, stack.postgresPort(), true);
    workflows = new Workflows(databases, () -> java.time.Instant.ofEpochMilli(5000));
  }

  /// @param linked whether it is somebody else's server; the one of these tests has no TLS
  private DatabaseAccess access(String sealedPassword, int port, boolean linked) {
    return new DatabaseAccess(
        "app_1", "ins_1", "127.0.0.1", port, database, sealedPassword, true, linked);
  }

  @Test
  void onlyOneHoldsTheLock() throws Exception {
    try (Held held = databases.lock(access, database)) {
      assertThat(held.catalogue().entries()).isNotNull();
      assertThatThrownBy(() -> databases.lock(access, database))
          .isInstanceOfSatisfying(
              DriverFailure.Transient.class,
              failure -> assertThat(failure.code()).isEqualTo("locked"));
    }
    databases.lock(access, database).close();
  }

  @Test
  void aServerThatDoesNotAnswerIsUnreachableAndSaysNoMore() {
    var nowhere = access(access.sealedPassword(), 1, true);

    assertThatThrownBy(() -> databases.lock(nowhere, database))
        .isInstanceOfSatisfying(
            DriverFailure.Transient.class,
            failure -> assertThat(failure.code()).isEqualTo("unreachable"))
        .hasMessage("the application's database does not answer");
  }

  @Test
  void anInstanceOfThePlatformThatCannotProveItselfGetsNoPassword() {
    var ours = access(access.sealedPassword(), stack.postgresPort(), false);

    assertThatThrownBy(() -> databases.lock(ours, database))
        .isInstanceOfSatisfying(
            DriverFailure.Transient.class,
            failure -> assertThat(failure.code()).isEqualTo("unreachable"));
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "create table t2 (id int)",
        "alter table t add c text",
        "alter table t alter b type bigint",
        "alter table t alter a set not null",
        "alter table t alter a set default 7",
        "alter table t rename a to renamed",
        "create index on t (a)",
        "alter table t add constraint positive check (a > 0)",
        "create view v as select 1 as one",
        "create or replace view w as select a + 1 as a from t",
        "create function f() returns int language sql as 'select 1'",
        "create type mood as enum ('ok')",
        "create schema other",
        "create sequence s",
        "alter table t enable row level security",
        "insert into knex_migrations (name) values ('2')",
        "drop table t cascade"
      })
  void everythingThatAMigrationChangesIsSeen(String change) throws Exception {
    execute(
        "create table t (a int, b int); create view w as select a from t;"
            + "create table knex_migrations (id serial, name text)");
    Catalogue before = catalogue();
    assertThat(catalogue()).isEqualTo(before);

    execute(change);

    assertThat(catalogue().digest()).isNotEqualTo(before.digest());
  }

  @Test
  void theTextOfAFunctionIsReadInAMomentHoweverOddItIs() throws Exception {
    execute(
        "create function f() returns text language sql as $$select 'a%sz'$$"
            .formatted(" ".repeat(500_000)));

    assertTimeoutPreemptively(Duration.ofSeconds(20), this::catalogue);
  }

  @Test
  void aSchemaThatIsLongerThanItCanBeHeldIsRefused() throws Exception {
    execute(
        "create function f() returns text language sql as $$select '%s'$$"
            .formatted("a".repeat(5_000_000)));

    assertThatThrownBy(this::catalogue)
        .isInstanceOfSatisfying(
            DriverFailure.Permanent.class,
            failure -> assertThat(failure.code()).isEqualTo("schema-too-large"));
  }

  @Test
  void whoHoldsItsTablesHoldsUpNobodyElse() throws Exception {
    execute(NEWEST);
    try (Connection other = connect();
        Statement statement = other.createStatement()) {
      other.setAutoCommit(false);
      statement.execute("lock table dbos.workflow_status");

      assertTimeoutPreemptively(
          Duration.ofSeconds(10),
          () ->
              assertThatThrownBy(() -> databases.holders(access, database, "1"))
                  .isInstanceOf(DriverFailure.Transient.class));
    }
  }

  @Test
  void aTableCalledMigrationsIsAHistoryOnlyWhereItIsTypeOrms() throws Exception {
    execute(
        "create table migrations (id serial, bird text);"
            + " create schema tool; create table tool.migrations (id serial, \"timestamp\" bigint,"
            + " name text)");
    Catalogue before = catalogue();

    execute("insert into migrations (bird) values ('stork')");
    assertThat(catalogue()).isEqualTo(before);

    execute("insert into tool.migrations (\"timestamp\", name) values (1, 'Notes1')");
    assertThat(catalogue()).isNotEqualTo(before);
  }

  @Test
  void rowsAndTheSdksOwnTablesAreNoChange() throws Exception {
    execute("create table t (a int)");
    Catalogue before = catalogue();

    execute("insert into t values (1); " + NEWEST);

    assertThat(catalogue()).isEqualTo(before);
  }

  @Test
  void theSearchPathOfTheDatabaseChangesNothing() throws Exception {
    execute("create table t (a int)");
    Catalogue before = catalogue();

    execute("alter database %s set search_path = public".formatted(database));

    assertThat(catalogue()).isEqualTo(before);
  }

  @Test
  void whatIsGoneBreaksAndWhatIsNewDoesNot() throws Exception {
    execute(
        "create table users (id int, email text, \"Full Name\" text); create table old (a int);"
            + "create table \"odd. name\" (a int)");
    Catalogue before = catalogue();
    execute(
        "alter table users drop email; alter table users rename \"Full Name\" to full_name;"
            + "alter table users alter id type bigint; drop table old;"
            + "alter table \"odd. name\" rename to plain; create table fresh (a int)");

    assertThat(BreakingChanges.between(before, catalogue()))
        .containsExactly(
            "table public.\"odd. name\" is gone",
            "table public.old is gone",
            "column \"Full Name\" of public.users is gone",
            "column email of public.users is gone");
    assertThat(BreakingChanges.between(before, before)).isEmpty();
  }

  @Test
  void theLockOfAKilledKnexIsFreedAndNamed() throws Exception {
    execute(
        "create table knex_migrations_lock (index serial, is_locked int);"
            + "insert into knex_migrations_lock (is_locked) values (1)");
    try (Held held = databases.lock(access, database)) {
      assertThat(held.clearStaleLocks())
          .singleElement()
          .asString()
          .contains("public.knex_migrations_lock");
      assertThat(held.clearStaleLocks()).isEmpty();
    }
    assertThat(text("select is_locked from knex_migrations_lock")).isEqualTo("0");
  }

  @Test
  void withoutTheSdksTablesNothingIsActive() throws Exception {
    assertThat(databases.activeWorkflows(access, database, "1")).isZero();
    assertThat(workflows.list(access, database, filter("{}"))).isEmpty();
    assertThatThrownBy(() -> workflows.cancel(access, database, "x"))
        .hasMessage("there is no such workflow");
  }

  @Test
  void activeWorkflowsAreThoseOfTheVersion() throws Exception {
    execute(
        NEWEST
            + """
            insert into dbos.workflow_status (workflow_uuid, status, application_version) values
              ('a', 'PENDING', '1'), ('b', 'ENQUEUED', '1'), ('c', 'SUCCESS', '1'),
              ('d', 'PENDING', '2'), ('e', 'PENDING', null), ('f', 'ENQUEUED', null)
            """);

    assertThat(databases.activeWorkflows(access, database, "1")).isEqualTo(3);
    assertThat(databases.activeWorkflows(access, database, "2")).isEqualTo(2);
  }

  @Test
  void activeWorkflowsOfOthersAreNamedOldestFirst() throws Exception {
    assertThat(databases.activeWorkflowsOfOthers(access, database, "2", 10)).isEmpty();
    execute(
        NEWEST
            + """
            insert into dbos.workflow_status (workflow_uuid, status, application_version, created_at)
            values ('a', 'PENDING', '1', 3), ('b', 'ENQUEUED', '1', 2), ('c', 'SUCCESS', '1', 1),
              ('d', 'PENDING', '2', 1), ('e', 'PENDING', null, 4), ('f', 'ENQUEUED', null, 5)
            """);

    assertThat(databases.activeWorkflowsOfOthers(access, database, "2", 10))
        .containsExactly("b", "a", "e");
    assertThat(databases.activeWorkflowsOfOthers(access, database, "2", 1)).containsExactly("b");
  }

  @Test
  void guardThatNobodyMadeOrThatIsTheApplicationsOwnIsNone() throws Exception {
    try (Held held = databases.lock(access, database)) {
      assertThat(held.guard()).isFalse();
      held.unguard();
      assertThat(held.refused()).isEmpty();
      execute(
          "create schema slipway; create function slipway.guard() returns int language sql"
              + " as 'select 1'");
      assertThat(held.guard()).isFalse();
    }
  }

  @ParameterizedTest
  @ValueSource(strings = {"OLDEST", "QUEUES", "NEWEST"})
  void workflowsAreListedWhateverTheLayout(String layout) throws Exception {
    prepare(layout);

    assertThat(ids("{\"limit\":10,\"offset\":null}")).containsExactly("a", "b", "c");
    assertThat(ids("{\"limit\":2,\"offset\":1}")).containsExactly("b", "c");
    assertThat(ids("{\"limit\":1,\"sort_desc\":true}")).containsExactly("c");
    assertThat(ids("{\"workflow_uuids\":[\"a\",\"x\"]}")).containsExactly("a");
    assertThat(ids("{\"status\":\"MAX_RECOVERY_ATTEMPTS_EXCEEDED\"}")).containsExactly("c");
    assertThat(ids("{\"workflow_name\":\"pay\",\"authenticated_user\":\"ann\"}"))
        .containsExactly("a");
    assertThat(ids("{\"start_time\":\"1970-01-01T00:00:02Z\"}")).containsExactly("b", "c");
    assertThat(ids("{\"end_time\":\"1970-01-01 00:00:02\"}")).containsExactly("a", "b");
    assertThat(ids("{\"application_version\":\"1\"}")).containsExactly("a", "b", "c");
    assertThat(ids("{\"queue_name\":\"q\"}")).hasSize(layout.equals("OLDEST") ? 0 : 1);
    assertThat(workflows.queued(access, database, filter("{}")))
        .hasSize(layout.equals("OLDEST") ? 0 : 1);
    assertThat(workflows.list(access, database, filter("{}")).getFirst())
        .satisfies(
            first -> {
              assertThat(first.input()).isEqualTo("[1]");
              assertThat(first.createdAt()).isEqualTo(1000);
              assertThat(first.appVersion()).isEqualTo("1");
            });
  }

  @ParameterizedTest
  @ValueSource(strings = {"OLDEST", "QUEUES", "NEWEST"})
  void workflowsAreChangedWhateverTheLayout(String layout) throws Exception {
    prepare(layout);

    workflows.cancel(access, database, "a");
    assertThat(status("a")).isEqualTo("CANCELLED");
    workflows.cancel(access, database, "b");
    assertThat(status("b")).isEqualTo("CANCELLED");
    workflows.cancel(access, database, "c");
    assertThat(status("c")).isEqualTo("RETRIES_EXCEEDED");
    assertThat(workflows.queued(access, database, filter("{\"status\":\"CANCELLED\"}"))).isEmpty();

    String toRun = layout.equals("NEWEST") ? "ENQUEUED" : "PENDING";
    workflows.resume(access, database, "c");
    assertThat(status("c")).isEqualTo(toRun);
    assertThat(inInternalQueue(layout)).isEqualTo(layout.equals("NEWEST") ? "c" : "");
    assertThat(text("select recovery_attempts from dbos.workflow_status where workflow_uuid = 'c'"))
        .isEqualTo("0");
    execute("update dbos.workflow_status set status = 'SUCCESS' where workflow_uuid = 'a'");
    workflows.resume(access, database, "a");
    assertThat(status("a")).isEqualTo("SUCCESS");

    String copy = "copy-of-a";
    for (int twice = 0; twice < 2; twice++) {
      workflows.restart(access, database, "a", copy, layout.equals("NEWEST") ? "2" : null);
    }
    assertThat(workflows.list(access, database, filter("{\"workflow_ids\":\"" + copy + "\"}")))
        .singleElement()
        .satisfies(
            copied -> {
              assertThat(copied.status()).isEqualTo(toRun);
              assertThat(copied.input()).isEqualTo("[1]");
              assertThat(copied.workflowName()).isEqualTo("pay");
              assertThat(copied.createdAt()).isEqualTo(5000);
              assertThat(copied.output()).isNull();
              assertThat(copied.appVersion()).isEqualTo(layout.equals("NEWEST") ? "2" : "1");
            });
    assertThat(inInternalQueue(layout)).isEqualTo(layout.equals("NEWEST") ? "c copy-of-a" : "");
  }

  /// What executors of the newest SDKs take by themselves.
  private String inInternalQueue(String layout) throws SQLException {
    return layout.equals("OLDEST")
        ? ""
        : text(
            "select coalesce(string_agg(workflow_uuid, ' ' order by created_at), '') from dbos.workflow_status"
                + " where queue_name = '_dbos_internal_queue'");
  }

  @ParameterizedTest
  @ValueSource(strings = {"OLDEST", "QUEUES"})
  void whatIsResumedIsNobodysUntilItIsHandedOver(String layout) throws Exception {
    prepare(layout);
    workflows.resume(access, database, "c");
    assertThat(databases.holders(access, database, "1")).contains("slipway");
    assertThat(databases.holders(access, database, "other")).isEmpty();

    databases.handOver(access, database, "1", Set.of("slipway"), "exe_1.2.0");

    assertThat(databases.holders(access, database, "1"))
        .contains("exe_1.2.0")
        .doesNotContain("slipway");
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "[]",
        "{\"limit\":-1}",
        "{\"limit\":1.5}",
        "{\"limit\":\"1\"}",
        "{\"limit\":1e12}",
        "{\"status\":1}",
        "{\"start_time\":\"yesterday\"}",
        "{\"sort_desc\":1}",
        "{\"workflow_uuids\":[1]}",
        "{\"queue_name\":\"a\\u0000\"}"
      })
  void anOddFilterIsRefused(String body) {
    assertThatThrownBy(() -> filter(body)).isInstanceOf(IllegalArgumentException.class);
  }

  @Test
  void aValueInAFilterIsNothingButAValue() throws Exception {
    prepare("NEWEST");

    assertThat(ids("{\"workflow_name\":\"' or '1'='1\"}")).isEmpty();
    assertThat(ids("{\"workflow_uuids\":[\"{a,b}\",\"a\\\",\\\"b\"]}")).isEmpty();
  }

  private void prepare(String layout) throws SQLException {
    String tables =
        switch (layout) {
          case "OLDEST" -> OLDEST;
          case "QUEUES" -> QUEUES;
          default -> NEWEST;
        };
    execute(
        tables
            + """
            insert into dbos.workflow_status (workflow_uuid, status, name, authenticated_user,
              created_at, application_version, recovery_attempts, output) values
              ('a', 'PENDING', 'pay', 'ann', 1000, '1', 3, 'out'),
              ('b', 'ENQUEUED', 'pay', 'bob', 2000, '1', 0, null),
              ('c', 'RETRIES_EXCEEDED', 'ship', 'ann', 3000, '1', 50, null)
            """);
    execute(
        layout.equals("NEWEST")
            ? "update dbos.workflow_status set inputs = '[1]'"
            : "insert into dbos.workflow_inputs select workflow_uuid, '[1]'"
                + " from dbos.workflow_status");
    execute("update dbos.workflow_status set output = null where workflow_uuid = 'b'");
    if (!layout.equals("OLDEST")) {
      execute("update dbos.workflow_status set queue_name = 'q' where workflow_uuid = 'b'");
    }
  }

  private List<String> ids(String filter) throws Exception {
    return workflows.list(access, database, filter(filter)).stream()
        .map(Workflow::workflowId)
        .toList();
  }

  private String status(String workflow) throws Exception {
    return text(
        "select status from dbos.workflow_status where workflow_uuid = '%s'".formatted(workflow));
  }

  private static WorkflowFilter filter(String json) {
    try {
      return WorkflowFilter.parse(new ObjectMapper().readTree(json));
    } catch (JsonProcessingException impossible) {
      throw new IllegalStateException(impossible);
    }
  }

  private Catalogue catalogue() throws Exception {
    try (Held held = databases.lock(access, database)) {
      return held.catalogue();
    }
  }

  private void execute(String sql) throws SQLException {
    try (Connection connection = connect();
        Statement statement = connection.createStatement()) {
      statement.execute(sql);
    }
  }

  private String text(String sql) throws SQLException {
    try (Connection connection = connect();
        Statement statement = connection.createStatement();
        ResultSet row = statement.executeQuery(sql)) {
      row.next();
      return row.getString(1);
    }
  }

  private Connection connect() throws SQLException {
    return DriverManager.getConnection(
        stack.jdbcUrl(database), database, stack.databasePassword(database));
  }
}
