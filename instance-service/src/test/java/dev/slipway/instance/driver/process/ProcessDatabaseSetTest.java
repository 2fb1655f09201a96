package dev.slipway.instance.driver.process;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;

import dev.slipway.common.operation.DriverFailure;
import dev.slipway.common.operation.Fence;
import dev.slipway.instance.driver.DatabaseSet;
import dev.slipway.instance.driver.DatabaseSetContract;
import dev.slipway.instance.driver.InstanceDriver;
import dev.slipway.instance.driver.InstanceSpecification;
import dev.slipway.instance.driver.TestPasswords;
import dev.slipway.instance.driver.sql.PlatformConnection;
import dev.slipway.instance.driver.sql.SetSession;
import java.sql.Connection;
import java.sql.DriverManager;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.Statement;
import java.util.ArrayList;
import java.util.List;
import java.util.Properties;
import java.util.Set;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestInstance;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/// The contract inside a real server, seen through clients as an application and its developer
/// have them, and what only a real server can do wrong.
@TestInstance(TestInstance.Lifecycle.PER_CLASS)
@Timeout(value = 15, unit = TimeUnit.MINUTES)
final class ProcessDatabaseSetTest extends DatabaseSetContract {

  @SuppressWarnings("NullAway.Init") // set before the first test
  private ProcessStage stage;

  @SuppressWarnings("NullAway.Init") // set before the first test
  private InstanceSpecification specification;

  @BeforeAll
  void open() throws Exception {
    stage = new ProcessStage();
    specification = stage.specification();
    Fence fence = ProcessStage.fence(specification, 1);
    stage.driver.create(fence, specification);
    stage.driver.start(fence, specification);
    stage.driver.secure(fence, specification, ADMINISTRATOR, verifier(ADMINISTRATORS_PASSWORD));
  }

  @AfterAll
  void close() {
    stage.close();
  }

  @Override
  protected InstanceDriver driver() {
    return stage.driver;
  }

  @Override
  protected InstanceSpecification specification() {
    return specification;
  }

  @Override
  protected boolean signsIn(String role, String password, String database) {
    try (Connection _ = connect(role, password, database)) {
      return true;
    } catch (SQLException e) {
      return false;
    }
  }

  @Override
  protected void changeOwnPassword(String role, String database, String password)
      throws SQLException {
    execute(role, PASSWORD, database, "ALTER ROLE " + role + " PASSWORD '" + password + "'");
  }

  @Override
  protected void makeAsAdministrator(String role, String database) throws SQLException {
    try (Connection connection = connect(ADMINISTRATOR, ADMINISTRATORS_PASSWORD, "postgres");
        Statement statement = connection.createStatement()) {
      statement.execute("CREATE ROLE " + role + " LOGIN");
      statement.execute("GRANT " + role + " TO CURRENT_USER WITH INHERIT TRUE, SET TRUE");
      statement.execute("CREATE DATABASE " + database + " OWNER " + role);
    }
  }

  /// As an application does: TLS verified in full, SCRAM.
  private Connection connect(String role, String password, String database) throws SQLException {
    return connect(role, password, database, "a client");
  }

  private Connection connect(String role, String password, String database, String name)
      throws SQLException {
    var properties = new Properties();
    properties.setProperty("user", role);
    properties.setProperty("password", password);
    properties.setProperty("sslmode", "verify-full");
    properties.setProperty("sslrootcert", stage.authority.authority().toString());
    properties.setProperty("channelBinding", "require");
    properties.setProperty("ApplicationName", name);
    properties.setProperty("connectTimeout", "5");
    properties.setProperty("socketTimeout", "30");
    return DriverManager.getConnection(
        "jdbc:postgresql://" + specification.endpoint() + '/' + database, properties);
  }

  /// As the platform does, which is what a suspended service would still have open.
  private Connection platform(Fence fence) throws SQLException {
    return connect(
        PlatformConnection.SUPERUSER,
        new String(TestPasswords.derive("instance " + specification.instance())),
        "postgres",
        SetSession.nameOf(fence));
  }

  private void execute(String role, String password, String database, String... statements)
      throws SQLException {
    try (Connection connection = connect(role, password, database);
        Statement statement = connection.createStatement()) {
      for (String sql : statements) {
        statement.execute(sql);
      }
    }
  }

  private void asDeveloper(String database, String... statements) throws SQLException {
    execute(ADMINISTRATOR, ADMINISTRATORS_PASSWORD, database, statements);
  }

  private String query(Connection connection, String sql) throws SQLException {
    try (Statement statement = connection.createStatement();
        ResultSet row = statement.executeQuery(sql)) {
      row.next();
      return row.getString(1);
    }
  }

