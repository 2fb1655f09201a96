package dev.slipway.cli.command;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ArrayNode;
import dev.slipway.cli.api.FakePlatform;
import dev.slipway.cli.api.FakePlatform.Call;
import dev.slipway.cli.api.FakePlatform.Reply;
import dev.slipway.cli.console.Json;
import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.zip.ZipEntry;
import java.util.zip.ZipInputStream;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;
import org.junit.jupiter.api.io.TempDir;

/// What each command asks of the platform, and what it says about the answer.
class ApplicationCommandTest {

  private static final String APPLICATION =
      """
      {"ID":"app_1","Name":"shop","Status":"AVAILABLE","Version":"1700000000000",
       "PostgresInstanceName":"main","ApplicationDatabaseName":"shop",
       "AppURL":"https://acme-shop.localhost:8443/","MinExecutors":2,"Reason":null}
      """;
  private static final String NOT_FOUND =
      """
      {"message":"application shop not found","statusCode":404,"requestID":"r-1",
       "code":"application-not-found"}
      """;
  private static final String ACME = "/v1alpha1/acme";

  @TempDir private Path folder;

  @RegisterExtension private static final FakePlatform platform = FakePlatform.started();

  private final Map<String, Reply> replies = new TreeMap<>();
  private Shell shell;

  @BeforeEach
  void signIn() throws IOException {
    platform.signIn(folder, "acme");
    platform.answers(
        call -> {
          Reply known = replies.get(call.line());
          return known == null
              ? Reply.of(404, "{\"message\":\"unexpected %s\"}".formatted(call.line()))
              : known;
        });
    Files.writeString(folder.resolve("package.json"), "{\"name\":\"shop\"}");
    Files.writeString(folder.resolve("dbos-config.yaml"), "name: shop\n");
    Files.writeString(folder.resolve(".dbosignore"), "home/\n");
    shell = new Shell(folder);
    reply("GET", "/applications/shop", APPLICATION);
  }

  @Test
  void theFirstDeployRegistersOnTheOnlyInstanceAndUploadsTheFolder() throws Exception {
    List<Reply> known =
        new ArrayList<>(List.of(Reply.of(404, NOT_FOUND), Reply.of(200, APPLICATION)));
    platform.answers(
        call ->
            call.line().equals("GET " + ACME + "/applications/shop")
                ? known.removeFirst()
                : replies.getOrDefault(call.line(), Reply.of(500, "{}")));
    reply("GET", "/databases", "[{\"PostgresInstanceName\":\"main\"}]");
    begins("PUT", "/applications", "\"app_1\"", "dop_1");
    begins("POST", "/applications/shop", version("1700000000000"), "dop_2");
    ended("dop_1", "SUCCEEDED", "done", "");
    ended("dop_2", "SUCCEEDED", "done", "");

    Shell.Result result = shell.run("app", "deploy");

    assertThat(result.err()).contains("Registered shop on main").contains("Uploading 3 files");
    assertThat(result.exitCode()).as(result.err()).isZero();
    assertThat(result.out())
        .isEqualTo("shop 1700000000000 serves at https://acme-shop.localhost:8443/\n");
    JsonNode registered = body("PUT " + ACME + "/applications");
    assertThat(registered.path("name").asText()).isEqualTo("shop");
    assertThat(registered.path("database").asText()).isEqualTo("main");
    assertThat(registered.path("language").asText()).isEqualTo("node");
    Call upload = call("POST " + ACME + "/applications/shop");
    assertThat(upload.prefer()).isEqualTo("respond-async");
    assertThat(names(body(upload.line()).path("application_archive").binaryValue()))
        .containsExactly(".dbosignore", "package.json", "dbos-config.yaml");
  }

