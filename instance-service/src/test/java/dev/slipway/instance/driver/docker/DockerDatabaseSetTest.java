package dev.slipway.instance.driver.docker;

import dev.slipway.common.operation.Fence;
import dev.slipway.instance.driver.DatabaseSetContract;
import dev.slipway.instance.driver.InstanceDriver;
import dev.slipway.instance.driver.InstanceSpecification;
import java.sql.Connection;
import java.sql.DriverManager;
import java.sql.SQLException;
import java.sql.Statement;
import java.util.Properties;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.TestInstance;
import org.junit.jupiter.api.Timeout;

/// The contract of applications' databases inside a server that runs in a container.
@TestInstance(TestInstance.Lifecycle.PER_CLASS)
@Timeout(value = 15, unit = TimeUnit.MINUTES)
final class DockerDatabaseSetTest extends DatabaseSetContract {

  @SuppressWarnings("NullAway.Init") // set before the first test
  private DockerStage stage;

  @SuppressWarnings("NullAway.Init") // set before the first test
  private InstanceSpecification specification;

  @BeforeAll
  void open() throws Exception {
    stage = new DockerStage();
    specification = stage.specification();
    Fence fence = DockerStage.fence(specification, 1);
    stage.driver.create(fence, specification);
    stage.driver.start(fence, specification);
    stage.driver.secure(fence, specification, ADMINISTRATOR, verifier(ADMINISTRATORS_PASSWORD));
  }

  @AfterAll
  void close() {
    if (stage != null) {
      stage.close();
    }
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
    try (Connection connection = connect(role, PASSWORD, database);
        Statement statement = connection.createStatement()) {
      statement.execute("ALTER ROLE " + role + " PASSWORD '" + password + "'");
    }
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

  private Connection connect(String role, String password, String database) throws SQLException {
    var properties = new Properties();
    properties.setProperty("user", role);
    properties.setProperty("password", password);
    properties.setProperty("sslmode", "verify-full");
    properties.setProperty("sslrootcert", stage.authority.authority().toString());
    properties.setProperty("channelBinding", "require");
    properties.setProperty("connectTimeout", "5");
    properties.setProperty("socketTimeout", "30");
    return DriverManager.getConnection(
        "jdbc:postgresql://" + specification.endpoint() + '/' + database, properties);
  }
}
