package dev.slipway.cli.api;

import com.fasterxml.jackson.databind.JsonNode;
import dev.slipway.cli.console.Json;
import java.io.IOException;
import java.nio.file.Path;
import java.time.Instant;
import java.time.format.DateTimeParseException;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/// The Postgres instances of the caller's organization.
///
/// What changes something answers at once with the operation that does it.
public final class Databases {

  private static final Map<String, String> AT_ONCE = Map.of("Prefer", "respond-async");
  private static final String PROVISIONED = "/databases/userdb";
  private static final String LINKED = "/databases/byod";

  /// One instance.
  ///
  /// @param observedAt when its status was last looked at, where the platform tells
  public record Database(
      String name,
      String status,
      String host,
      int port,
      String user,
      boolean linked,
      Optional<Instant> observedAt,
      JsonNode json) {

    public static Database of(JsonNode json) {
      return new Database(
          json.path("PostgresInstanceName").asText(),
          json.path("Status").asText(),
          json.path("HostName").asText(""),
          json.path("Port").asInt(),
          json.path("DatabaseUsername").asText(""),
          json.path("IsLinked").asBoolean(),
          instant(Json.text(json, "ObservedAt")),
          json);
    }

    private static Optional<Instant> instant(@Nullable String text) {
      try {
        return text == null ? Optional.empty() : Optional.of(Instant.parse(text));
      } catch (DateTimeParseException unknown) {
        return Optional.empty();
      }
    }

    /// Where it answers. Instances of the platform prove themselves with its certificate
    /// authority; what linked ones do is their owners' business.
    ///
    /// @param password as it is; shown in the encoding that an address needs
    public String url(String password, Optional<Path> authority) {
      String parameters =
          linked || authority.isEmpty()
              ? ""
              : "?sslmode=verify-full&sslrootcert=" + encodePath(authority.get());
      return "postgresql://%s:%s@%s:%d/postgres%s"
          .formatted(
              ApiClient.encode(user),
              password.equals("***") ? password : ApiClient.encode(password),
              host,
              port,
              parameters);
    }

    private static String encodePath(Path path) {
      return ApiClient.encode(path.toString()).replace("%2F", "/");
    }
  }

  private final ApiClient client;

  public Databases(ApiClient client) {
    this.client = client;
  }

  public List<Database> list() throws IOException, InterruptedException {
    List<Database> all = new ArrayList<>();
    client.call("GET", "/databases", null).body().forEach(it -> all.add(Database.of(it)));
    return all;
  }

  public Database info(String name) throws IOException, InterruptedException {
    return Database.of(
        client.call("GET", PROVISIONED + "/info/" + ApiClient.encode(name), null).body());
  }

  public Optional<String> provision(String name, String user, String password)
      throws IOException, InterruptedException {
    return client
        .call(
            "POST",
            PROVISIONED,
            Json.object().put("Name", name).put("AdminName", user).put("AdminPassword", password),
            AT_ONCE)
        .operationId();
  }

  public Optional<String> resetPassword(String name, String password)
      throws IOException, InterruptedException {
    return client
        .call(
            "POST",
            PROVISIONED + "/" + ApiClient.encode(name) + "/credentials",
            Json.object().put("Password", password),
            AT_ONCE)
        .operationId();
  }

  public Optional<String> destroy(String name) throws IOException, InterruptedException {
    return client
        .call("DELETE", PROVISIONED + "/" + ApiClient.encode(name), null, AT_ONCE)
        .operationId();
  }

  public Optional<String> link(String name, String host, int port, String user, String password)
      throws IOException, InterruptedException {
    var body =
        Json.object()
            .put("Name", name)
            .put("HostName", host)
            .put("Port", port)
            .put("Password", password)
            .put("captureProvenance", false);
    if (!user.isEmpty()) {
      body.put("dbosAdminName", user);
    }
    return client.call("POST", LINKED, body, AT_ONCE).operationId();
  }

  public Optional<String> unlink(String name) throws IOException, InterruptedException {
    return client
        .call("DELETE", LINKED + "/" + ApiClient.encode(name), null, AT_ONCE)
        .operationId();
  }
}
