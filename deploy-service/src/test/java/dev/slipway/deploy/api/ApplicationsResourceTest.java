package dev.slipway.deploy.api;

import static dev.slipway.deploy.api.Refusals.refused;
import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;
import static org.hamcrest.Matchers.containsString;
import static org.hamcrest.Matchers.equalTo;
import static org.hamcrest.Matchers.hasSize;
import static org.hamcrest.Matchers.startsWith;

import dev.slipway.deploy.DeployServiceTest;
import dev.slipway.deploy.Members;
import dev.slipway.deploy.Members.Member;
import dev.slipway.deploy.Registered;
import dev.slipway.deploy.domain.Application;
import dev.slipway.deploy.domain.Applications;
import dev.slipway.deploy.persistence.Samples;
import io.quarkus.test.junit.QuarkusTest;
import io.restassured.response.Response;
import jakarta.inject.Inject;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.Callable;
import java.util.concurrent.Executors;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

@QuarkusTest
@DeployServiceTest
class ApplicationsResourceTest {

  private static final String PATH = "/v1alpha1/{org}/applications";

  @Inject Members members;
  @Inject Registered registered;
  @Inject Applications applications;

  @Test
  void aNewApplicationIsAnsweredWithItsIdentifier() {
    Member anna = members.join();

    Response answer =
        anna.asks()
            .header("Accept", "application/json, text/plain, */*")
            .body(
                "{\"name\":\"my-shop\",\"database\":\"main\",\"language\":\"node\","
                    + "\"provenancedb\":\"\",\"executors_memory_mib\":\"1024\"}")
            .put(PATH);

    answer.then().statusCode(200).header("Operation-Id", startsWith("dop_"));
    assertThat(answer.asString()).matches("app_[0-9a-z]{26}");
    Map<String, Object> shape = new LinkedHashMap<>();
    shape.put("Name", "my-shop");
    shape.put("ID", answer.asString());
    shape.put("PostgresInstanceName", "main");
    shape.put("ApplicationDatabaseName", "");
    shape.put("Status", "UNAVAILABLE");
    shape.put("Version", "");
    shape.put("AppURL", "https://" + anna.organizationName() + "-my-shop.localhost:8443/");
    shape.put("ExecutorsMemoryMib", 1024);
    shape.put("MinExecutors", 1);
    shape.put("ServingVersion", null);
    shape.put("Reason", null);
    shape.put("OperationID", null);
    anna.asks().get(PATH + "/my-shop").then().statusCode(200).body("$", equalTo(shape));
    anna.asks().get(PATH).then().statusCode(200).body("[0]", equalTo(shape));
  }

  @Test
  void anOrganizationWithoutApplicationsHasAnEmptyList() {
    members.join().asks().get(PATH).then().statusCode(200).body("$", hasSize(0));
  }

  @Test
  void anApplicationOfAnotherOrganizationIsMissing() {
    Member anna = members.join();
    registered.application(anna, "shop");
    Member bob = members.join();

    Map<Object, Object> foreign =
        refused(bob.asks().get(PATH + "/shop").then(), 404, "application-not-found")
            .body("message", equalTo("application shop not found"))
            .extract()
            .path("$");
    Map<Object, Object> missing =
        bob.asks().get(PATH + "/nothing").then().statusCode(404).extract().path("$");

    assertThat(foreign.toString()).isEqualTo(missing.toString().replace("nothing", "shop"));
    for (String path : new String[] {"/shop/versions", "/shop/secrets"}) {
      refused(bob.asks().get(PATH + path).then(), 404, "application-not-found");
    }
    refused(
        bob.asks().get("/v1alpha1/{org}/logs/applications/shop").then(),
        404,
        "application-not-found");
    for (String path :
        new String[] {
          "/shop", "/shop/changedbinstance", "/shop/rollback", "/shop/workflows", "/shop/queues"
        }) {
      refused(bob.asks().body("{}").post(PATH + path).then(), 404, "application-not-found");
    }
    refused(bob.asks().body("{}").patch(PATH + "/shop").then(), 404, "application-not-found");
    refused(bob.asks().delete(PATH + "/shop").then(), 404, "application-not-found");
    refused(
        bob.asks().body("{}").post("/appsadmin/{org}/applications/shop/workflows/w/cancel").then(),
        404,
        "application-not-found");
    refused(
        bob.asks()
            .body(Map.of("ApplicationName", "shop", "SecretName", "KEY", "ClearSecretValue", "v"))
            .post(PATH + "/secrets")
            .then(),
        404,
        "application-not-found");
  }

  @Test
  void withoutATokenNothingIsAnswered() {
    io.restassured.RestAssured.given()
        .get("/v1alpha1/acme/applications")
        .then()
        .statusCode(401)
        .body("code", equalTo("unauthorized"));
  }

