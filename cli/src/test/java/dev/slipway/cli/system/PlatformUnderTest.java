package dev.slipway.cli.system;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.io.File;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.ServerSocket;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.charset.StandardCharsets;
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
import java.util.concurrent.TimeUnit;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/// One platform for all system tests of a run, in a home and on a port of its own, started and
/// stopped by the `slipway` script.
final class PlatformUnderTest {

  /// What a command did.
  record Result(int exit, String out, String err) {}

  private static final ObjectMapper JSON = new ObjectMapper();
  private static @Nullable PlatformUnderTest shared;

  private final Path home;
  private final int port;
  private final Path repository;

  private PlatformUnderTest(Path home, int port, Path repository) {
    this.home = home;
    this.port = port;
    this.repository = repository;
  }

  static synchronized PlatformUnderTest shared() {
    PlatformUnderTest platform = shared;
    if (platform == null) {
      platform = start();
      shared = platform;
    }
    return platform;
  }

  private static PlatformUnderTest start() {
    try {
      Path home = Files.createTempDirectory("slipway-system-");
      var platform = new PlatformUnderTest(home, freePort(), repositoryRoot());
      Runtime.getRuntime().addShutdownHook(new Thread(platform::end));
      Result up = platform.slipway(home, "up", "--detach");
      if (up.exit() != 0) {
        throw new IllegalStateException("The platform did not start: " + up);
      }
      return platform;
    } catch (IOException failure) {
      throw new UncheckedIOException(failure);
    }
  }

  private void end() {
    try {
      slipway(home, "down");
      Path data = home.resolve("data");
      if (Files.isSymbolicLink(data)) {
        delete(data.toRealPath());
      }
      delete(home);
    } catch (IOException failure) {
      throw new UncheckedIOException(failure);
    }
  }

  private static void delete(Path folder) throws IOException {
    if (!Files.exists(folder)) {
      return;
    }
    try (Stream<Path> paths = Files.walk(folder)) {
      for (Path path : paths.sorted((one, other) -> other.compareTo(one)).toList()) {
        Files.deleteIfExists(path);
      }
    }
  }

  private static Path repositoryRoot() {
    Path folder = Path.of("").toAbsolutePath();
    while (!Files.isRegularFile(folder.resolve("slipway"))) {
      folder = folder.getParent();
      if (folder == null) {
        throw new IllegalStateException("The slipway script is in no folder above this one");
      }
    }
    return folder;
  }

  private static int freePort() throws IOException {
    // Below the range from which outgoing connections take theirs.
    for (int port = 18443; port < 20000; port++) {
      try (var probe = new ServerSocket(port)) {
        return probe.getLocalPort();
      } catch (IOException taken) {
        continue;
      }
    }
    throw new IOException("No port is free");
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

  /// Runs the `slipway` command.
  ///
  /// @param folder where its credentials are
  Result slipway(Path folder, String... arguments) {
    return slipway(folder, "", arguments);
  }

  Result slipway(Path folder, String input, String... arguments) {
    List<String> command = new ArrayList<>();
    command.add(repository.resolve("slipway").toString());
    command.addAll(List.of(arguments));
    return run(folder, input, Map.of(), command);
  }

  /// Runs a command in the surroundings of this platform, as after `eval "$(slipway env)"`.
  Result run(Path folder, String input, Map<String, String> more, List<String> command) {
    try {
      File out = File.createTempFile("slipway-out", ".txt");
      File err = File.createTempFile("slipway-err", ".txt");
      var builder =
          new ProcessBuilder(command)
              .directory(folder.toFile())
              .redirectOutput(out)
              .redirectError(err);
      builder.environment().put("SLIPWAY_HOME", home.toString());
      builder.environment().put("SLIPWAY_PORT", Integer.toString(port));
      builder.environment().put("DBOS_DOMAIN", domain());
      builder.environment().put("NODE_EXTRA_CA_CERTS", authority().toString());
      builder.environment().putAll(more);
      Process process = builder.start();
      try (var in = process.getOutputStream()) {
        in.write(input.getBytes(StandardCharsets.UTF_8));
      }
      if (!process.waitFor(5, TimeUnit.MINUTES)) {
        process.destroyForcibly();
        throw new IllegalStateException("It does not end: " + command);
      }
      var result =
          new Result(
              process.exitValue(), Files.readString(out.toPath()), Files.readString(err.toPath()));
      Files.delete(out.toPath());
      Files.delete(err.toPath());
      return result;
    } catch (IOException failure) {
      throw new UncheckedIOException(failure);
    } catch (InterruptedException stopped) {
      Thread.currentThread().interrupt();
      throw new IllegalStateException("Stopped while waiting for " + command, stopped);
    }
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
    Result status = slipway(home, "status", "--json");
    try {
      return JSON.readTree(status.out());
    } catch (IOException unreadable) {
      throw new IllegalStateException("slipway status said: " + status, unreadable);
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
      return JSON.readTree(home.resolve("platform.json").toFile())
          .path("ports")
          .path(name)
          .asInt();
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
    return query("instance-service", "select kind || ' ' || name from ledger where state <> 'GONE'");
  }

  // ---- Its users

  /// A registered user, in an organization of the same name.
  User register(String name) {
    try {
      String password = "pass-of-" + name;
      send("POST", "/v1alpha1/sign-up", null, Map.of("name", name, "password", password), 201);
      JsonNode tokens =
          send(
              "POST",
              "/oauth/token",
              null,
              Map.of(
                  "grant_type",
                  "password",
                  "username",
                  name,
                  "password",
                  password,
                  "client_id",
                  "slipway",
                  "scope",
                  "offline_access"),
              200);
      var user =
          new User(
              this,
              name,
              tokens.path("access_token").asText(),
              Files.createTempDirectory(home, "user-"));
      user.call(
          "PUT",
          "/v1alpha1/user",
          Map.of("name", name, "given_name", "", "family_name", "", "company", ""));
      Path credentials = Files.createDirectories(user.folder().resolve(".dbos"));
      Files.writeString(
          credentials.resolve("credentials"),
          JSON.writeValueAsString(
              Map.of("token", user.token(), "userName", name, "organization", name)));
      return user;
    } catch (IOException failure) {
      throw new UncheckedIOException(failure);
    }
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
    try {
      String text =
          body == null ? "" : body instanceof String ready ? ready : JSON.writeValueAsString(body);
      HttpRequest.Builder request =
          HttpRequest.newBuilder(URI.create("https://" + domain() + path))
              .timeout(Duration.ofSeconds(60))
              .header("Content-Type", "application/json")
              .method(method, HttpRequest.BodyPublishers.ofString(text));
      if (token != null) {
        request.header("Authorization", "Bearer " + token);
      }
      return Trust.client(authority()).send(request.build(), HttpResponse.BodyHandlers.ofString());
    } catch (IOException failure) {
      throw new UncheckedIOException(failure);
    } catch (InterruptedException stopped) {
      Thread.currentThread().interrupt();
      throw new IllegalStateException("Stopped while waiting for an answer", stopped);
    }
  }

  /// Clients that trust one authority and nothing else.
  private static final class Trust {

    private static @Nullable HttpClient client;

    static synchronized HttpClient client(Path authority) {
      HttpClient existing = client;
      if (existing == null) {
        existing = HttpClient.newBuilder().sslContext(Tls.trusting(authority)).build();
        client = existing;
      }
      return existing;
    }
  }
}
