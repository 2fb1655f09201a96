package dev.slipway.cli.api;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.slipway.cli.api.ApiClient.Answer;
import dev.slipway.cli.archive.ApplicationArchive;
import dev.slipway.cli.archive.ArchiveBody;
import dev.slipway.cli.console.CommandFailure;
import dev.slipway.cli.console.Json;
import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/// The applications of the caller's organization.
///
/// What changes something answers at once with the operation that does it.
public final class Applications {

  private static final Map<String, String> AT_ONCE = Map.of("Prefer", "respond-async");
  private static final String ALL = "/applications";

  /// One application.
  ///
  /// @param version          the one that serves; empty while none does
  /// @param database         the name of its own database
  /// @param minimumExecutors how many are to run
  /// @param reason           why it is not available
  public record Application(
      String id,
      String name,
      String status,
      String version,
      String instance,
      String database,
      String url,
      int minimumExecutors,
      @Nullable String reason,
      JsonNode json) {

    static Application of(JsonNode json) {
      return new Application(
          json.path("ID").asText(),
          json.path("Name").asText(),
          json.path("Status").asText(),
          json.path("Version").asText(""),
          json.path("PostgresInstanceName").asText(""),
          json.path("ApplicationDatabaseName").asText(""),
          json.path("AppURL").asText(""),
          json.path("MinExecutors").asInt(1),
          Json.text(json, "Reason"),
          json);
    }
  }

  /// One deployed version.
  ///
  /// @param serving       whether requests go to it
  /// @param draining      whether it was replaced and still runs, for workflows that began in it
  /// @param deployed      whether it has ever served
  /// @param schemaApplied whether its migrations are applied
  public record Version(
      String id,
      String createdAt,
      String createdBy,
      boolean serving,
      boolean draining,
      boolean deployed,
      boolean schemaApplied,
      JsonNode json) {

    static Version of(JsonNode json) {
      return new Version(
          json.path("Version").asText(),
          json.path("CreationTime").asText(""),
          json.path("CreatedBy").asText(""),
          json.path("Serving").asBoolean(),
          json.path("Draining").asBoolean(),
          json.path("Deployed").asBoolean(),
          json.path("SchemaApplied").asBoolean(),
          json);
    }
  }

  /// What a deploy has begun.
  ///
  /// @param operation absent when it has ended already
  public record Deploy(String version, Optional<String> operation) {}

  /// A part of the log.
  ///
  /// @param end  whether there is nothing more for now
  /// @param next where to go on; opaque
  public record LogPage(String body, boolean end, String next) {}

  private final ApiClient client;

  public Applications(ApiClient client) {
    this.client = client;
  }

  public List<Application> list() throws IOException, InterruptedException {
    List<Application> all = new ArrayList<>();
    client.call("GET", ALL, null).body().forEach(it -> all.add(Application.of(it)));
    return all;
  }

  public Application info(String name) throws IOException, InterruptedException {
    return Application.of(client.call("GET", path(name), null).body());
  }

  /// Empty when there is none of this name.
  public Optional<Application> find(String name) throws IOException, InterruptedException {
    try {
      return Optional.of(info(name));
    } catch (CommandFailure refused) {
      if (refused.status() == 404) {
        return Optional.empty();
      }
      throw refused;
    }
  }

  /// @param memoryMib of each executor; null for the usual
  public Optional<String> register(
      String name, String instance, String language, @Nullable Integer memoryMib)
      throws IOException, InterruptedException {
    ObjectNode body =
        Json.object()
            .put("name", name)
            .put("database", instance)
            .put("language", language)
            .put("provenancedb", "");
    if (memoryMib != null) {
      body.put("executors_memory_mib", memoryMib.toString());
    }
    return client.call("PUT", ALL, body, AT_ONCE).operationId();
  }

  public Optional<String> update(
      String name, @Nullable Integer memoryMib, @Nullable Integer minimumExecutors)
      throws IOException, InterruptedException {
    ObjectNode body = Json.object();
    if (memoryMib != null) {
      body.put("executors_memory_mib", memoryMib.toString());
    }
    if (minimumExecutors != null) {
      body.put("min_vms", minimumExecutors.toString());
    }
    return client.call("PATCH", path(name), body, AT_ONCE).operationId();
  }

  public Deploy deploy(String name, ApplicationArchive archive)
      throws IOException, InterruptedException {
    return deploy(name, archive, false);
  }

  /// @param allowBreaking also when migrations drop what active workflows of earlier versions use
  public Deploy deploy(String name, ApplicationArchive archive, boolean allowBreaking)
      throws IOException, InterruptedException {
    return begun(
        client.upload(
            "POST",
            deployPath(name, allowBreaking),
            new ArchiveBody(archive, Json.object()),
            AT_ONCE));
  }

  /// @param allowBreaking also when later versions have changed the schema since
  public Deploy redeploy(String name, String version, boolean allowBreaking)
      throws IOException, InterruptedException {
    return begun(
        client.call(
            "POST",
            deployPath(name, allowBreaking),
            Json.object().put("previous_version", version),
            AT_ONCE));
  }