  @Test
  void anOrganizationHasSoManyAndNoMore() throws Exception {
    Member anna = members.join();
    for (int i = 0; i < 98; i++) {
      applications.add(
          Samples.application(
              anna.organization(), "shop-" + i, "ins_" + anna.organization(), "shop_" + i));
    }
    Callable<Response> one =
        () ->
            anna.asks()
                .header("Prefer", "respond-async")
                .body(
                    Map.of(
                        "name",
                        "more-" + Thread.currentThread().threadId(),
                        "database",
                        "main",
                        "language",
                        "node"))
                .put(PATH);
    List<Response> answers;
    try (var threads = Executors.newVirtualThreadPerTaskExecutor()) {
      answers =
          threads.invokeAll(Collections.nCopies(6, one)).stream()
              .map(future -> future.resultNow())
              .toList();
    }

    assertThat(answers).filteredOn(answer -> answer.statusCode() == 202).hasSize(2);
    answers.stream()
        .filter(answer -> answer.statusCode() != 202)
        .forEach(
            answer ->
                refused(answer.then(), 409, "too-many-applications")
                    .body("message", containsString("has 100 applications, as many as it may")));
  }

  @Test
  void aNameIsTakenOnce() {
    Member anna = members.join();
    registered.application(anna, "shop");

    refused(register(anna, "shop", "other", "node").then(), 409, "application-exists")
        .body("message", equalTo("application shop exists already"));
    register(members.join(), "shop", "main", "node").then().statusCode(200);
  }

  @Test
  void aDatabaseIsTakenOnce() {
    Member anna = members.join();
    registered.application(anna, "my-shop");

    refused(register(anna, "my_shop", "main", "python").then(), 409, "database-taken");
    register(anna, "my_shop", "other", "python").then().statusCode(200);
  }

  @Test
  void anUnknownInstanceIsRefusedInTheWordsOfTheOfficialCommand() {
    Member anna = members.join();

    refused(register(anna, "shop", "typo", "node").then(), 422, "instance-not-found")
        .body("message", containsString("database typo not found"));

    refused(anna.asks().get(PATH + "/shop").then(), 404, "application-not-found");
    register(anna, "shop", "main", "node").then().statusCode(200);
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      value = {
        "{\"database\":\"main\",\"language\":\"node\"}|name",
        "{\"name\":\"ab\",\"database\":\"main\",\"language\":\"node\"}|name",
        "{\"name\":\"Shop\",\"database\":\"main\",\"language\":\"node\"}|name",
        "{\"name\":\"secrets\",\"database\":\"main\",\"language\":\"node\"}|name",
        "{\"name\":\"a/../b\",\"database\":\"main\",\"language\":\"node\"}|name",
        "{\"name\":\"shop\",\"language\":\"node\"}|database",
        "{\"name\":\"shop\",\"database\":\"x'; drop\",\"language\":\"node\"}|database",
        "{\"name\":\"shop\",\"database\":\"main\",\"language\":\"cobol\"}|language",
        "{\"name\":\"shop\",\"database\":\"main\",\"language\":\"node\",\"executors_memory_mib\":\"100\"}|executors_memory_mib",
        "{\"name\":\"shop\",\"database\":\"main\",\"language\":\"node\",\"executors_memory_mib\":5121}|executors_memory_mib",
        "{\"name\":\"shop\",\"database\":\"main\",\"language\":\"node\",\"executors_memory_mib\":\"much\"}|executors_memory_mib"
      })
  void badRegistrationsAreRefusedByField(String body, String field) {
    refused(members.join().asks().body(body).put(PATH).then(), 400, "invalid-request")
        .body("fields." + field, org.hamcrest.Matchers.notNullValue());
  }

  @ParameterizedTest
  @ValueSource(strings = {"{", "[]", "\"shop\"", "null"})
  void whatIsNoObjectIsRefused(String body) {
    int status = members.join().asks().body(body).put(PATH).statusCode();

    assertThat(status).isEqualTo(400);
  }

