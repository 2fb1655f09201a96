package dev.slipway.instance;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;
import static org.hamcrest.Matchers.equalTo;

import dev.slipway.common.id.Identifiers;
import io.quarkus.test.junit.QuarkusTest;
import io.restassured.response.Response;
import io.restassured.specification.RequestSpecification;
import jakarta.inject.Inject;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.concurrent.Callable;
import java.util.concurrent.Executors;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/// Every call of this service that changes something, made again with its key.
@QuarkusTest
@InstanceServiceTest
class KeyedCallsTest {

  private static final String PATH = "/v1alpha1/one/databases/userdb";
  private static final Duration PATIENCE = Duration.ofMinutes(2);

  @Inject Members members;

  private final String organization = Identifiers.next("org");

  @Test
  void aProvisionAndADestroyAreTheSameAfterBothHaveEnded() {
    Response provision = keyed("p").body(provisioning("main", "correct-horse-1")).post(PATH);
    provision.then().statusCode(202);
    available("main");

    same(keyed("p").body(provisioning("main", "correct-horse-1")).post(PATH), provision);
    Response destroy = keyed("d").delete(PATH + "/main");
    destroy.then().statusCode(204);
    user().get(PATH + "/info/main").then().statusCode(404);

    same(keyed("d").delete(PATH + "/main"), destroy);
    same(keyed("p").body(provisioning("main", "correct-horse-1")).post(PATH), provision);
    user().get(PATH + "/info/main").then().statusCode(404);
    keyed("d2").delete(PATH + "/main").then().statusCode(404);
    reused(keyed("p").body(provisioning("main", "correct-horse-2")).post(PATH));
  }

  @Test
  void aDestroyByManyAtOnceIsOneAlsoForWhoeverComesLate() throws Exception {
    keyed("p").body(provisioning("many", "correct-horse-1")).post(PATH).then().statusCode(202);
    available("many");
    Callable<Response> call = () -> keyed("d").delete(PATH + "/many");

    List<Response> answers;
    try (var threads = Executors.newVirtualThreadPerTaskExecutor()) {
      answers =
          threads.invokeAll(Stream.generate(() -> call).limit(20).toList()).stream()
              .map(future -> future.resultNow())
              .toList();
    }

    answers.forEach(answer -> same(answer, answers.getFirst()));
    answers.getFirst().then().statusCode(204);
  }

  @Test
  void aPasswordIsSetOnceForEachKey() {
    keyed("p").body(provisioning("pass", "correct-horse-1")).post(PATH).then().statusCode(202);
    available("pass");
    String path = PATH + "/pass/credentials";

    Response first = keyed("c").body(Map.of("Password", "correct-horse-2")).post(path);
    Response again = keyed("c").body(Map.of("Password", "correct-horse-2")).post(path);

    first.then().statusCode(204);
    same(again, first);
    reused(keyed("c").body(Map.of("Password", "correct-horse-3")).post(path));
    assertThat(operations("pass")).hasSize(2);
  }

  @Test
  void aRefusedLinkAndAnUnlinkOfNothingLeaveTheirKeysFree() {
    var body =
        Map.of("Name", "theirs", "HostName", "127.0.0.1", "Port", 1, "Password", "x-x-x-x-x");
    String path = "/v1alpha1/one/databases/byod";

    Response first = keyed("l").body(body).post(path);
    Response again = keyed("l").body(body).post(path);

    // The operation itself has failed, and the answer is derived from it both times.
    assertThat(first.statusCode()).isGreaterThanOrEqualTo(400);
    assertThat(again.statusCode()).isEqualTo(first.statusCode());
    assertThat(again.path("message").toString()).isEqualTo(first.path("message"));
    assertThat(again.header("Operation-Id")).isEqualTo(first.header("Operation-Id"));
    keyed("u").delete(path + "/nothing").then().statusCode(404);
    keyed("u").delete(path + "/nothing").then().statusCode(404);
  }

  @Test
  void aCancelIsRepeatedAfterTheOperationHasEnded() {
    String operation =
        keyed("p").body(provisioning("stops", "correct-horse-1")).post(PATH).header("Operation-Id");
    String path = "/v1alpha1/one/operations/" + operation;
    Response cancel = keyed("cancel").post(path + "/cancel");
    await()
        .atMost(PATIENCE)
        .until(() -> user().get(path).path("phase").toString(), "ended"::equals);

    Response again = keyed("cancel").post(path + "/cancel");

    assertThat(again.statusCode()).isEqualTo(cancel.statusCode());
    if (cancel.statusCode() == 200) {
      again.then().body("id", equalTo(operation)).body("phase", equalTo("ended"));
      reused(keyed("cancel").queryParam("abandon", true).post(path + "/cancel"));
    }
    keyed("r").post(path + "/retry").then().statusCode(409);
  }

  @ParameterizedTest
  @ValueSource(strings = {" ", "tab\tinside", "naïve"})
  void aKeyThatIsNoneIsRefusedWhateverIsCalled(String key) {
    for (String path : List.of(PATH, PATH + "/main/restore", PATH + "/main/credentials")) {
      keyed(key)
          .body("{}")
          .post(path)
          .then()
          .statusCode(400)
          .body("code", equalTo("invalid-request"))
          .body("fields.'Idempotency-Key'", equalTo("must be 1 to 255 printable ASCII characters"));
    }
  }

  @Test
  void aKeyIsOneAndNotTooLong() {
    keyed("k".repeat(256)).delete(PATH + "/main").then().statusCode(400);
    keyed("one")
        .header("Idempotency-Key", "two")
        .delete(PATH + "/main")
        .then()
        .statusCode(400)
        .body("fields.'Idempotency-Key'", equalTo("must be given once"));
    keyed("k".repeat(255)).delete(PATH + "/main").then().statusCode(404);
  }

  private static void same(Response answer, Response first) {
    assertThat(answer.statusCode()).isEqualTo(first.statusCode());
    assertThat(answer.asString()).isEqualTo(first.asString());
    assertThat(answer.header("Operation-Id")).isEqualTo(first.header("Operation-Id"));
  }

  private static void reused(Response answer) {
    answer.then().statusCode(422).body("code", equalTo("idempotency-key-reused"));
  }

  private List<Object> operations(String name) {
    return user().queryParam("subject", name).get("/v1alpha1/one/operations").path("$");
  }

  private void available(String name) {
    await()
        .atMost(PATIENCE)
        .until(
            () -> user().get(PATH + "/info/" + name).path("Status").toString(),
            "available"::equals);
  }

  private static Map<String, Object> provisioning(String name, String password) {
    return Map.of("Name", name, "AdminName", "demo_db", "AdminPassword", password);
  }

  private RequestSpecification keyed(String key) {
    return user().header("Idempotency-Key", key);
  }

  private RequestSpecification user() {
    return members.of(organization);
  }
}