  @Test
  void withSeveralInstancesOneHasToBeNamed() {
    replies.put("GET " + ACME + "/applications/shop", Reply.of(404, NOT_FOUND));
    reply(
        "GET",
        "/databases",
        "[{\"PostgresInstanceName\":\"one\"},{\"PostgresInstanceName\":\"two\"}]");

    Shell.Result result = shell.run("app", "deploy");

    assertThat(result.exitCode()).isEqualTo(2);
    assertThat(result.err()).contains("one, two").contains("slipway app deploy shop -d one");
    assertThat(platform.lines()).noneMatch(line -> line.startsWith("PUT"));
  }

  @Test
  void aFailedDeployEndsWithWhatTheCommandHasWrittenLast() throws Exception {
    begins("POST", "/applications/shop", version("1700000000001"), "dop_2");
    ended(
        "dop_2",
        "FAILED",
        "failed",
        ",\"cause\":{\"code\":\"migration-failed\",\"message\":\"migrate failed (exit status 1)\"}");
    ArrayNode lines = Json.MAPPER.createArrayNode();
    for (int i = 1; i <= 30; i++) {
      lines.add("line " + i);
    }
    reply(
        "GET",
        "/applications/shop/versions/1700000000001/output?source=migrate&limit=10000",
        Json.object().set("Lines", lines).toString());

    Shell.Result result = shell.run("app", "deploy");
    Shell.Result json = shell.run("app", "deploy", "--json");

    assertThat(result.exitCode()).isEqualTo(1);
    assertThat(result.err())
        .contains("migrate failed (exit status 1)")
        .contains("  | line 30\n")
        .contains("  | line 11\n")
        .doesNotContain("line 10\n")
        .contains("slipway ops show dop_2");
    assertThat(json.exitCode()).isEqualTo(1);
    assertThat(json.json().path("code").asText()).isEqualTo("migration-failed");
    assertThat(json.json().path("DetailedError").asText()).endsWith("line 30");
  }

  /// The version before goes on serving, and writing.
  @Test
  void aFailedStartEndsWithWhatItsOwnExecutorsHaveWrittenLast() {
    begins("POST", "/applications/shop", version("1700000000001"), "dop_2");
    ended(
        "dop_2",
        "UNDONE",
        "undone",
        ",\"cause\":{\"code\":\"unhealthy\",\"message\":\"it is not healthy\"}");
    reply(
        "GET",
        "/operations/dop_2/receipt",
        """
        {"operationId":"dop_2","things":[
         {"kind":"directory","name":"app_1/1700000000001","state":"gone","proof":"p"},
         {"kind":"process","name":"exe_new","state":"gone","proof":"p"}],"children":[]}""");
    reply(
        "GET",
        "/applications/shop/versions/1700000000001/output?source=exe_new&limit=10000",
        "{\"Lines\":[\"began\",\"cannot listen\"]}");

    assertThat(shell.run("app", "deploy").err()).contains("  | began\n  | cannot listen\n");
  }

  @Test
  void aFailureIsSaidAlsoWhenItsOutputIsLost() {
    begins("POST", "/applications/shop", version("1700000000001"), "dop_2");
    ended(
        "dop_2",
        "FAILED",
        "failed",
        ",\"cause\":{\"code\":\"migration-failed\",\"message\":\"migrate failed (exit status 1)\"}");

    assertThat(shell.run("app", "deploy").err())
        .contains("migrate failed (exit status 1)")
        .doesNotContain("unexpected");
  }

  @Test
  void aVersionThatStillRunsForItsWorkflowsIsDraining() {
    reply(
        "GET",
        "/applications/shop/versions?details=true",
        """
        [{"Version":"3","CreationTime":"t","Serving":true,"Deployed":true},
         {"Version":"2","CreationTime":"t","Draining":true,"Deployed":true},
         {"Version":"1","CreationTime":"t","Deployed":true},
         {"Version":"0","CreationTime":"t"}]""");

    assertThat(shell.run("app", "versions").out().lines().map(line -> line.split(" {2,}", -1)[3]))
        .containsExactly("STATE", "serving", "draining", "kept", "never served");
  }

