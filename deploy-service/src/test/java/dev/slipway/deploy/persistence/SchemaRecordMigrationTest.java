package dev.slipway.deploy.persistence;

import static org.assertj.core.api.Assertions.assertThat;

import dev.slipway.common.outbox.Json;
import dev.slipway.deploy.domain.SchemaRecord;
import dev.slipway.deploy.domain.SchemaRecord.Applied;
import dev.slipway.localstack.TestStack;
import java.sql.Connection;
import java.sql.DriverManager;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.Statement;
import java.util.ArrayList;
import java.util.List;
import org.flywaydb.core.Flyway;
import org.flywaydb.core.api.configuration.FluentConfiguration;
import org.junit.jupiter.api.Test;

/// What an installation knew of its applications before there was a record for each database is
/// known after.
final class SchemaRecordMigrationTest {

  private final TestStack stack = TestStack.shared();
  private final String database = stack.createDatabase("before");

  @Test
  void theOneListOfAnApplicationBecomesTheRecordOfTheDatabaseItIsOn() throws SQLException {
    flyway().target("4").load().migrate();
    execute(
        """
        insert into application (id, organization, organization_name, name, language, instance,
          instance_name, database_name, memory_mib, minimum_executors, serving, schema_at,
          operation, created_by)
        values
          ('app_shop', 'org_1', 'acme', 'shop', 'NODE', 'ins_main', 'main', 'shop', 512, 1, '3',
            '{2,1,3,4}', 'dop_1', 'anna'),
          ('app_new', 'org_1', 'acme', 'new', 'NODE', 'ins_main', 'main', 'new', 512, 1, null,
            '{}', 'dop_2', 'anna'),
          ('app_cafe', 'org_2', 'corp', 'cafe', 'NODE', 'ins_else', 'main', 'cafe', 512, 1, '1',
            '{1,9}', 'dop_3', 'bert')""");
    execute(
        """
        insert into version (application, id, archive, manifest, migrated, operation, created_by)
        values
          ('app_shop', '1', 'a', '{}', false, 'dop_4', 'anna'),
          ('app_shop', '2', 'b', '{}', true, 'dop_5', 'anna'),
          ('app_shop', '3', 'c', '{}', true, 'dop_6', 'anna'),
          ('app_shop', '4', 'd', null, null, 'dop_7', 'anna'),
          ('app_cafe', '1', 'e', null, true, 'dop_8', 'bert')""");
    execute(
        """
        insert into executor (id, application, version, host, port, admin_port, memory_mib, duty,
          since)
        values
          ('exe_1', 'app_shop', '3', 'localhost', 1, 2, 512, 'SERVING', clock_timestamp()),
          ('exe_2', 'app_shop', '2', 'localhost', 3, 4, 512, 'DRAINING', clock_timestamp())""");

    flyway().load().migrate();

    assertThat(texts("select application || ' ' || instance from schema_record order by 1"))
        .containsExactly("app_cafe ins_else", "app_shop ins_main");
    assertThat(record("app_shop"))
        .as("in its order; what of it was changed is known of the versions that are kept")
        .isEqualTo(
            new SchemaRecord(
                List.of(
                    new Applied("2", true, null),
                    new Applied("1", false, null),
                    new Applied("3", true, null),
                    new Applied("4", null, null))));
    assertThat(record("app_cafe"))
        .as("one that is kept no more may have changed something")
        .isEqualTo(
            new SchemaRecord(List.of(new Applied("1", true, null), new Applied("9", null, null))));
    assertThat(
            texts(
                "select application || ' ' || id || ' ' || coalesce(ready_for, '-') from version order by 1"))
        .as("those that run, and one that is to but was never read")
        .containsExactly(
            "app_cafe 1 -",
            "app_shop 1 -",
            "app_shop 2 ins_main",
            "app_shop 3 ins_main",
            "app_shop 4 -");
  }

  private SchemaRecord record(String application) throws SQLException {
    return Json.readStored(
        texts("select record from schema_record where application = '%s'".formatted(application))
            .getFirst(),
        SchemaRecord.class);
  }

  private FluentConfiguration flyway() {
    return Flyway.configure()
        .dataSource(
            stack.jdbcUrl(database), stack.databaseUser(database), stack.databasePassword(database))
        .locations("classpath:db/kernel", "classpath:db/migration")
        .outOfOrder(true);
  }

  private void execute(String sql) throws SQLException {
    try (Connection connection = connect();
        Statement statement = connection.createStatement()) {
      statement.execute(sql);
    }
  }

  private List<String> texts(String sql) throws SQLException {
    try (Connection connection = connect();
        Statement statement = connection.createStatement();
        ResultSet rows = statement.executeQuery(sql)) {
      List<String> texts = new ArrayList<>();
      while (rows.next()) {
        texts.add(rows.getString(1));
      }
      return texts;
    }
  }

  private Connection connect() throws SQLException {
    return DriverManager.getConnection(
        stack.jdbcUrl(database), stack.databaseUser(database), stack.databasePassword(database));
  }
}
