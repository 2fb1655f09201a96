package dev.slipway.deploy.api;

import static dev.slipway.deploy.api.Refusals.refused;
import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;
import static org.hamcrest.Matchers.aMapWithSize;
import static org.hamcrest.Matchers.containsString;
import static org.hamcrest.Matchers.equalTo;
import static org.hamcrest.Matchers.hasSize;

import dev.slipway.deploy.DeployServiceTest;
import dev.slipway.deploy.FakePlatform;
import dev.slipway.deploy.Members;
import dev.slipway.deploy.Members.Member;
import dev.slipway.deploy.Registered;
import dev.slipway.deploy.driver.ExecutorObservation;
import dev.slipway.deploy.driver.ExecutorSpecification;
import io.quarkus.test.junit.QuarkusTest;
import io.restassured.response.Response;
import jakarta.inject.Inject;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.time.Instant;
import java.time.temporal.ChronoUnit;
import java.util.Base64;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.stream.IntStream;
import java.util.zip.ZipEntry;
import java.util.zip.ZipOutputStream;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

@QuarkusTest
@DeployServiceTest
class DeploysResourceTest {

  private static final String PATH = "/v1alpha1/{org}/applications";

  @Inject Members members;
  @Inject Registered registered;
  @Inject FakePlatform platform;

  @BeforeEach
  void calm() {
    platform.calm();
  }

  @Test
  void aDeployIsAnsweredWhenItServes() throws IOException {
    Member anna = members.join();
    registered.application(anna, "shop");

    Response answer = deploy(anna, "one");

    String version =
        answer
            .then()
            .statusCode(200)
            .body("$", aMapWithSize(1))
            .extract()
            .path("ApplicationVersion");
    assertThat(version).matches("[0-9]{13}");
    anna.asks()
        .get(PATH + "/shop")
        .then()
        .body("Status", equalTo("AVAILABLE"))
        .body("Version", equalTo(version))
        .body("ServingVersion", equalTo(version));
    anna.asks()
        .get(PATH + "/shop/versions")
        .then()
        .body("$", hasSize(1))
        .body("[0]", aMapWithSize(3))
        .body("[0].ApplicationName", equalTo("shop"))
        .body("[0].Version", equalTo(version))
        .body(
            "[0].CreationTime",
            org.hamcrest.Matchers.matchesPattern("[0-9-]{10}T[0-9:]{8}(\\.[0-9]+)?Z"));
  }

  @Test
  void aFailureIsAnsweredWithTheLastLinesOfWhatFailed() throws IOException {
    Member anna = members.join();
    registered.application(anna, "shop");
    String served = version(deploy(anna, "one"));
    platform.fail(
        "build", IntStream.range(0, 30).mapToObj(i -> "line " + i).toArray(String[]::new));

    Response answer = deploy(anna, "two");

    refused(answer.then(), 422, "build-failed")
        .body("message", containsString("build failed (exit status 1)"))
        .body(
            "DetailedError",
            equalTo(String.join("\n", IntStream.range(10, 30).mapToObj(i -> "line " + i).toList())))
        .body("operationId", equalTo(answer.header("Operation-Id")));
    anna.asks()
        .get(PATH + "/shop")
        .then()
        .body("Status", equalTo("AVAILABLE"))
        .body("Version", equalTo(served));
    anna.asks().get(PATH + "/shop/versions").then().body("$", hasSize(1));
  }

  @Test
  void aDeployThatIsAnsweredEarlyIsNeverTakenForASuccess() throws IOException {
    Member anna = members.join();
    registered.application(anna, "shop");
    version(deploy(anna, "one"));
    platform.fail("build", "no");

    Response early = deploy(anna, "two", "respond-async");

    early.then().statusCode(202).body("ApplicationVersion", org.hamcrest.Matchers.notNullValue());
    await()
        .untilAsserted(
            () -> {
              String status = status(anna);
              assertThat(status).isIn("DEPLOYING", "DEPLOY_FAILED").isEqualTo("DEPLOY_FAILED");
            });
    anna.asks()
        .get(PATH + "/shop")
        .then()
        .body("Reason", containsString("build failed"))
        .body("OperationID", equalTo(early.header("Operation-Id")));
    deploy(anna, "three").then().statusCode(422);
    assertThat(status(anna)).isEqualTo("DEPLOY_FAILED");
    platform.calm();
    version(deploy(anna, "four"));
    assertThat(status(anna)).isEqualTo("AVAILABLE");
  }

