package dev.slipway.cli.system;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import java.net.http.HttpResponse;
import java.sql.Connection;
import java.sql.DriverManager;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.Statement;
import java.time.Duration;
import java.util.Map;
import java.util.Properties;
import org.awaitility.Awaitility;
import org.jspecify.annotations.Nullable;

/// Somebody who uses the platform.
record User(PlatformFromOutside platform, String name, String token) {

  static final String ROLE = "shop_admin";

  /// Calls the API and expects success.
  JsonNode call(String method, String path, @Nullable Object body) {
    HttpResponse<String> answer = exchange(method, path, body);
    assertThat(answer.statusCode())
        .as(method + " " + path + " " + answer.body())
        .isBetween(200, 299);
    return PlatformFromOutside.json(answer.body());
  }

  HttpResponse<String> exchange(String method, String path, @Nullable Object body) {
    return platform.exchange(method, path, token, body);
  }

  String databases() {
    return "/v1alpha1/" + name + "/databases";
  }

  /// Asks for an instance and answers the operation at once.
  String provision(String instance, String password) {
    HttpResponse<String> answer =
        exchange(
            "POST",
            databases() + "/userdb",
            Map.of("Name", instance, "AdminName", ROLE, "AdminPassword", password));
    assertThat(answer.statusCode()).as(answer.body()).isEqualTo(202);
    return answer.headers().firstValue("Operation-Id").orElseThrow();
  }

  JsonNode info(String instance) {
    return call("GET", databases() + "/userdb/info/" + instance, null);
  }

  JsonNode awaitAvailable(String instance) {
    Awaitility.await("the instance " + instance)
        .atMost(PlatformUnderTest.PATIENCE)
        .pollInterval(Duration.ofMillis(50))
        .ignoreExceptions()
        .until(() -> info(instance).path("Status").asText().equals("available"));
    return info(instance);
  }

  /// How the operation stands when it has ended or is stuck; the platform may be down meanwhile.
  JsonNode awaitEnd(String operation) {
    Awaitility.await("the end of " + operation)
        .atMost(PlatformUnderTest.PATIENCE)
        .pollInterval(Duration.ofMillis(200))
        .ignoreExceptions()
        .until(
            () -> !operation(operation).path("phase").asText().matches("queued|running|unwinding"));
    return operation(operation);
  }

  JsonNode operation(String operation) {
    return call("GET", "/v1alpha1/" + name + "/operations/" + operation, null);
  }

  void destroy(String instance) {
    call("DELETE", databases() + "/userdb/" + instance, null);
  }

  /// Connects with verified TLS.
  Connection connect(String instance, String password) throws SQLException {
    JsonNode info = info(instance);
    return connect(info.path("HostName").asText(), info.path("Port").asInt(), password);
  }

  Connection connect(String host, int port, String password) throws SQLException {
    var properties = new Properties();
    properties.setProperty("user", ROLE);
    properties.setProperty("password", password);
    properties.setProperty("sslmode", "verify-full");
    properties.setProperty("sslrootcert", platform.authority().toString());
    properties.setProperty("connectTimeout", "5");
    return DriverManager.getConnection(
        "jdbc:postgresql://%s:%d/postgres".formatted(host, port), properties);
  }

  static String query(Connection connection, String sql) throws SQLException {
    try (Statement statement = connection.createStatement();
        ResultSet row = statement.executeQuery(sql)) {
      assertThat(row.next()).isTrue();
      return row.getString(1);
    }
  }
}
