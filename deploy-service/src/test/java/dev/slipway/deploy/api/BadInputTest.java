package dev.slipway.deploy.api;

import static io.restassured.RestAssured.given;
import static java.util.Map.entry;
import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.slipway.common.crypto.InstallationKeys;
import dev.slipway.common.security.InternalToken;
import dev.slipway.deploy.DeployServiceTest;
import dev.slipway.deploy.Members;
import dev.slipway.deploy.Members.Member;
import dev.slipway.deploy.Registered;
import io.quarkus.test.junit.QuarkusTest;
import io.restassured.RestAssured;
import io.restassured.response.Response;
import jakarta.inject.Inject;
import java.io.IOException;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.sql.Connection;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.Statement;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Objects;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.stream.Stream;
import javax.sql.DataSource;
import org.eclipse.microprofile.config.inject.ConfigProperty;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;

/// Every route of this service, with every parameter and every field of its body wrong in every way
/// that it can be: the answer is a 4xx that says what is wrong, and nothing has changed.
///
/// The routes are those of the OpenAPI that the service itself gives, so that a new one without a
/// row here fails.
@QuarkusTest
@DeployServiceTest
class BadInputTest {

  private static final ObjectMapper JSON = new ObjectMapper();
  private static final String NOT_UTF8 = "\u00ff";
  private static final String LONG = "x".repeat(2000);

  /// What no name, no identifier and no version is.
  private static final List<String> NO_NAMES =
      List.of(
          "nowhere",
          LONG,
          "%00",
          "%0A",
          "%1B%5B2J",
          "a%20b",
          "%C3%A9",
          "%F0%9F%99%82",
          "..;",
          "%25");

  /// An empty number or text is absent.
  private static final List<String> NO_TRUTHS = List.of("", "1", "yes", "TRUE", "null", "%00");
  private static final List<String> NO_NUMBERS =
      List.of("x", "1.5", "1e3", "99999999999999999999", "null", "%00", "0x10");

  private static final List<String> NO_TEXTS =
      List.of("5", "1.5", "true", "{}", "[]", "[\"shop\"]");
  private static final List<String> NO_INTEGERS =
      List.of("\"x\"", "\"\"", "1.5", "1e99", "99999999999", "\"99999999999\"", "true", "{}", "[]");
  private static final List<String> NO_BOOLEANS =
      List.of("\"yes\"", "\"\"", "\"true\"", "1", "{}", "[]");

  /// What can be wrong about a route beside what is wrong for all of its kind.
  ///
  /// @param paths   bad values of a path parameter, instead of [#NO_NAMES]
  /// @param queries more bad values of a parameter of the query
  /// @param body    a good one; null when the route reads none
  /// @param empty   whether the body may be missing
  /// @param fields  bad values of its fields, as JSON
  private record Row(
      Map<String, List<String>> paths,
      Map<String, List<String>> queries,
      @Nullable String body,
      boolean empty,
      Map<String, List<String>> fields) {

    Row path(String name, String... bad) {
      return new Row(with(paths, name, List.of(bad)), queries, body, empty, fields);
    }

    Row query(String name, String... bad) {
      return new Row(paths, with(queries, name, List.of(bad)), body, empty, fields);
    }

    Row field(String name, List<String> kind, String... more) {
      List<String> bad = new ArrayList<>(kind);
      bad.addAll(List.of(more));
      return new Row(paths, queries, body, empty, with(fields, name, bad));
    }

    Row orNone() {
      return new Row(paths, queries, body, true, fields);
    }

    private static Map<String, List<String>> with(
        Map<String, List<String>> all, String name, List<String> one) {
      Map<String, List<String>> more = new LinkedHashMap<>(all);
      more.put(name, one);
      return more;
    }
  }

  private static final Row NO_BODY = new Row(Map.of(), Map.of(), null, true, Map.of());

  /// Whether there is such a workflow only its database knows.
  private static final Row OF_A_DATABASE = NO_BODY.path("id");

  private static Row body(String good) {
    return new Row(Map.of(), Map.of(), good, false, Map.of());
  }

  private static final String[] BAD_VERSIONS = {
    "\"\"", "\"x\"", "\"1\\n\"", "\"1\\u0000\"", "\"-1\"", "\"99999999999999999999\"", "\"../1\""
  };
  private static final String[] BAD_INSTANCES = {
    "null",
    "\"\"",
    "\"ab\"",
    "\"a-b\"",
    "\"Main\"",
    "\"main\\n\"",
    "\"ma\\u0000in\"",
    "\"" + LONG + "\""
  };