  @Test
  void aBusyApplicationSaysWhoIsAtItAndTheRestOfTheBodyIsRead() throws IOException {
    Member anna = members.join();
    registered.application(anna, "shop");
    platform.hold("build");
    Response first = deploy(anna, "one", "respond-async");

    Response second = deploy(anna, "x".repeat(3_000_000));

    refused(second.then(), 409, "application-busy")
        .body(
            "message",
            org.hamcrest.Matchers.matchesPattern(
                "application is busy: application.deploy of shop, asked for by anna at .*,"
                    + " is at the step .*"))
        .body("operationId", equalTo(first.header("Operation-Id")));
    assertThat(status(anna)).isEqualTo("DEPLOYING");
    anna.asks().delete(PATH + "/shop").then().statusCode(202);
    await().untilAsserted(() -> anna.asks().get(PATH).then().body("$", hasSize(0)));
  }

  @Test
  void aBuildThatRunsShowsItsLastLine() throws IOException {
    Member anna = members.join();
    String id = registered.application(anna, "shop");
    platform.hold("build");
    Response begun = deploy(anna, "one", "respond-async");
    String path = "/v1alpha1/{org}/operations/" + begun.header("Operation-Id");
    await().untilAsserted(() -> anna.asks().get(path).then().body("step", equalTo("build")));
    platform.log(
        id,
        begun.path("ApplicationVersion"),
        "build",
        Instant.now().truncatedTo(ChronoUnit.SECONDS).plusNanos(1_123_456_000),
        List.of("webpack 10 %", "webpack 40 %"));

    anna.asks()
        .get(path)
        .then()
        .body("steps.find { it.name == 'build' }.output", equalTo("webpack 40 %"))
        .body("steps.find { it.name == 'unpack' }.output", org.hamcrest.Matchers.nullValue());

    anna.asks().post(path + "/cancel").then().statusCode(200);
    platform.calm();
    await().untilAsserted(() -> anna.asks().get(path).then().body("phase", equalTo("ended")));
  }

  @Test
  void theSameKeyAndArchiveIsTheSameDeploy() throws IOException {
    Member anna = members.join();
    registered.application(anna, "shop");

    Response first = keyed(anna, "one");
    Response second = keyed(anna, "one");

    assertThat(version(second)).isEqualTo(version(first));
    assertThat(second.header("Operation-Id")).isEqualTo(first.header("Operation-Id"));
    anna.asks().get(PATH + "/shop/versions?details=true").then().body("$", hasSize(1));
    refused(keyed(anna, "two").then(), 422, "idempotency-key-reused");
    anna.asks().get(PATH + "/shop/versions?details=true").then().body("$", hasSize(1));
  }

  @Test
  void aKeptVersionIsDeployedUnderItsOwnIdentifier() throws IOException {
    Member anna = members.join();
    registered.application(anna, "shop");
    String one = version(deploy(anna, "one"));
    String two = version(deploy(anna, "two"));

    refused(previous(anna, one, false).then(), 422, "schema-ahead");
    assertThat(version(previous(anna, one, true))).isEqualTo(one);
    anna.asks().get(PATH + "/shop").then().body("Version", equalTo(one));
    assertThat(version(previous(anna, two, false))).isEqualTo(two);
    refused(previous(anna, "1700000000000", false).then(), 404, "version-not-found")
        .body("message", equalTo("application shop has no version 1700000000000"));
    refused(previous(anna, "../etc", false).then(), 400, "invalid-request");
  }

