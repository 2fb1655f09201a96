package dev.slipway.cli.system;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.HttpURLConnection;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.file.Files;
import java.nio.file.Path;
import java.sql.Connection;
import java.sql.DriverManager;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.Statement;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Properties;
import org.jspecify.annotations.Nullable;

/// Looks at the platform of the test run from outside and does to it what happens to platforms:
/// requests over HTTPS, signals to its processes, a look into its files and tables.
final class PlatformFromOutside {

  private static final ObjectMapper JSON = new ObjectMapper();
  private static @Nullable PlatformFromOutside shared;

  private final PlatformUnderTest platform;
  private final Path home;
  private final int port;
  private @Nullable HttpClient client;

  PlatformFromOutside(PlatformUnderTest platform) {
    this.platform = platform;
    this.home = platform.home();
    this.port = platform.port();
  }

  static synchronized PlatformFromOutside shared() {
    PlatformFromOutside existing = shared;
    if (existing != null) {
      return existing;
    }
    try {
      var fresh = new PlatformFromOutside(PlatformUnderTest.get());
      shared = fresh;
      return fresh;
    } catch (IOException failure) {
      throw new UncheckedIOException(failure);
    } catch (InterruptedException stopped) {
      Thread.currentThread().interrupt();
      throw new IllegalStateException("Stopped while the platform started", stopped);
    }
  }

  Path home() {
    return home;
  }

  Path authority() {
    return home.resolve("ca").resolve("ca.pem");
  }

  String domain() {
    return "localhost:" + port;
  }

  // ---- Its processes

  /// The process of a service: `local-stack`, `account-service`, `instance-service`, `gateway`.
  ProcessHandle process(String name) {
    for (JsonNode process : status().path("processes")) {
      if (process.path("name").asText().equals(name)) {
        return ProcessHandle.of(process.path("pid").asLong())
            .orElseThrow(() -> new IllegalStateException(name + " has just died"));
      }
    }
    throw new IllegalStateException("There is no process " + name);
  }

  JsonNode status() {
    try {
      return platform.slipway(home, "status", "--json").json();
    } catch (IOException failure) {
      throw new UncheckedIOException(failure);
    } catch (InterruptedException stopped) {
      Thread.currentThread().interrupt();
      throw new IllegalStateException("Stopped while asking for the status", stopped);
    }
  }

  /// Whether every process is ready.
  boolean ready() {
    for (JsonNode process : status().path("processes")) {
      if (!process.path("state").asText().equals("ready")) {
        return false;
      }
    }
    return true;
  }

  int internalPort(String name) {
    try {
      return JSON.readTree(home.resolve("platform.json").toFile()).path("ports").path(name).asInt();
    } catch (IOException failure) {
      throw new UncheckedIOException(failure);
    }
  }

  String secret(String name) {
    try {
      return Files.readString(home.resolve("keys").resolve(name)).strip();
    } catch (IOException failure) {
      throw new UncheckedIOException(failure);
    }
  }

  /// While this is open nothing can be done to an instance's folder or processes: what tries waits
  /// and tries again.
  AutoCloseable holdUp() throws IOException {
    Path fences = home.resolve("data/instances/.fences");
    Path away = home.resolve("data/instances/.fences-away");
    Files.move(fences, away);
    return () -> Files.move(away, fences);
  }

  /// Whether a service says of itself that it is ready.
  boolean ready(String name) {
    URI address = URI.create("http://127.0.0.1:%d/q/health/ready".formatted(internalPort(name)));
    try {
      var connection = (HttpURLConnection) address.toURL().openConnection();
      connection.setConnectTimeout(1_000);
      connection.setReadTimeout(5_000);
      try {
        return connection.getResponseCode() == HttpURLConnection.HTTP_OK;
      } finally {
        connection.disconnect();
      }
    } catch (IOException silent) {
      return false;
    }
  }

  // ---- Its control database