  @Test
  void theSameKeyIsTheSameRegistration() {
    Member anna = members.join();
    String body = "{\"name\":\"shop\",\"database\":\"main\",\"language\":\"node\"}";

    Response first = anna.asks().header("Idempotency-Key", "k1").body(body).put(PATH);
    Response second = anna.asks().header("Idempotency-Key", "k1").body(body).put(PATH);

    first.then().statusCode(200);
    second.then().statusCode(200).header("Operation-Id", first.header("Operation-Id"));
    assertThat(second.asString()).isEqualTo(first.asString());
    refused(
        anna.asks()
            .header("Idempotency-Key", "k1")
            .body(body.replace("shop", "blog"))
            .put(PATH)
            .then(),
        422,
        "idempotency-key-reused");
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "{\"executors_memory_mib\":\"1024\",\"min_vms\":\"2\"}",
        "{\"executors_memory_mib\":1024,\"min_vms\":2}"
      })
  void numbersComeAsTextToo(String body) {
    Member anna = members.join();
    registered.application(anna, "shop");

    anna.asks().body(body).patch(PATH + "/shop").then().statusCode(204);

    anna.asks()
        .get(PATH + "/shop")
        .then()
        .body("ExecutorsMemoryMib", equalTo(1024))
        .body("MinExecutors", equalTo(2));
  }

  @Test
  void whatAnUpdateDoesNotNameStays() {
    Member anna = members.join();
    registered.application(anna, "shop");
    anna.asks().body("{\"min_vms\":\"3\"}").patch(PATH + "/shop").then().statusCode(204);

    anna.asks()
        .body("{\"executors_memory_mib\":\"600\"}")
        .patch(PATH + "/shop")
        .then()
        .statusCode(204);

    anna.asks()
        .get(PATH + "/shop")
        .then()
        .body("ExecutorsMemoryMib", equalTo(600))
        .body("MinExecutors", equalTo(3));
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      value = {
        "{\"executors_memory_mib\":\"511\"}|executors_memory_mib",
        "{\"executors_memory_mib\":\"-1\"}|executors_memory_mib",
        "{\"executors_memory_mib\":\"99999999999\"}|executors_memory_mib",
        "{\"min_vms\":\"0\"}|min_vms",
        "{\"min_vms\":11}|min_vms",
        "{\"min_vms\":{}}|min_vms"
      })
  void updatesOutOfRangeAreRefused(String body, String field) {
    Member anna = members.join();
    registered.application(anna, "shop");

    refused(anna.asks().body(body).patch(PATH + "/shop").then(), 400, "invalid-request")
        .body("fields." + field, org.hamcrest.Matchers.notNullValue());
  }

  @ParameterizedTest
  @ValueSource(strings = {"{}", "", "null"})
  void aDeletedApplicationDisappearsFromTheList(String body) {
    Member anna = members.join();
    registered.application(anna, "shop");

    Response answer =
        body.isEmpty()
            ? anna.asks().delete(PATH + "/shop")
            : anna.asks().body(body).delete(PATH + "/shop");

    answer.then().statusCode(202).header("Operation-Id", startsWith("dop_"));
    await().untilAsserted(() -> anna.asks().get(PATH).then().body("$", hasSize(0)));
  }

  @Test
  void deletesThatAreNoJsonAreRefused() {
    Member anna = members.join();
    registered.application(anna, "shop");

    refused(anna.asks().body("{dropdb").delete(PATH + "/shop").then(), 400, "malformed-body");
  }

  @Test
  void bodiesOfMoreThanAMegabyteAreRefused() {
    Member anna = members.join();

    anna.asks().body("x".repeat(1_100_000)).put(PATH).then().statusCode(413);
  }

  @Test
  void thereAreNoDashboards() {
    Member anna = members.join();

    refused(anna.asks().get("/v1alpha1/{org}/dashboard").then(), 400, "not-supported");
    refused(anna.asks().body("{}").put("/v1alpha1/{org}/dashboard").then(), 400, "not-supported");
    refused(anna.asks().delete("/v1alpha1/{org}/dashboard").then(), 400, "not-supported");
  }

  @Test
  void accountServiceIsToldHowManyThereAre() {
    Member anna = members.join();
    registered.application(anna, "shop");

    members
        .internally()
        .get("/internal/organizations/" + anna.organization() + "/usage")
        .then()
        .statusCode(200)
        .body("applications", equalTo(1));
    anna.asks().get("/internal/organizations/{org}/usage").then().statusCode(404);
  }

  @Test
  void registersWorkOnVirtualThreadsWithoutARequest() throws Exception {
    Member anna = members.join();
    String id = registered.application(anna, "shop");
    Callable<Application> step =
        () -> {
          applications.configure(id, 1024, 2);
          return applications.byId(id).orElseThrow();
        };

    Application seen;
    try (var threads = Executors.newVirtualThreadPerTaskExecutor()) {
      seen = threads.submit(step).get(10, TimeUnit.SECONDS);
    }

    assertThat(seen.memoryMib()).isEqualTo(1024);
  }

  private static Response register(Member member, String name, String instance, String language) {
    return member
        .asks()
        .body(Map.of("name", name, "database", instance, "language", language, "provenancedb", ""))
        .put(PATH);
  }
}
