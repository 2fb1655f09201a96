package dev.slipway.common.operation;

import dev.slipway.localstack.TestStack;
import io.agroal.api.AgroalDataSource;
import io.agroal.api.configuration.supplier.AgroalPropertiesReader;
import io.agroal.api.exceptionsorter.PostgreSQLExceptionSorter;
import java.sql.Connection;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.Statement;
import java.util.Map;
import javax.sql.DataSource;
import org.flywaydb.core.Flyway;
import org.jspecify.annotations.Nullable;

/// A fresh database with the kernel's tables, on the test stack's real Postgres.
public final class KernelDatabase {

  private final AgroalDataSource database;
  private final Transactions transactions;

  private KernelDatabase(AgroalDataSource database) {
    this.database = database;
    this.transactions = new LocalTransactions(database);
  }

  /// @param locations further migrations
  public static KernelDatabase fresh(String... locations) {
    TestStack stack = TestStack.shared();
    String name = stack.createDatabase("kernel");
    String[] all = new String[locations.length + 1];
    all[0] = "classpath:db/kernel";
    System.arraycopy(locations, 0, all, 1, locations.length);
    Flyway.configure()
        .dataSource(stack.jdbcUrl(name), stack.databaseUser(name), stack.databasePassword(name))
        .locations(all)
        .outOfOrder(true)
        .load()
        .migrate();
    try {
      return new KernelDatabase(
          AgroalDataSource.from(
              new AgroalPropertiesReader()
                  .readProperties(
                      Map.of(
                          // As in the services: a connection that died is not handed out again.
                          AgroalPropertiesReader.EXCEPTION_SORTER,
                          PostgreSQLExceptionSorter.class.getName(),
                          AgroalPropertiesReader.MAX_SIZE,
                          "30",
                          AgroalPropertiesReader.ACQUISITION_TIMEOUT_S,
                          "10",
                          AgroalPropertiesReader.JDBC_URL,
                          // What a crash of Postgres itself loses is not what these tests are
                          // about.
                          stack.jdbcUrl(name) + "?options=-c%20synchronous_commit=off",
                          AgroalPropertiesReader.PRINCIPAL,
                          stack.databaseUser(name),
                          AgroalPropertiesReader.CREDENTIAL,
                          stack.databasePassword(name),
                          AgroalPropertiesReader.PROVIDER_CLASS_NAME,
                          "org.postgresql.Driver"))));
    } catch (SQLException failure) {
      throw new IllegalStateException("The test stack's Postgres does not answer", failure);
    }
  }

  public DataSource dataSource() {
    return database;
  }

  /// The same for all callers, so that they join each other's.
  public Transactions transactions() {
    return transactions;
  }

  public void execute(String sql) {
    try (Connection connection = database.getConnection();
        Statement statement = connection.createStatement()) {
      statement.execute(sql);
    } catch (SQLException failure) {
      throw new IllegalStateException(sql, failure);
    }
  }

  /// The first column of the first row; null when there is none.
  public @Nullable String text(String sql) {
    try (Connection connection = database.getConnection();
        Statement statement = connection.createStatement();
        ResultSet row = statement.executeQuery(sql)) {
      return row.next() ? row.getString(1) : null;
    } catch (SQLException failure) {
      throw new IllegalStateException(sql, failure);
    }
  }
}