  @Test
  void aRollBackUndoesTheSchemaOfEveryLaterVersion() throws IOException {
    Member anna = members.join();
    registered.application(anna, "shop");
    String one = version(deploy(anna, "one"));
    String two = version(deploy(anna, "two"));
    String three = version(deploy(anna, "three"));

    rollBack(anna, "?dryRun=true", "{\"version\":\"" + one + "\"}")
        .then()
        .statusCode(200)
        .body("ApplicationVersion", equalTo(one))
        .body("From", equalTo(three))
        .body("Undo.Version", equalTo(List.of(three, two)))
        .body("Undo.Changes", equalTo(List.of(true, true)));
    refused(rollBack(anna, "?dryRun=1", "{}").then(), 400, "invalid-request")
        .body("fields.dryRun", equalTo("must be true or false"));
    anna.asks().get(PATH + "/shop").then().body("Version", equalTo(three));
    assertThat(version(rollBack(anna, "", "{}"))).isEqualTo(two);
    assertThat(version(rollBack(anna, "", "{\"version\":\"" + one + "\"}"))).isEqualTo(one);
    anna.asks()
        .get(PATH + "/shop/versions?details=true")
        .then()
        .body("Version", equalTo(List.of(three, two, one)))
        .body("Serving", equalTo(List.of(false, false, true)))
        .body("SchemaApplied", equalTo(List.of(false, false, true)))
        .body("Deployed", equalTo(List.of(true, true, true)));
    refused(rollBack(anna, "", "").then(), 409, "nothing-to-roll-back");
    refused(
        rollBack(anna, "", "{\"version\":\"" + two + "\"}").then(), 409, "nothing-to-roll-back");
    refused(rollBack(anna, "", "{\"version\":\"7\"}").then(), 404, "version-not-found");
  }

  @Test
  void aRollBackWithAnArchiveRunsItsRollBackCommands() throws IOException {
    Member anna = members.join();
    registered.application(anna, "shop");
    version(deploy(anna, "one"));
    platform.fail("migrate", "must not run");

    Response answer = anna.asks().body(upload("earlier")).post(PATH + "/shop/rollback");

    String version = version(answer);
    anna.asks().get(PATH + "/shop").then().body("Version", equalTo(version));
  }

  @Test
  void anApplicationThatDoesNotStartIsAnsweredWithWhatItWrote() throws Exception {
    Member anna = members.join();
    String application = registered.application(anna, "shop");
    platform.hold("serve");

    try (var elsewhere = Executors.newVirtualThreadPerTaskExecutor()) {
      Future<Response> answer = elsewhere.submit(() -> deploy(anna, "one"));
      ExecutorSpecification executor =
          await()
              .until(
                  () ->
                      platform.reality.executors().stream()
                          .flatMap(id -> platform.reality.specification(id).stream())
                          .filter(it -> it.version().application().equals(application))
                          .findFirst(),
                  Optional::isPresent)
              .orElseThrow();
      platform.log(
          application,
          executor.version().version(),
          executor.executor(),
          List.of("about to start", "Error: no such module"));
      platform.reality.becomes(executor.executor(), ExecutorObservation.State.GONE);

      refused(answer.get().then(), 422, "start-failed")
          .body("DetailedError", equalTo("about to start\nError: no such module"));
    }
  }

  @Test
  void aVersionThatRunsMovesAsAVersionOfItsOwn() throws IOException {
    Member anna = members.join();
    registered.application(anna, "shop");
    String running = version(deploy(anna, "one"));

    String moved =
        version(
            anna.asks()
                .body(Map.of("previous_version", running, "target_database_name", "other"))
                .post(PATH + "/shop/changedbinstance"));

    assertThat(moved).isNotEqualTo(running);
    anna.asks()
        .get(PATH + "/shop")
        .then()
        .body("PostgresInstanceName", equalTo("other"))
        .body("Version", equalTo(moved));
  }

  @Test
  void anApplicationMovesToAnotherInstance() throws IOException {
    Member anna = members.join();
    registered.application(anna, "shop");
    version(deploy(anna, "one"));

    Response moved =
        anna.asks()
            .body(
                "{\"application_archive\":\""
                    + archive("two")
                    + "\",\"target_database_name\":\"other\"}")
            .post(PATH + "/shop/changedbinstance");

    String version = version(moved);
    anna.asks()
        .get(PATH + "/shop")
        .then()
        .body("PostgresInstanceName", equalTo("other"))
        .body("Version", equalTo(version));
    refused(
        anna.asks().body(upload("three")).post(PATH + "/shop/changedbinstance").then(),
        400,
        "invalid-request");
  }

