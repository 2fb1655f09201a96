package dev.slipway.installation;

import dev.slipway.localstack.ControlPostgres;
import dev.slipway.localstack.KafkaBroker;
import dev.slipway.localstack.ServiceDatabases;
import dev.slipway.localstack.Topics;
import java.io.IOException;
import java.nio.file.Path;
import java.sql.Connection;
import java.sql.DriverManager;
import java.sql.SQLException;
import java.util.HashMap;
import java.util.Map;
import java.util.Properties;
import org.apache.kafka.clients.admin.Admin;

/// Makes the services' databases and the topics. Postgres and Kafka answer already: whoever runs
/// this has waited for them.
///
/// @param installation the folder of the secrets, see [Secrets]
record Stores(Path installation) {

  /// @param postgres host and port
  /// @param kafka    host and port
  void ensure(String postgres, String kafka) throws IOException, InterruptedException {
    Map<String, String> services = new HashMap<>();
    for (String service : Secrets.WITH_DATABASE) {
      services.put(service.replace('-', '_'), Secrets.password(installation, service));
    }
    try (Connection connection = connect(postgres)) {
      ServiceDatabases.ensure(connection, services);
    } catch (SQLException failure) {
      throw new IOException(
          "The databases cannot be made on %s: %s".formatted(postgres, failure.getMessage()),
          failure);
    }
    Properties properties =
        KafkaBroker.clientProperties(kafka, Secrets.password(installation, "kafka"));
    properties.setProperty("metric.reporters", "");
    properties.setProperty("enable.metrics.push", "false");
    try (Admin admin = Admin.create(properties)) {
      Topics.ensure(admin, Topics.ALL);
    }
  }

  private Connection connect(String postgres) throws SQLException, IOException {
    Properties properties = new Properties();
    properties.setProperty("user", ControlPostgres.SUPERUSER);
    properties.setProperty("password", Secrets.password(installation, "postgres"));
    properties.setProperty("connectTimeout", "10");
    properties.setProperty("socketTimeout", "60");
    return DriverManager.getConnection("jdbc:postgresql://" + postgres + "/postgres", properties);
  }
}