  /// Rows of instance-service's own database.
  List<String> query(String service, String sql) {
    var properties = new Properties();
    properties.setProperty("user", service.replace('-', '_'));
    properties.setProperty("password", secret(service + ".password"));
    properties.setProperty("connectTimeout", "5");
    String url =
        "jdbc:postgresql://127.0.0.1:%d/%s"
            .formatted(internalPort("postgres"), service.replace('-', '_'));
    try (Connection connection = DriverManager.getConnection(url, properties);
        Statement statement = connection.createStatement();
        ResultSet rows = statement.executeQuery(sql)) {
      List<String> found = new ArrayList<>();
      while (rows.next()) {
        found.add(rows.getString(1));
      }
      return found;
    } catch (SQLException failure) {
      throw new IllegalStateException(sql, failure);
    }
  }

  List<String> openLedger() {
    return query(
        "instance-service", "select kind || ' ' || name from ledger where state <> 'GONE'");
  }

  // ---- Its users

  /// A registered user, in an organization of the same name.
  User register(String name) {
    String password = "pass-of-" + name;
    send("POST", "/v1alpha1/sign-up", null, Map.of("name", name, "password", password), 201);
    var user = new User(this, name, signIn(name).path("access_token").asText());
    user.call(
        "PUT",
        "/v1alpha1/user",
        Map.of("name", name, "given_name", "", "family_name", "", "company", ""));
    return user;
  }

  /// Tokens for a registered user.
  JsonNode signIn(String name) {
    return send(
        "POST",
        "/oauth/token",
        null,
        Map.of(
            "grant_type",
            "password",
            "username",
            name,
            "password",
            "pass-of-" + name,
            "client_id",
            "slipway",
            "scope",
            "offline_access"),
        200);
  }

  JsonNode send(
      String method, String path, @Nullable String token, @Nullable Object body, int expected) {
    HttpResponse<String> answer = exchange(method, path, token, body);
    if (answer.statusCode() != expected) {
      throw new AssertionError(
          "%s %s answered %d %s".formatted(method, path, answer.statusCode(), answer.body()));
    }
    return json(answer.body());
  }

  static JsonNode json(String text) {
    try {
      return JSON.readTree(text.isEmpty() ? "null" : text);
    } catch (IOException notJson) {
      return JSON.getNodeFactory().textNode(text);
    }
  }

  HttpResponse<String> exchange(
      String method, String path, @Nullable String token, @Nullable Object body) {
    return exchange(method, path, token, body, Map.of());
  }

  /// @param headers beside the usual
  HttpResponse<String> exchange(
      String method,
      String path,
      @Nullable String token,
      @Nullable Object body,
      Map<String, String> headers) {
    try {
      HttpRequest.BodyPublisher sent =
          switch (body) {
            case null -> HttpRequest.BodyPublishers.noBody();
            case HttpRequest.BodyPublisher large -> large;
            case String ready -> HttpRequest.BodyPublishers.ofString(ready);
            default -> HttpRequest.BodyPublishers.ofString(JSON.writeValueAsString(body));
          };
      HttpRequest.Builder request =
          HttpRequest.newBuilder(URI.create("https://" + domain() + path))
              .timeout(Duration.ofMinutes(3))
              .header("Content-Type", "application/json")
              .method(method, sent);
      if (token != null) {
        request.header("Authorization", "Bearer " + token);
      }
      headers.forEach(request::header);
      return client().send(request.build(), HttpResponse.BodyHandlers.ofString());
    } catch (IOException failure) {
      throw new UncheckedIOException(failure);
    } catch (InterruptedException stopped) {
      Thread.currentThread().interrupt();
      throw new IllegalStateException("Stopped while waiting for an answer", stopped);
    }
  }

  /// Trusts this platform's authority and nothing else.
  private synchronized HttpClient client() {
    HttpClient existing = client;
    if (existing == null) {
      existing = HttpClient.newBuilder().sslContext(Tls.trusting(authority())).build();
      client = existing;
    }
    return existing;
  }
}
