package dev.slipway.localstack;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.sql.Connection;
import java.sql.DriverManager;
import java.sql.SQLException;
import java.util.Set;
import org.apache.kafka.clients.admin.Admin;
import org.junit.jupiter.api.Test;

class TestStackTest {

  private final TestStack stack = TestStack.shared();

  @Test
  void aNamedDatabaseIsOwnedByItsRoleAndStaysTheSame() throws SQLException {
    String url = stack.jdbcUrl("account_service");

    try (Connection connection =
            DriverManager.getConnection(
                url,
                stack.databaseUser("account_service"),
                stack.databasePassword("account_service"));
        var statement = connection.createStatement()) {
      statement.execute("CREATE TABLE t (a int)");
    }

    assertThat(stack.jdbcUrl("account_service")).isEqualTo(url);
  }

  @Test
  void aCreatedDatabaseIsClosedToOtherRoles() {
    String one = stack.createDatabase("orders");
    String other = stack.createDatabase("orders");

    assertThat(one).isNotEqualTo(other);
    assertThatThrownBy(
            () ->
                DriverManager.getConnection(
                        stack.jdbcUrl(one),
                        stack.databaseUser(other),
                        stack.databasePassword(other))
                    .close())
        .isInstanceOf(SQLException.class)
        .hasMessageContaining("permission denied for database");
  }

  @Test
  void theTopicsOfThePlatformAreThere() throws Exception {
    try (Admin admin = Admin.create(stack.kafkaProperties())) {
      Set<String> topics = admin.listTopics().names().get();

      assertThat(topics).containsAll(LocalStack.TOPICS.keySet());
    }
  }

  @Test
  void aQuarkusServiceGetsItsDatabaseAndKafka() {
    assertThat(stack.quarkusConfiguration("account-service"))
        .containsEntry("quarkus.datasource.jdbc.url", stack.jdbcUrl("account_service"))
        .containsEntry("kafka.bootstrap.servers", stack.kafkaBootstrap())
        .containsEntry("kafka.security.protocol", "SASL_PLAINTEXT")
        .containsKeys("quarkus.datasource.password", "kafka.sasl.jaas.config");
  }
}