  private static final String APPLICATION = "/v1alpha1/{org}/applications/{app}";
  private static final String WORKFLOW = "/appsadmin/{org}/applications/{app}/workflows/{id}";
  private static final String OPERATION = "/v1alpha1/{org}/operations/{id}";

  private static final Row ARCHIVE =
      body("{\"previous_version\":\"1700000000000\",\"target_database_name\":\"other\"}")
          .field("previous_version", NO_TEXTS, BAD_VERSIONS)
          .field(
              "application_archive",
              List.of("5", "true", "{}", "[]"),
              "\"\"",
              "\"!!!\"",
              "\"Y29udGVudA==\"",
              "\"UEsFBgAAAAAAAAAAAAAAAAAAAAAAAA==\"");

  private static final Row FILTER =
      body("{\"limit\":1}")
          .orNone()
          .field("workflow_uuids", List.of("5", "{}", "[5]", "[null]", "[[]]", "\"" + LONG + "\""))
          .field("workflow_ids", List.of("true", "[\"a\\u0000b\"]"))
          .field("authenticated_user", List.of("5", "{}", "[]", "\"a\\u0000b\""))
          .field("start_time", List.of("5", "\"\"", "\"x\"", "\"2026-13-01\"", "{}"))
          .field("end_time", List.of("5", "\"yesterday\""))
          .field("status", List.of("5", "{}", "[1]"))
          .field("application_version", List.of("5", "{}"))
          .field("workflow_name", List.of("5", "\"" + LONG + "\""))
          .field("queue_name", List.of("5", "[]"))
          .field("limit", NO_INTEGERS, "-1", "\"1\"")
          .field("offset", NO_INTEGERS, "-1", "\"1\"")
          .field("sort_desc", NO_BOOLEANS);