  private String ask(String sql) throws SQLException {
    try (Connection connection = connect(ADMINISTRATOR, ADMINISTRATORS_PASSWORD, "postgres")) {
      return query(connection, sql);
    }
  }

  // ---- What an application and a developer can do

  @Test
  void theRoleMaySignInAndNothingElse() throws Exception {
    DatabaseSet set = set("rights");
    ensure(set, 1, PASSWORD);

    assertThat(
            ask(
                """
                SELECT concat_ws(' ', rolsuper, rolcreatedb, rolcreaterole, rolreplication, rolbypassrls, rolconnlimit)
                FROM pg_roles WHERE rolname = 'rights'"""))
        .isEqualTo("f f f f f 60");
    assertThat(
            ask(
                "SELECT string_agg(datname, ' ' ORDER BY datname) FROM pg_database d"
                    + " JOIN pg_roles r ON r.oid = d.datdba WHERE rolname = 'rights'"))
        .isEqualTo("rights rights_dbos_sys");
  }

  @Test
  void theDeveloperRepairsAsTheOwnerAndTheApplicationCanReadIt() throws Exception {
    DatabaseSet set = set("repaired");
    ensure(set, 1, PASSWORD);
    execute("repaired", PASSWORD, "repaired", "CREATE TABLE orders (id int)");

    asDeveloper(
        "repaired",
        "ALTER TABLE orders ADD COLUMN note text",
        "INSERT INTO orders VALUES (1, 'by hand')",
        "CREATE TABLE added (id int)");

    try (Connection application = connect("repaired", PASSWORD, "repaired")) {
      assertThat(query(application, "SELECT note FROM orders")).isEqualTo("by hand");
      assertThat(query(application, "SELECT count(*) FROM added")).isEqualTo("0");
    }
  }

  @Test
  void theApplicationCannotBecomeTheDeveloperNorWidenItself() throws Exception {
    DatabaseSet set = set("narrow");
    ensure(set, 1, PASSWORD);

    for (String sql :
        new String[] {
          "SET ROLE demo_db",
          "ALTER ROLE narrow CONNECTION LIMIT -1",
          "ALTER ROLE narrow CREATEDB",
          "CREATE DATABASE more",
          "COMMENT ON ROLE narrow IS 'slipway application app_of_somebody_else'"
        }) {
      assertThatExceptionOfType(SQLException.class)
          .as(sql)
          .isThrownBy(() -> execute("narrow", PASSWORD, "narrow", sql));
    }
  }

  @Test
  void theRowsOfADeletedApplicationAreThoseOfItsHeir() throws Exception {
    DatabaseSet first = set("heirloom");
    ensure(first, 1, PASSWORD);
    execute(
        "heirloom",
        PASSWORD,
        "heirloom",
        "CREATE TABLE orders (note text)",
        "INSERT INTO orders VALUES ('from before')");

    ensure(set("heirloom").inheritedFrom(Set.of(first.application())), 1, "another");

    try (Connection application = connect("heirloom", "another", "heirloom")) {
      assertThat(query(application, "SELECT note FROM orders")).isEqualTo("from before");
    }
  }

  // ---- The guard of migrations

  private List<String> refused(String database) throws SQLException {
    try (Connection application = connect(database, PASSWORD, database);
        Statement statement = application.createStatement();
        ResultSet rows = statement.executeQuery("SELECT slipway.refused()")) {
      List<String> refused = new ArrayList<>();
      while (rows.next()) {
        refused.add(rows.getString(1));
      }
      return refused;
    }
  }

  private void guarded(String name) throws Exception {
    ensure(set(name), 1, PASSWORD);
    execute(
        name,
        PASSWORD,
        name,
        "CREATE TABLE users (id int, email text, \"Full Name\" text)",
        "CREATE TABLE old (a int)",
        "SELECT slipway.guard()");
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      value = {
        "drop_column | ALTER TABLE users DROP email | column email of public.users",
        "rename_column | ALTER TABLE users RENAME \"Full Name\" TO n | column \"Full Name\" of public.users",
        "drop_table | DROP TABLE old CASCADE | table public.old",
        "rename_table | ALTER TABLE old RENAME TO older | table public.old",
        "move_table | CREATE SCHEMA s; ALTER TABLE old SET SCHEMA s | table public.old",
        "drop_two | DROP TABLE old, users | table public.old, table public.users",
        "in_a_block | DO $$BEGIN EXECUTE 'DROP TABLE old'; END$$ | table public.old"
      })
  void whatAGuardedDatabaseHadCanNeitherBeDroppedNorRenamed(
      String name, String migration, String refusedAs) throws Exception {
    guarded(name);

    assertThatExceptionOfType(SQLException.class)
        .isThrownBy(
            () ->
                execute(
                    name,
                    PASSWORD,
                    name,
                    "BEGIN; CREATE TABLE fresh (a int); " + migration + "; COMMIT"))
        .withMessageContaining(refusedAs);

    assertThat(String.join(", ", refused(name))).isEqualTo(refusedAs);
    try (Connection application = connect(name, PASSWORD, name)) {
      assertThat(query(application, "SELECT count(*) FROM users, old")).isEqualTo("0");
      assertThat(query(application, "SELECT to_regclass('fresh')"))
          .as("the migration's transaction is taken back")
          .isNull();
    }
  }

