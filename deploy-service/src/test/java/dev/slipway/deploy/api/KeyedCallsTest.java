package dev.slipway.deploy.api;

import static dev.slipway.deploy.api.Refusals.refused;
import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;
import static org.hamcrest.Matchers.contains;
import static org.hamcrest.Matchers.equalTo;
import static org.hamcrest.Matchers.hasSize;

import dev.slipway.deploy.DeployServiceTest;
import dev.slipway.deploy.Members;
import dev.slipway.deploy.Members.Member;
import dev.slipway.deploy.Registered;
import io.quarkus.test.junit.QuarkusTest;
import io.restassured.response.Response;
import io.restassured.specification.RequestSpecification;
import jakarta.inject.Inject;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.util.Base64;
import java.util.Map;
import java.util.zip.ZipEntry;
import java.util.zip.ZipOutputStream;
import org.junit.jupiter.api.Test;

/// Calls of this service that change something, made again with their key.
@QuarkusTest
@DeployServiceTest
class KeyedCallsTest {

  private static final String PATH = "/v1alpha1/{org}/applications";

  @Inject Members members;
  @Inject Registered registered;

  @Test
  void aDeployAndADeleteAreTheSameAfterTheApplicationIsGone() throws IOException {
    Member anna = members.join();
    registered.application(anna, "shop");
    String body = upload("one");
    Response deploy = key(anna, "deploy").body(body).post(PATH + "/shop");
    deploy.then().statusCode(200);
    Response delete = key(anna, "delete").body("{}").delete(PATH + "/shop");
    delete.then().statusCode(202);
    await().untilAsserted(() -> anna.asks().get(PATH).then().body("$", hasSize(0)));

    same(key(anna, "deploy").body(body).post(PATH + "/shop"), deploy);
    same(key(anna, "delete").body("{}").delete(PATH + "/shop"), delete);

    refused(
        key(anna, "deploy").body(upload("two")).post(PATH + "/shop").then(),
        422,
        "idempotency-key-reused");
    refused(
        key(anna, "delete").body("{\"dropdb\":true}").delete(PATH + "/shop").then(),
        422,
        "idempotency-key-reused");
    refused(anna.asks().body(body).post(PATH + "/shop").then(), 404, "application-not-found");
  }

  @Test
  void aRollBackIsTheSameAfterItHasEnded() throws IOException {
    Member anna = members.join();
    registered.application(anna, "shop");
    anna.asks().body(upload("one")).post(PATH + "/shop").then().statusCode(200);
    anna.asks().body(upload("two")).post(PATH + "/shop").then().statusCode(200);

    Response first = key(anna, "back").post(PATH + "/shop/rollback");
    Response again = key(anna, "back").post(PATH + "/shop/rollback");

    first.then().statusCode(200);
    same(again, first);
    refused(anna.asks().post(PATH + "/shop/rollback").then(), 409, "nothing-to-roll-back");
  }

  @Test
  void anUpdateIsDoneOnceForEachKey() {
    Member anna = members.join();
    registered.application(anna, "shop");
    var first = Map.of("executors_memory_mib", 1024);
    key(anna, "u").body(first).patch(PATH + "/shop").then().statusCode(204);
    anna.asks()
        .body(Map.of("executors_memory_mib", 600))
        .patch(PATH + "/shop")
        .then()
        .statusCode(204);

    key(anna, "u").body(first).patch(PATH + "/shop").then().statusCode(204);

    anna.asks().get(PATH + "/shop").then().body("ExecutorsMemoryMib", equalTo(600));
    refused(
        key(anna, "u").body(Map.of("min_vms", 2)).patch(PATH + "/shop").then(),
        422,
        "idempotency-key-reused");
  }

  @Test
  void aSecretIsPutAndRemovedOnceForEachKey() {
    Member anna = members.join();
    registered.application(anna, "shop");
    put(anna, "put", "one").then().statusCode(200);
    key(anna, "remove").delete(PATH + "/shop/secrets/TOKEN").then().statusCode(204);

    put(anna, "put", "one").then().statusCode(200);
    key(anna, "remove").delete(PATH + "/shop/secrets/TOKEN").then().statusCode(204);

    anna.asks().get(PATH + "/shop/secrets").then().body("$", hasSize(0));
    refused(put(anna, "put", "two").then(), 422, "idempotency-key-reused");
    put(anna, "put again", "two").then().statusCode(200);
    anna.asks().get(PATH + "/shop/secrets").then().body("$", contains("TOKEN"));
  }

  @Test
  void whatWasRefusedMayBeAskedForAgain() {
    Member anna = members.join();
    refused(put(anna, "early", "one").then(), 404, "application-not-found");
    String workflow = "/appsadmin/{org}/applications/shop/workflows/w-1/cancel";
    for (int twice = 0; twice < 2; twice++) {
      refused(key(anna, "w").post(workflow).then(), 404, "application-not-found");
    }
    registered.application(anna, "shop");

    put(anna, "early", "one").then().statusCode(200);
  }

  private static RequestSpecification key(Member member, String key) {
    return member.asks().header("Idempotency-Key", key);
  }

  private static Response put(Member member, String key, String value) {
    return key(member, key)
        .body(Map.of("ApplicationName", "shop", "SecretName", "TOKEN", "ClearSecretValue", value))
        .post(PATH + "/secrets");
  }

  private static void same(Response answer, Response first) {
    assertThat(answer.statusCode()).isEqualTo(first.statusCode());
    assertThat(answer.asString()).isEqualTo(first.asString());
    assertThat(answer.header("Operation-Id")).isEqualTo(first.header("Operation-Id"));
  }

  private static String upload(String content) throws IOException {
    var bytes = new ByteArrayOutputStream();
    try (var zip = new ZipOutputStream(bytes)) {
      var entry = new ZipEntry("package.json");
      // Otherwise the same content is another archive two seconds later.
      entry.setTime(0);
      zip.putNextEntry(entry);
      zip.write(content.getBytes(StandardCharsets.ISO_8859_1));
    }
    return "{\"application_archive\":\"%s\"}"
        .formatted(Base64.getEncoder().encodeToString(bytes.toByteArray()));
  }
}