  @Test
  void aKeptVersionIsDeployedWithoutAnArchive() throws Exception {
    begins("POST", "/applications/shop?allowBreaking=true", version("1699999999999"), "dop_2");

    Shell.Result result =
        shell.run("app", "deploy", "-p", "1699999999999", "--allow-breaking", "--async");

    assertThat(result.exitCode()).as(result.err()).isZero();
    assertThat(result.out()).isEqualTo("shop 1699999999999 is accepted.\n");
    assertThat(result.err()).contains("slipway ops watch dop_2");
    assertThat(body("POST " + ACME + "/applications/shop?allowBreaking=true"))
        .isEqualTo(Json.object().put("previous_version", "1699999999999"));
  }

  @Test
  void anotherDatabaseThanItHasIsRefusedBeforeAnythingIsSent() throws Exception {
    Files.writeString(
        folder.resolve("dbos-config.yaml"), "name: shop\ndatabase:\n  app_db_name: other\n");

    Shell.Result result = shell.run("app", "deploy");

    assertThat(result.exitCode()).isEqualTo(2);
    assertThat(result.err()).contains("other").contains("app_db_name");
    assertThat(platform.lines()).noneMatch(line -> line.startsWith("POST"));
  }

  @Test
  void theNameGivenWinsOverTheFolders() {
    reply("GET", "/applications/shop-staging", APPLICATION.replace("shop", "shop-staging"));
    begins("POST", "/applications/shop-staging", version("1"), "dop_2");

    Shell.Result result = shell.run("app", "deploy", "shop-staging", "--async", "--json");

    assertThat(result.exitCode()).as(result.err()).isZero();
    assertThat(result.out()).contains("shop-staging").contains("dop_2");
  }

  @Test
  void changingTheInstanceNamesItBesideTheArchive() throws Exception {
    begins("POST", "/applications/shop/changedbinstance", version("2"), "dop_3");
    ended("dop_3", "SUCCEEDED", "done", "");

    Shell.Result result = shell.run("app", "change-database-instance", "-d", "second");

    assertThat(result.exitCode()).as(result.err()).isZero();
    JsonNode body = body("POST " + ACME + "/applications/shop/changedbinstance");
    assertThat(body.path("target_database_name").asText()).isEqualTo("second");
    assertThat(result.err())
        .contains("Its databases on main stay there")
        .contains("DROP DATABASE shop; DROP DATABASE shop_dbos_sys");
    assertThat(body.path("application_archive").binaryValue()).isNotEmpty();
  }

  @Test
  void aRollBackUploadsNothing() throws Exception {
    begins("POST", "/applications/shop/rollback", version("1699999999999"), "dop_4");
    ended("dop_4", "SUCCEEDED", "done", "");

    assertThat(shell.run("app", "rollback", "--to", "1699999999999").exitCode()).isZero();

    assertThat(body("POST " + ACME + "/applications/shop/rollback"))
        .isEqualTo(Json.object().put("version", "1699999999999"));
  }

  @Test
  void aDryRunSaysWhatWouldBeUndone() throws Exception {
    reply(
        "POST",
        "/applications/shop/rollback?dryRun=true",
        "{\"ApplicationVersion\":\"1699999999999\",\"From\":\"1700000000000\","
            + "\"Undo\":[{\"Version\":\"1700000000000\",\"Changes\":true}]}");

    Shell.Result result = shell.run("app", "rollback", "--dry-run");

    assertThat(result.out()).contains("1700000000000").contains("1699999999999");
    assertThat(body("POST " + ACME + "/applications/shop/rollback?dryRun=true")).isEmpty();
  }

  @Test
  void updateSendsTextsAsTheOfficialCommandDoes() throws Exception {
    reply("PATCH", "/applications/shop", "");

    assertThat(
            shell
                .run("app", "update", "--executors-memory-mib", "1024", "--min-executors", "2")
                .exitCode())
        .isZero();

    assertThat(body("PATCH " + ACME + "/applications/shop"))
        .isEqualTo(Json.object().put("executors_memory_mib", "1024").put("min_vms", "2"));
  }