  private static String deployPath(String name, boolean allowBreaking) {
    return path(name) + (allowBreaking ? "?allowBreaking=true" : "");
  }

  public Deploy changeInstance(String name, String instance, ApplicationArchive archive)
      throws IOException, InterruptedException {
    return begun(
        client.upload(
            "POST",
            path(name) + "/changedbinstance",
            new ArchiveBody(archive, Json.object().put("target_database_name", instance)),
            AT_ONCE));
  }

  public Deploy changeInstance(String name, String instance, String version)
      throws IOException, InterruptedException {
    return begun(
        client.call(
            "POST",
            path(name) + "/changedbinstance",
            Json.object().put("target_database_name", instance).put("previous_version", version),
            AT_ONCE));
  }

  /// Back to an earlier version, its database first; without an upload.
  ///
  /// @param version null for the one before
  public Deploy rollBack(String name, @Nullable String version)
      throws IOException, InterruptedException {
    return begun(client.call("POST", path(name) + "/rollback", target(version), AT_ONCE));
  }

  /// What a roll-back would do; nothing is done.
  public JsonNode planRollBack(String name, @Nullable String version)
      throws IOException, InterruptedException {
    return client.call("POST", path(name) + "/rollback?dryRun=true", target(version)).body();
  }

  public Optional<String> delete(String name, boolean withDatabases)
      throws IOException, InterruptedException {
    ObjectNode body = Json.object();
    if (withDatabases) {
      body.put("dropdb", true);
    }
    return client.call("DELETE", path(name), body, AT_ONCE).operationId();
  }

  /// All that are kept, those that never served included.
  public List<Version> versions(String name) throws IOException, InterruptedException {
    List<Version> all = new ArrayList<>();
    for (JsonNode it : client.call("GET", path(name) + "/versions?details=true", null).body()) {
      all.add(Version.of(it));
    }
    return all;
  }

  /// What a command of a deploy, or an executor, has written.
  ///
  /// @param source `install`, `build`, `migrate` and so on
  public String output(String name, String version, String source)
      throws IOException, InterruptedException {
    List<String> lines = new ArrayList<>();
    client
        .call(
            "GET",
            "%s/versions/%s/output?source=%s&limit=10000"
                .formatted(path(name), ApiClient.encode(version), ApiClient.encode(source)),
            null)
        .body()
        .path("Lines")
        .forEach(line -> lines.add(line.asText()));
    return String.join("\n", lines);
  }

  /// The first page of the log.
  ///
  /// @param lastSeconds 0 for all there is
  public LogPage logs(String name, int lastSeconds, int pageSize)
      throws IOException, InterruptedException {
    return page(name, "last=%d&limit=%d&format=json".formatted(lastSeconds, pageSize));
  }

  public LogPage moreLogs(String name, String since, int pageSize)
      throws IOException, InterruptedException {
    return page(name, "limit=%d&format=json&since=%s".formatted(pageSize, ApiClient.encode(since)));
  }

  private LogPage page(String name, String query) throws IOException, InterruptedException {
    JsonNode body = client.call("GET", "/logs" + path(name) + "?" + query, null).body();
    return new LogPage(
        body.path("body").asText(""),
        body.path("end").asBoolean(true),
        body.path("next_timestamp").asText(""));
  }

  public void setVariable(String application, String name, String value)
      throws IOException, InterruptedException {
    client.call(
        "POST",
        ALL + "/secrets",
        Json.object()
            .put("ApplicationName", application)
            .put("SecretName", name)
            .put("ClearSecretValue", value));
  }

  public List<String> variables(String application) throws IOException, InterruptedException {
    List<String> names = new ArrayList<>();
    client
        .call("GET", path(application) + "/secrets", null)
        .body()
        .forEach(it -> names.add(it.asText()));
    return names;
  }

  public void removeVariable(String application, String name)
      throws IOException, InterruptedException {
    client.call("DELETE", path(application) + "/secrets/" + ApiClient.encode(name), null);
  }

  /// @param queued only those in queues
  public JsonNode workflows(String application, boolean queued, ObjectNode filter)
      throws IOException, InterruptedException {
    return client
        .call("POST", path(application) + (queued ? "/queues" : "/workflows"), filter)
        .body();
  }

  /// @param verb `cancel`, `resume` or `restart`
  public JsonNode workflow(String application, String workflow, String verb)
      throws IOException, InterruptedException {
    return client
        .authorized(
            "POST",
            "/appsadmin/%s%s/workflows/%s/%s"
                .formatted(
                    ApiClient.encode(client.organization()),
                    path(application),
                    ApiClient.encode(workflow),
                    verb),
            Json.object(),
            Map.of())
        .body();
  }

  private static Deploy begun(Answer answer) {
    return new Deploy(answer.body().path("ApplicationVersion").asText(""), answer.operationId());
  }

  private static ObjectNode target(@Nullable String version) {
    return version == null ? Json.object() : Json.object().put("version", version);
  }

  private static String path(String name) {
    return ALL + "/" + ApiClient.encode(name);
  }
}