  private static final Map<String, Row> ROWS =
      Map.ofEntries(
          entry("GET /v1alpha1/{org}/applications", NO_BODY),
          entry(
              "PUT /v1alpha1/{org}/applications",
              body("{\"name\":\"another\",\"database\":\"main\",\"language\":\"node\"}")
                  .field(
                      "name",
                      NO_TEXTS,
                      "null",
                      "\"\"",
                      "\"ab\"",
                      "\"" + "a".repeat(31) + "\"",
                      "\"Shop\"",
                      "\"a b c\"",
                      "\"shop\\n\"",
                      "\"sh\\u0000op\"",
                      "\"secrets\"",
                      "\"../shop\"",
                      "\"shöp\"")
                  .field("database", NO_TEXTS, BAD_INSTANCES)
                  .field(
                      "language", NO_TEXTS, "null", "\"\"", "\"ruby\"", "\"NODE\"", "\"node\\n\"")
                  .field("provenancedb", List.of("5", "true", "{}", "[]"))
                  .field("executors_memory_mib", NO_INTEGERS, "0", "-1", "511", "5121")),
          entry("GET " + APPLICATION, NO_BODY),
          entry(
              "PATCH " + APPLICATION,
              body("{\"executors_memory_mib\":1024,\"min_vms\":2}")
                  .field("executors_memory_mib", NO_INTEGERS, "0", "-1", "511", "5121")
                  .field("min_vms", NO_INTEGERS, "0", "-1", "11")),
          entry(
              "DELETE " + APPLICATION,
              body("{\"dropdb\":true}").orNone().field("dropdb", NO_BOOLEANS)),
          entry("POST " + APPLICATION, ARCHIVE.orNone()),
          entry(
              "POST " + APPLICATION + "/changedbinstance",
              ARCHIVE.orNone().field("target_database_name", NO_TEXTS, BAD_INSTANCES)),
          entry(
              "POST " + APPLICATION + "/rollback",
              body("{\"version\":\"1700000000000\"}")
                  .orNone()
                  .field("version", NO_TEXTS, BAD_VERSIONS)
                  .field(
                      "application_archive",
                      List.of("5", "{}", "\"\"", "\"!!!\"", "\"UEsDBA==\""))),
          entry("GET " + APPLICATION + "/versions", NO_BODY),
          entry(
              "GET " + APPLICATION + "/versions/{version}/output",
              NO_BODY
                  .query("source", "A", "..%2Fx", "x%00", "x%0A", "x".repeat(60))
                  .query("limit", "0", "-1", "10001")),
          entry(
              "GET /v1alpha1/{org}/logs/applications/{app}",
              NO_BODY
                  .query("last", "-1", "9223372036854775807")
                  .query("limit", "0", "-1", "10001")
                  .query("since", "x", "%00", "2026-01-31", "2026-13-31%2000:00:00.000000", LONG)),
          entry("GET " + APPLICATION + "/secrets", NO_BODY),
          entry("DELETE " + APPLICATION + "/secrets/{secret}", NO_BODY),
          entry(
              "POST /v1alpha1/{org}/applications/secrets",
              body("{\"ApplicationName\":\"shop\",\"SecretName\":\"TOKEN\",\"ClearSecretValue\":\"x\"}")
                  .field(
                      "ApplicationName", NO_TEXTS, "null", "\"\"", "\"nowhere\"", "\"shop\\u0000\"")
                  .field(
                      "SecretName",
                      NO_TEXTS,
                      "null",
                      "\"\"",
                      "\"1A\"",
                      "\"A-B\"",
                      "\"A\\u0000\"",
                      "\"A\\n\"",
                      "\"PATH\"",
                      "\"DBOS__APPID\"",
                      "\"" + LONG + "\"")
                  .field(
                      "ClearSecretValue",
                      NO_TEXTS,
                      "null",
                      "\"a\\u0000b\"",
                      "\"" + LONG.repeat(5) + "\"")),
          entry("POST " + APPLICATION + "/workflows", FILTER),
          entry("POST " + APPLICATION + "/queues", FILTER),
          entry("POST " + WORKFLOW + "/cancel", OF_A_DATABASE),
          entry("POST " + WORKFLOW + "/resume", OF_A_DATABASE),
          entry("POST " + WORKFLOW + "/restart", OF_A_DATABASE),
          entry("GET /v1alpha1/{org}/dashboard", NO_BODY),
          entry("PUT /v1alpha1/{org}/dashboard", NO_BODY),
          entry("DELETE /v1alpha1/{org}/dashboard", NO_BODY),
          entry(
              "GET /v1alpha1/{org}/operations",
              NO_BODY
                  .query("subject", "%00", "a%0Ab", LONG)
                  .query("kind", "%00", "A%20B", LONG)
                  .query("phase", "RUNNING", "x", "%00")
                  .query("outcome", "UNDONE", "x")
                  .query("active", "1", "yes", "TRUE")
                  .query("since", "x", "2026-01-31", "%2B1000000-01-01T00:00:00Z", "%00")
                  .query("limit", "0", "-1", "201", "x", "1.5", "99999999999999999999")
                  .query("cursor", "x", "%00", "AAAA", LONG)),
          entry("GET " + OPERATION, NO_BODY),
          entry("POST " + OPERATION + "/cancel", NO_BODY),
          entry("POST " + OPERATION + "/retry", NO_BODY),
          entry("GET " + OPERATION + "/receipt", NO_BODY),
          entry(
              "PUT /internal/gateways/{id}",
              body("{\"revisions\":{\"app_1\":1}}")
                  .path("id", LONG, "%00", "%0A", "a%20b", "%C3%A9")
                  .field(
                      "revisions",
                      List.of("null", "5", "\"\"", "[]"),
                      "{\"x\":1}",
                      "{\"app_1\":-1}",
                      "{\"app_1\":null}",
                      "{\"app_1\":\"x\"}",
                      "{\"app_1\":1e99}",
                      "{\"app_1\":1.5}",
                      "{\"app_1\\u0000\":1}")),
          entry("GET /internal/organizations/{id}/usage", NO_BODY.path("id", "%00")),
          entry("GET /internal/messages", NO_BODY),
          entry(
              "POST /internal/messages/retry", body("{\"key\":\"app_1\"}").field("key", NO_TEXTS)),
          entry("GET /internal/orphans", NO_BODY),
          entry(
              "POST /internal/orphans/clean",
              body("{\"subjects\":[]}")
                  .field(
                      "subjects",
                      List.of("null", "5", "\"app_1\"", "{}"),
                      "[5]",
                      "[null]",
                      "[\"\"]",
                      "[\"app_1\"]",
                      "[\"../x\"]",
                      "[\"app_01234567890123456789abcde\\u0000\"]")),
          entry("POST /internal/platform/stopping", NO_BODY));

  @Inject Members members;
  @Inject Registered registered;
  @Inject DataSource database;
  @Inject InstallationKeys keys;

  @ConfigProperty(name = "slipway.archives.directory")
  Path archives;

  private final HttpClient client = HttpClient.newHttpClient();
  private final List<String> wrong = new ArrayList<>();
  private int asked;