  @Test
  void deletingHasToBeConfirmedAndCarriesABody() throws Exception {
    begins("DELETE", "/applications/shop", "", "dop_5");
    ended("dop_5", "SUCCEEDED", "done", "");

    assertThat(shell.run("app", "delete").exitCode()).isEqualTo(2);
    assertThat(platform.lines()).isEmpty();
    assertThat(shell.run("app", "delete", "--dropdb", "--yes").out()).isEqualTo("shop is gone.\n");
    assertThat(body("DELETE " + ACME + "/applications/shop"))
        .isEqualTo(Json.object().put("dropdb", true));
  }

  @Test
  void logsAreReadPageByPage() {
    reply(
        "GET",
        "/logs/applications/shop?last=60&limit=2&format=json",
        "{\"end\":false,\"body\":\"a\\nb\\n\",\"next_timestamp\":\"2026-01-01 00:00:00.1\"}");
    reply(
        "GET",
        "/logs/applications/shop?limit=2&format=json&since=2026-01-01%2000%3A00%3A00.1",
        "{\"end\":true,\"body\":\"c\\n\",\"next_timestamp\":\"x\"}");

    assertThat(shell.run("app", "logs", "-l", "60", "-p", "2").out()).isEqualTo("a\nb\nc\n");
    assertThat(shell.run("app", "logs", "-l", "60", "-p", "2", "--json").out())
        .contains("\"a\", \"b\", \"c\"");
  }

  @Test
  void aVariableIsReadFromStandardInput() throws Exception {
    reply("POST", "/applications/secrets", "");

    Shell.Result result =
        shell.runWith("two\nlines\n", "app", "env", "create", "-s", "TOKEN", "--value-stdin");

    assertThat(result.exitCode()).as(result.err()).isZero();
    assertThat(body("POST " + ACME + "/applications/secrets"))
        .isEqualTo(
            Json.object()
                .put("ApplicationName", "shop")
                .put("SecretName", "TOKEN")
                .put("ClearSecretValue", "two\nlines"));
    assertThat(result.out() + result.err()).doesNotContain("lines");
  }

  @Test
  void aFileOfVariablesIsSetOneByOne() throws Exception {
    reply("POST", "/applications/secrets", "");
    Files.writeString(folder.resolve(".env"), "HOST=db\nURL=http://${HOST}/\n");

    assertThat(shell.run("app", "env", "import", "-d", ".env").exitCode()).isZero();

    assertThat(platform.calls())
        .extracting(Call::body)
        .anyMatch(it -> it.contains("\"http://db/\""))
        .hasSize(2);
  }

  @Test
  void nothingIsSetOfAFileWithNamesThatThePlatformRefuses() throws Exception {
    Files.writeString(folder.resolve(".env"), "HOST=db\nmy.key=1\nDBOS_DATABASE_URL=x\nLD_X=y\n");

    Shell.Result result = shell.run("app", "env", "import", "-d", ".env");

    assertThat(result.exitCode()).isEqualTo(2);
    assertThat(result.err()).contains("my.key, DBOS_DATABASE_URL, LD_X").doesNotContain("HOST");
    assertThat(platform.calls()).isEmpty();
  }

  /// The rule is the platform's own; what it adds, it refuses itself.
  @Test
  void theNamesRefusedAreThoseThatThePlatformRefuses() throws Exception {
    Matcher names =
        Pattern.compile("\"([A-Z_]{2,}|PS4)\"")
            .matcher(
                Files.readString(
                    Path.of(
                        "../deploy-service/src/main/java/dev/slipway/deploy/configuration/SecretNames.java")));
    List<String> reserved = names.results().map(it -> it.group(1)).toList();
    assertThat(reserved).hasSizeGreaterThan(20);
    for (String name : reserved) {
      Files.writeString(folder.resolve(".env"), name + "=1\n");

      assertThat(shell.run("app", "env", "import", "-d", ".env").exitCode()).as(name).isEqualTo(2);
    }
  }