  @Test
  void whatIsNewMayBeChangedUnderTheGuardAndEverythingAfterIt() throws Exception {
    guarded("guard_new");

    execute(
        "guard_new",
        PASSWORD,
        "guard_new",
        "CREATE TABLE fresh (a int, b int)",
        "ALTER TABLE fresh DROP b",
        "ALTER TABLE users ADD COLUMN age int",
        "ALTER TABLE users ALTER id TYPE bigint",
        "DROP TABLE fresh");
    List<String> none = refused("guard_new");
    execute(
        "guard_new", PASSWORD, "guard_new", "SELECT slipway.unguard()", "DROP TABLE old, users");

    assertThat(none).isEmpty();
  }

  @Test
  void theApplicationCannotRemoveTheGuardNorMakeOneThatThePlatformWouldTrust() throws Exception {
    guarded("guard_kept");
    for (String sql :
        new String[] {
          "DROP EVENT TRIGGER slipway_guard",
          "ALTER EVENT TRIGGER slipway_guard DISABLE",
          "DROP SCHEMA slipway CASCADE",
          "CREATE OR REPLACE FUNCTION slipway.refused() RETURNS SETOF text LANGUAGE sql AS 'SELECT 1::text'",
          "DELETE FROM slipway.guarded",
          "CREATE TABLE slipway.mine (a int)"
        }) {
      assertThatExceptionOfType(SQLException.class)
          .as(sql)
          .isThrownBy(() -> execute("guard_kept", PASSWORD, "guard_kept", sql));
    }
    DatabaseSet odd = set("guard_odd");
    ensure(odd, 1, PASSWORD);
    execute(
        "guard_odd",
        PASSWORD,
        "guard_odd",
        "ALTER DATABASE guard_odd SET role = guard_odd",
        "ALTER DATABASE guard_odd SET default_transaction_read_only = on");

    ensure(odd, 2, PASSWORD);

    assertThat(signsIn("guard_odd", PASSWORD, "guard_odd")).isTrue();
  }

  // ---- What can be in the way

  @Test
  void openConnectionsAreEndedByADrop() throws Exception {
    DatabaseSet set = set("connected");
    ensure(set, 1, PASSWORD);

    try (Connection application = connect("connected", PASSWORD, "connected");
        Connection developer =
            connect(ADMINISTRATOR, ADMINISTRATORS_PASSWORD, "connected_dbos_sys")) {
      drop(set, 2);

      assertThat(application.isValid(5)).isFalse();
      assertThat(developer.isValid(5)).isFalse();
    }
  }

  @Test
  void aDatabaseThatIsATemplateIsDroppedToo() throws Exception {
    DatabaseSet set = set("template_shop");
    ensure(set, 1, PASSWORD);
    asDeveloper("postgres", "ALTER DATABASE template_shop IS_TEMPLATE true");

    drop(set, 2);

    assertThat(ask("SELECT count(*) FROM pg_database WHERE datname LIKE 'template_shop%'"))
        .isEqualTo("0");
  }

  @Test
  void aDatabaseThatTheDeveloperHasRenamedOutlivesTheDropAsTheDevelopers() throws Exception {
    DatabaseSet set = set("renamed");
    ensure(set, 1, PASSWORD);
    asDeveloper(
        "postgres",
        "ALTER DATABASE renamed OWNER TO demo_db",
        "ALTER DATABASE renamed RENAME TO kept_by_hand");

    drop(set, 2);

    assertThat(
            ask(
                "SELECT rolname FROM pg_database d JOIN pg_roles r ON r.oid = d.datdba"
                    + " WHERE datname = 'kept_by_hand'"))
        .isEqualTo(ADMINISTRATOR);
    assertThat(ask("SELECT count(*) FROM pg_roles WHERE rolname = 'renamed'")).isEqualTo("0");
  }