  @Test
  void everyRouteRefusesWhatIsWrongAboutIt() throws Exception {
    Map<String, JsonNode> routes = routes();
    assertThat(ROWS.keySet()).as("a row for each route").isEqualTo(routes.keySet());
    Member anna = members.join();
    String application = registered.application(anna, "shop");
    Map<String, String> before = state(anna, application);

    for (Map.Entry<String, JsonNode> route : routes.entrySet()) {
      Row row = Objects.requireNonNull(ROWS.get(route.getKey()));
      parameters(anna, route.getKey(), route.getValue(), row);
      if (row.body() != null) {
        bodies(anna, route.getKey(), row.body(), row);
      }
    }

    assertThat(wrong).as("of %d questions", asked).isEmpty();
    assertThat(asked).isGreaterThan(500);
    assertThat(state(anna, application)).isEqualTo(before);
  }

  private void parameters(Member anna, String route, JsonNode description, Row row)
      throws Exception {
    for (JsonNode parameter : description.path("parameters")) {
      String name = parameter.path("name").asText();
      switch (parameter.path("in").asText()) {
        case "path" -> {
          for (String bad : row.paths().getOrDefault(name, NO_NAMES)) {
            ask(anna, route, Map.of(name, bad), "", row.body(), name);
          }
        }
        case "query" -> {
          List<String> bad = new ArrayList<>(row.queries().getOrDefault(name, List.of()));
          switch (parameter.path("schema").path("type").asText()) {
            case "boolean" -> bad.addAll(NO_TRUTHS);
            case "integer" -> bad.addAll(NO_NUMBERS);
            default -> assertThat(bad).as("bad values of %s of %s", name, route).isNotEmpty();
          }
          for (String value : bad) {
            ask(anna, route, Map.of(), name + '=' + value, row.body(), name);
          }
        }
        case "header" -> assertThat(name).isIn("Idempotency-Key", "Prefer");
        default -> throw new AssertionError("a parameter in no known place: " + parameter);
      }
    }
    for (String key : List.of("", " ", "é", "x".repeat(256))) {
      if (!route.startsWith("GET")) {
        send(anna, route, Map.of(), "", row.body(), "Idempotency-Key", key, "Idempotency-Key");
      }
    }
  }

  private void bodies(Member anna, String route, String good, Row row) throws Exception {
    List<String> none =
        new ArrayList<>(
            List.of(
                "{",
                "}",
                "[]",
                "[1]",
                "\"text\"",
                "5",
                "true",
                "{\"a\"}",
                "{a:1}",
                "{'a':1}",
                good + "x",
                good + good,
                good.substring(0, good.length() - 1) + ",",
                "{\"nested\":".repeat(5000),
                "\0",
                NOT_UTF8));
    if (!row.empty()) {
      none.addAll(List.of("", " ", "null"));
    }
    for (String bad : none) {
      ask(anna, route, Map.of(), "", bad, null);
    }
    ObjectNode fields = (ObjectNode) JSON.readTree(good);
    String first = fields.fieldNames().next();
    String twice = "{\"%s\":%s,".formatted(first, fields.get(first)) + good.substring(1);
    ask(anna, route, Map.of(), "", twice, null);
    send(anna, route, Map.of(), "", good, "Content-Type", "text/xml", null);
    send(anna, route, Map.of(), "", good, "Content-Type", "nonsense", null);
    for (Map.Entry<String, List<String>> field : row.fields().entrySet()) {
      for (String bad : field.getValue()) {
        ObjectNode changed = fields.deepCopy();
        if (field.getKey().equals("application_archive")) {
          // One of the two.
          changed.remove("previous_version");
        }
        changed.putNull(field.getKey());
        String name = "\"%s\":".formatted(field.getKey());
        String body = changed.toString().replace(name + "null", name + bad);
        assertThat(body).contains(bad);
        ask(anna, route, Map.of(), "", body, field.getKey());
      }
    }
  }

  private void ask(
      Member anna,
      String route,
      Map<String, String> paths,
      String query,
      @Nullable String body,
      @Nullable String named)
      throws Exception {
    send(anna, route, paths, query, body, "Content-Type", "application/json", named);
  }