  @Test
  void whatWasSetBeforeARefusalIsSaid() throws Exception {
    platform.answers(
        call ->
            call.body().contains("\"TWO\"")
                ? Reply.of(409, "{\"message\":\"no room\",\"code\":\"too-many-secrets\"}")
                : Reply.of(200, ""));
    Files.writeString(folder.resolve(".env"), "ONE=1\nTWO=2\nTHREE=3\n");

    Shell.Result result = shell.run("app", "env", "import", "-d", ".env");

    assertThat(result.exitCode()).isEqualTo(1);
    assertThat(result.err()).contains("Set are ONE; not TWO, THREE.").contains("no room");
  }

  @Test
  void workflowsAreAskedForAsTheOfficialCommandDoes() throws Exception {
    reply(
        "POST",
        "/applications/shop/workflows",
        "[{\"workflow_id\":\"w-1\",\"status\":\"PENDING\",\"created_at\":1767225600000}]");
    reply("POST", "/applications/shop/queues", "[]");
    replies.put("POST /appsadmin/acme/applications/shop/workflows/w%2F1/cancel", Reply.of(204, ""));

    assertThat(shell.run("app", "workflow", "list", "-S", "PENDING", "-u", "w-1").out())
        .contains("w-1")
        .contains("2026-01-01T00:00:00Z");
    assertThat(body("POST " + ACME + "/applications/shop/workflows").toString())
        .isEqualTo(
            "{\"limit\":10,\"offset\":null,\"status\":\"PENDING\",\"workflow_uuids\":[\"w-1\"]}");
    assertThat(shell.run("app", "wf", "queue", "list", "-q", "mails").exitCode()).isZero();
    assertThat(body("POST " + ACME + "/applications/shop/queues").toString())
        .isEqualTo("{\"limit\":null,\"offset\":null,\"queue_name\":\"mails\"}");
    assertThat(shell.run("app", "workflow", "cancel", "-w", "w/1").out())
        .isEqualTo("w/1 is cancelled.\n");
  }

  @Test
  void theAuditLogIsListedAndExportedPageByPage() {
    String one =
        """
        {"id":"aud_1","at":"2026-01-01T00:00:00.123456Z","actor":"bob","action":"instance.destroy",
         "outcome":"accepted","status":202,"operation":"iop_1","path":"/v1alpha1/acme/databases/userdb/main",
         "address":"10.0.0.1","token":"tok_1"}
        """;
    platform.answers(
        call ->
            !call.line().startsWith("GET " + ACME + "/audit?")
                ? Reply.of(500, "{}")
                : Reply.of(
                    200,
                    call.line().contains("cursor=more")
                        ? "{\"entries\":[" + one.replace("bob", "ann") + "],\"next\":null}"
                        : "{\"entries\":[" + one + "],\"next\":\"more\"}"));

    Shell.Result list =
        shell.run("audit", "list", "--actor", "bob", "--since", "2026-01-01T00:00:00Z");
    assertThat(list.out())
        .contains("2026-01-01T00:00:00Z  bob")
        .contains("accepted 202 iop_1")
        .contains("ann");
    assertThat(platform.lines().getFirst())
        .contains("actor=bob")
        .contains("since=2026-01-01T00%3A00%3A00Z");
    Shell.Result export = shell.run("audit", "export");
    assertThat(export.out().lines()).hasSize(2).allMatch(line -> line.startsWith("{\"id\""));
    assertThat(shell.run("audit", "list", "--since", "yesterday").exitCode()).isEqualTo(2);
  }

  @Test
  void aDestroyEndsWithTheReceiptOfAllThatWasMadeForIt() {
    begins("DELETE", "/applications/shop", "", "dop_1");
    ended("dop_1", "SUCCEEDED", "done", "");
    reply("GET", "/operations/dop_1/receipt", receipt("port", "localhost:4100", "iop_9"));
    reply("GET", "/operations/iop_9/receipt", receipt("database", "ins_1/shop", ""));

    Shell.Result deleted = shell.run("app", "delete", "shop", "--dropdb", "--yes");

    assertThat(deleted.exitCode()).as(deleted.err()).isZero();
    assertThat(deleted.out())
        .contains("localhost:4100  gone  it was looked for")
        .contains("ins_1/shop")
        .contains("2 things gone and checked, none left. Earlier operations had removed 6 more.")
        .endsWith("shop is gone.\n");
    Shell.Result json = shell.run("ops", "receipt", "dop_1", "--json");
    assertThat(json.out()).contains("\"iop_9\"").contains("\"ins_1/shop\"");
  }