  @Test
  void whatTheSchemaIsNotKnownToHaveBeenIsNotRolledBackTo() throws IOException {
    Member anna = members.join();
    registered.application(anna, "shop");
    String one = version(deploy(anna, "one"));
    version(deploy(anna, "two"));
    String three =
        version(
            anna.asks()
                .body(
                    "{\"application_archive\":\""
                        + archive("three")
                        + "\",\"target_database_name\":\"other\"}")
                .post(PATH + "/shop/changedbinstance"));

    for (String dry : List.of("", "?dryRun=true")) {
      refused(rollBack(anna, dry, "{\"version\":\"" + one + "\"}").then(), 409, "schema-unknown")
          .body("message", containsString("not known to have been that of version " + one));
      refused(rollBack(anna, dry, "{}").then(), 409, "schema-unknown")
          .body("message", containsString("that of a version before " + three));
    }
    anna.asks().get(PATH + "/shop").then().body("Version", equalTo(three));
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "{}",
        "",
        "{\"application_archive\":null,\"previous_version\":null}",
        "{\"application_archive\":\"UEsDBA==\",\"previous_version\":\"1\"}"
      })
  void oneOfArchiveAndVersionIsNeeded(String body) {
    Member anna = members.join();
    registered.application(anna, "shop");

    int status =
        (body.isEmpty() ? anna.asks() : anna.asks().body(body)).post(PATH + "/shop").statusCode();

    assertThat(status).isEqualTo(400);
  }

  @ParameterizedTest
  @ValueSource(
      strings = {"{", "[]", "{\"application_archive\":\"!!!\"}", "{\"application_archive\":1}"})
  void malformedBodiesAreRefused(String body) {
    Member anna = members.join();
    registered.application(anna, "shop");

    Response answer = anna.asks().body(body).post(PATH + "/shop");

    assertThat(answer.statusCode()).isEqualTo(400);
    assertThat(answer.<String>path("message")).isNotBlank();
    anna.asks().get(PATH + "/shop/versions?details=true").then().body("$", hasSize(0));
  }

  @Test
  void anArchiveMayBeLargerThanOtherBodies() throws IOException {
    Member anna = members.join();
    registered.application(anna, "shop");
    byte[] noise = new byte[3_000_000];
    new java.util.Random(1).nextBytes(noise);

    version(
        anna.asks()
            .body(upload(new String(noise, StandardCharsets.ISO_8859_1)))
            .post(PATH + "/shop"));
  }

  private static Response deploy(Member member, String content) throws IOException {
    return member.asks().body(upload(content)).post(PATH + "/shop");
  }

  private static Response deploy(Member member, String content, String prefer) throws IOException {
    return member.asks().header("Prefer", prefer).body(upload(content)).post(PATH + "/shop");
  }

  private static Response keyed(Member member, String content) throws IOException {
    return member
        .asks()
        .header("Idempotency-Key", "deploy-1")
        .body(upload(content))
        .post(PATH + "/shop");
  }

  private static Response previous(Member member, String version, boolean allowBreaking) {
    return member
        .asks()
        .queryParam("allowBreaking", allowBreaking)
        .body(Map.of("previous_version", version))
        .post(PATH + "/shop");
  }

  private static Response rollBack(Member member, String query, String body) {
    return (body.isEmpty() ? member.asks() : member.asks().body(body))
        .post(PATH + "/shop/rollback" + query);
  }

  private static String version(Response answer) {
    return answer.then().statusCode(200).extract().path("ApplicationVersion");
  }

  private static String status(Member member) {
    return member.asks().get(PATH + "/shop").then().statusCode(200).extract().path("Status");
  }

  private static String upload(String content) throws IOException {
    return "{\"application_archive\":\"" + archive(content) + "\"}";
  }

  private static String archive(String content) throws IOException {
    var bytes = new ByteArrayOutputStream();
    try (var zip = new ZipOutputStream(bytes)) {
      var entry = new ZipEntry("package.json");
      // Otherwise the same content is another archive two seconds later.
      entry.setTime(0);
      zip.putNextEntry(entry);
      zip.write(content.getBytes(StandardCharsets.ISO_8859_1));
    }
    return Base64.getEncoder().encodeToString(bytes.toByteArray());
  }
}