  @Test
  void whatTheRoleOwnsElsewhereBecomesTheDevelopers() throws Exception {
    DatabaseSet set = set("elsewhere");
    ensure(set, 1, PASSWORD);
    asDeveloper(
        "postgres",
        "CREATE SCHEMA yard",
        "CREATE TABLE yard.outside (id int)",
        "GRANT CREATE ON SCHEMA yard TO elsewhere",
        "ALTER TABLE yard.outside OWNER TO elsewhere");

    drop(set, 2);

    assertThat(ask("SELECT tableowner FROM pg_tables WHERE tablename = 'outside'"))
        .isEqualTo(ADMINISTRATOR);
  }

  @Test
  void aSearchPathOfTheDevelopersLeadsThePlatformNowhere() throws Exception {
    DatabaseSet set = set("trapped");
    asDeveloper(
        "postgres",
        "CREATE SCHEMA trap",
        "CREATE VIEW trap.pg_roles AS SELECT 'trapped'::name AS rolname, 0::oid AS oid",
        "CREATE VIEW trap.pg_database AS SELECT 'trapped'::name AS datname, 0::oid AS datdba, 0 AS datconnlimit");
    try (Connection platform = platform(new Fence(set.subject(), 1));
        Statement statement = platform.createStatement()) {
      statement.execute("ALTER DATABASE postgres SET search_path TO trap, pg_catalog");
    }

    ensure(set, 1, PASSWORD);

    assertThat(signsIn("trapped", PASSWORD, "trapped")).isTrue();
    try (Connection platform = platform(new Fence(set.subject(), 1));
        Statement statement = platform.createStatement()) {
      statement.execute("ALTER DATABASE postgres RESET search_path");
    }
  }

  // ---- Fencing of what is done outside of any transaction

  /// A service that was suspended between its look and its CREATE DATABASE, overtaken by a drop,
  /// and goes on.
  @Test
  void aCreateThatComesAfterADropHasOvertakenItMakesNothing() throws Exception {
    DatabaseSet set = set("overtaken");
    Fence early = fence(set, 1);
    try (Connection suspended = platform(early)) {
      SetSession.open(suspended, early, set, PlatformConnection::raise);

      drop(set, 2);

      assertThatExceptionOfType(SQLException.class)
          .isThrownBy(
              () -> {
                try (Statement statement = suspended.createStatement()) {
                  statement.execute("CREATE DATABASE overtaken");
                }
              });
    }
    assertThat(ask("SELECT count(*) FROM pg_database WHERE datname = 'overtaken'")).isEqualTo("0");
  }

  @Test
  void aNewSessionOfWhoWasOvertakenIsRefused() throws Exception {
    DatabaseSet set = set("awoken");
    drop(set, 2);
    Fence early = fence(set, 1);

    try (Connection awoken = platform(early)) {
      assertThatExceptionOfType(DriverFailure.Fenced.class)
          .isThrownBy(() -> SetSession.open(awoken, early, set, PlatformConnection::raise));
    }
  }

  @Test
  void twoCallsOfOneEpochDoNotActAtTheSameTime() throws Exception {
    DatabaseSet set = set("busy");
    Fence fence = fence(set, 3);
    try (Connection first = platform(fence)) {
      SetSession.open(first, fence, set, PlatformConnection::raise);

      assertThatExceptionOfType(DriverFailure.Transient.class)
          .isThrownBy(() -> ensure(set, 3, PASSWORD))
          .extracting(DriverFailure::code)
          .isEqualTo("busy");
      assertThatExceptionOfType(DriverFailure.Fenced.class)
          .isThrownBy(() -> ensure(set, 2, PASSWORD));
    }
  }

  @Test
  void aDeveloperWhoTakesTheLockKeepsNobodyOut() throws Exception {
    DatabaseSet set = set("blocked");
    try (Connection developer =
            connect(
                ADMINISTRATOR,
                ADMINISTRATORS_PASSWORD,
                "postgres",
                SetSession.nameOf(fence(set, 1_000_000)));
        Statement statement = developer.createStatement()) {
      statement.execute("SELECT pg_advisory_lock(hashtextextended('" + set.subject() + "', 0))");

      ensure(set, 1, PASSWORD);
    }
    assertThat(signsIn("blocked", PASSWORD, "blocked")).isTrue();
  }

  /// A drop that the server cut off leaves a database that can only be dropped.
  @Test
  void aHalfDroppedDatabaseIsMadeAnew() throws Exception {
    DatabaseSet set = set("broken");
    ensure(set, 1, PASSWORD);
    try (Connection platform = platform(fence(set, 1));
        Statement statement = platform.createStatement()) {
      statement.execute(
          "UPDATE pg_database SET datconnlimit = -2 WHERE datname = 'broken_dbos_sys'");
    }

    ensure(set, 2, PASSWORD);

    assertThat(signsIn("broken", PASSWORD, "broken_dbos_sys")).isTrue();
  }
}