  /// @param named what the answer to a request that is not understood has to name
  private void send(
      Member anna,
      String route,
      Map<String, String> paths,
      String query,
      @Nullable String body,
      String header,
      String value,
      @Nullable String named)
      throws Exception {
    asked++;
    String method = route.substring(0, route.indexOf(' '));
    String path = route.substring(route.indexOf(' ') + 1);
    Map<String, String> all = new HashMap<>(Map.of("org", anna.organizationName(), "app", "shop"));
    all.putAll(paths);
    for (Map.Entry<String, String> one : all.entrySet()) {
      path = path.replace('{' + one.getKey() + '}', one.getValue());
    }
    path = path.replaceAll("\\{\\w+}", "unknown");
    String what =
        "%s %s%s %s: %s %s"
            .formatted(
                method,
                shortened(path),
                query.isEmpty() ? "" : "?" + shortened(query),
                header,
                value.length() > 60 ? value.length() + " characters" : value,
                body == null ? "" : shortened(body));
    HttpRequest.Builder request =
        HttpRequest.newBuilder(
                URI.create(
                    "http://localhost:%d%s%s"
                        .formatted(RestAssured.port, path, query.isEmpty() ? "" : '?' + query)))
            .header("Authorization", "Bearer " + anna.token())
            .header(header, value)
            .method(method, published(body));
    if (!header.equals("Content-Type") && body != null) {
      request.header("Content-Type", "application/json");
    }
    if (path.startsWith("/internal")) {
      request.header(InternalToken.SECRET_HEADER, keys.internalSecret());
    }
    HttpResponse<String> answer =
        client.send(request.build(), HttpResponse.BodyHandlers.ofString(StandardCharsets.UTF_8));
    String problem = problem(answer, named, !query.isEmpty());
    if (problem != null) {
      wrong.add(
          "%s -> %d %s: %s"
              .formatted(what, answer.statusCode(), shortened(answer.body()), problem));
    }
  }

  private static HttpRequest.BodyPublisher published(@Nullable String body) {
    if (body == null) {
      return HttpRequest.BodyPublishers.noBody();
    }
    return HttpRequest.BodyPublishers.ofByteArray(
        body.getBytes(
            body.equals(NOT_UTF8) ? StandardCharsets.ISO_8859_1 : StandardCharsets.UTF_8));
  }

  private static @Nullable String problem(
      HttpResponse<String> answer, @Nullable String named, boolean queried) {
    int status = answer.statusCode();
    if (status < 400 || status > 499) {
      return "it is not refused";
    }
    JsonNode error;
    try {
      error = JSON.readTree(answer.body());
    } catch (IOException noJson) {
      return "it is no JSON";
    }
    String message = error.path("message").asText();
    if (message.length() < 10
        || error.path("requestID").asText().isEmpty()
        || error.path("statusCode").asInt() != status
        || !error.path("code").asText().matches("[a-z0-9]+(-[a-z0-9]+)*")) {
      return "it has not the shape of an error";
    }
    if (answer.body().contains("Exception") || answer.body().contains("jackson")) {
      return "it tells of the inside";
    }
    boolean misunderstood = error.path("code").asText().equals("invalid-request");
    if (queried && !misunderstood) {
      return "something else than the query is refused";
    }
    if (misunderstood && named != null && !message.contains(named) && !message.contains("NUL")) {
      return "it does not name " + named;
    }
    return null;
  }

  private static String shortened(String text) {
    String plain = text.replaceAll("\\p{Cntrl}", "?");
    return plain.length() > 200 ? plain.substring(0, 200) + "…" : plain;
  }

  private static Map<String, JsonNode> routes() throws IOException {
    JsonNode paths =
        JSON.readTree(
                given().get("/q/openapi?format=json").then().statusCode(200).extract().asString())
            .path("paths");
    Map<String, JsonNode> routes = new TreeMap<>();
    paths
        .properties()
        .forEach(
            path ->
                path.getValue()
                    .properties()
                    .forEach(
                        method -> {
                          if (List.of("get", "put", "post", "patch", "delete")
                              .contains(method.getKey())) {
                            routes.put(
                                method.getKey().toUpperCase(Locale.ROOT) + ' ' + path.getKey(),
                                method.getValue());
                          }
                        }));
    return routes;
  }

  /// Everything that a request could have left.
  private Map<String, String> state(Member anna, String application)
      throws SQLException, IOException {
    Map<String, String> state = new TreeMap<>();
    try (Connection connection = database.getConnection();
        Statement statement = connection.createStatement()) {
      for (String table :
          List.of(
              "application",
              "version",
              "secret",
              "operation",
              "gateway",
              "schema_record",
              "idempotency_key")) {
        try (ResultSet row =
            statement.executeQuery(
                """
                select coalesce(string_agg(t::text, chr(10) order by t::text), '') from %s t
                where t::text like '%%%s%%' or t::text like '%%%s%%' or '%1$s' = 'gateway'"""
                    .formatted(table, anna.organization(), application))) {
          row.next();
          state.put(table, row.getString(1));
        }
      }
    }
    try (Stream<Path> files = Files.walk(archives)) {
      state.put(
          "archives",
          new TreeSet<>(files.filter(Files::isRegularFile).map(Path::toString).toList())
              .toString());
    }
    Response shown =
        anna.asks()
            .get("/v1alpha1/{org}/applications/shop")
            .then()
            .statusCode(200)
            .extract()
            .response();
    state.put("shop", shown.asString());
    return state;
  }
}