  private static String receipt(String kind, String name, String child) {
    return """
    {"things":[{"kind":"%s","name":"%s","state":"gone","proof":"it was looked for"}],
     "left":0,"earlier":3,"children":[%s]}
    """
        .formatted(kind, name, child.isEmpty() ? "" : '"' + child + '"');
  }

  @Test
  void anInstanceIsDestroyedWithItsApplicationsOnlyByForce() {
    Map<String, Integer> tries = new TreeMap<>();
    platform.answers(
        call ->
            call.line().equals("DELETE " + ACME + "/databases/userdb/main")
                ? tries.merge("destroy", 1, Integer::sum) == 3
                    ? Reply.begun("", "iop_1")
                    : Reply.of(
                        409,
                        """
                        {"message":"database main is used by blog, shop","statusCode":409,
                         "requestID":"r-1","code":"instance-in-use",
                         "fields":{"applications":"blog,shop"}}
                        """)
                : replies.getOrDefault(call.line(), Reply.of(500, "{}")));
    reply("GET", "/databases", "[]");
    begins("DELETE", "/applications/blog", "", "dop_1");
    begins("DELETE", "/applications/shop", "", "dop_2");
    ended("dop_1", "SUCCEEDED", "done", "");
    ended("dop_2", "SUCCEEDED", "done", "");
    ended("iop_1", "SUCCEEDED", "done", "");

    Shell.Result refused = shell.run("db", "destroy", "main", "--yes");
    assertThat(refused.exitCode()).isEqualTo(1);
    assertThat(refused.err()).contains("used by blog, shop").contains("db destroy` ", "--force");
    assertThat(platform.lines()).noneMatch(line -> line.contains("applications"));

    Shell.Result forced = shell.run("db", "destroy", "main", "--yes", "--force");
    assertThat(forced.exitCode()).as(forced.err()).isZero();
    assertThat(call("DELETE " + ACME + "/applications/blog").body()).contains("dropdb");
    assertThat(call("DELETE " + ACME + "/applications/shop").body()).contains("dropdb");
  }

  private void reply(String method, String path, String body) {
    replies.put(method + " " + ACME + path, Reply.of(200, body));
  }

  private void begins(String method, String path, String body, String operation) {
    replies.put(method + " " + ACME + path, Reply.begun(body, operation));
  }

  private void ended(String id, String outcome, String migrate, String more) {
    reply(
        "GET",
        "/operations/" + id,
        """
        {"id":"%s","kind":"application.deploy","subjectName":"shop","phase":"ENDED",
         "outcome":"%s","version":7,"steps":[{"name":"unpack","state":"DONE","millis":5},
         {"name":"migrate","state":"%s","millis":7}]%s}
        """
            .formatted(id, outcome, migrate, more));
  }

  private static String version(String id) {
    return "{\"ApplicationVersion\":\"%s\"}".formatted(id);
  }

  private static Call call(String line) {
    return platform.calls().stream()
        .filter(it -> it.line().equals(line))
        .findFirst()
        .orElseThrow(() -> new AssertionError(line + " is not among " + platform.lines()));
  }

  private static JsonNode body(String line) throws IOException {
    return Json.MAPPER.readTree(call(line).body());
  }

  private static List<String> names(byte[] zip) throws IOException {
    List<String> names = new ArrayList<>();
    try (ZipInputStream in = new ZipInputStream(new ByteArrayInputStream(zip), UTF_8)) {
      for (ZipEntry entry = in.getNextEntry(); entry != null; entry = in.getNextEntry()) {
        names.add(entry.getName());
      }
    }
    return names;
  }
}
