package dev.slipway.deploy.api;

import static dev.slipway.deploy.api.Refusals.refused;
import static org.assertj.core.api.Assertions.assertThat;
import static org.hamcrest.Matchers.contains;
import static org.hamcrest.Matchers.hasSize;

import dev.slipway.common.crypto.InstallationKeys;
import dev.slipway.deploy.DeployServiceTest;
import dev.slipway.deploy.Members;
import dev.slipway.deploy.Members.Member;
import dev.slipway.deploy.Registered;
import dev.slipway.deploy.domain.Secrets;
import io.quarkus.test.junit.QuarkusTest;
import io.restassured.response.Response;
import jakarta.inject.Inject;
import java.nio.charset.StandardCharsets;
import java.util.Base64;
import java.util.Map;
import java.util.Objects;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

@QuarkusTest
@DeployServiceTest
class SecretsResourceTest {

  private static final String PATH = "/v1alpha1/{org}/applications";

  @Inject Members members;
  @Inject Registered registered;
  @Inject Secrets secrets;
  @Inject InstallationKeys keys;

  @Test
  void statusesAreExactlyWhatTheOfficialCommandWants() {
    Member anna = members.join();
    registered.application(anna, "shop");

    put(anna, "shop", "TOKEN", "one").then().statusCode(200);
    put(anna, "shop", "TOKEN", "two").then().statusCode(200);
    put(anna, "shop", "EMPTY", "").then().statusCode(200);
    anna.asks()
        .get(PATH + "/shop/secrets")
        .then()
        .statusCode(200)
        .body("$", contains("EMPTY", "TOKEN"));
    anna.asks().delete(PATH + "/shop/secrets/TOKEN").then().statusCode(204);
    anna.asks().get(PATH + "/shop/secrets").then().statusCode(200).body("$", contains("EMPTY"));
  }

  @Test
  void anApplicationWithoutSecretsHasAnEmptyList() {
    Member anna = members.join();
    registered.application(anna, "shop");

    anna.asks().get(PATH + "/shop/secrets").then().statusCode(200).body("$", hasSize(0));
  }

  @Test
  void aValueRestsEncryptedAndIsNeverAnswered() {
    Member anna = members.join();
    String id = registered.application(anna, "shop");
    String value = "very-secret-value";

    Response answer = put(anna, "shop", "TOKEN", value);

    String sealed = Objects.requireNonNull(secrets.sealed(id).get("TOKEN"));
    assertThat(sealed).doesNotContain(value);
    byte[] plain = keys.decrypt(Base64.getDecoder().decode(sealed), Secrets.purpose(id, "TOKEN"));
    assertThat(new String(plain, StandardCharsets.UTF_8)).isEqualTo(value);
    for (Response said :
        new Response[] {
          answer,
          anna.asks().get(PATH + "/shop/secrets"),
          anna.asks().get(PATH + "/shop"),
          anna.asks().get(PATH),
          put(anna, "nothing", "TOKEN", value),
          put(anna, "shop", "DBOS_DATABASE_URL", value)
        }) {
      assertThat(said.asString()).doesNotContain(value);
    }
  }

  @ParameterizedTest
  @ValueSource(strings = {"DBOS_DATABASE_URL", "DBOS_APP_HOSTNAME", "1ST", "A-B", "A=B", "", "A B"})
  void reservedAndMalformedNamesAreRefused(String name) {
    Member anna = members.join();
    registered.application(anna, "shop");

    refused(put(anna, "shop", name, "value").then(), 400, "invalid-request")
        .body("fields.SecretName", org.hamcrest.Matchers.notNullValue());
  }

  @Test
  void valuesAreLimited() {
    Member anna = members.join();
    registered.application(anna, "shop");

    put(anna, "shop", "LONG", "x".repeat(8192)).then().statusCode(200);
    refused(put(anna, "shop", "LONG", "x".repeat(8193)).then(), 400, "invalid-request");
    refused(put(anna, "shop", "NUL", "a\u0000b").then(), 400, "invalid-request");
  }

  @Test
  void numberIsLimitedButWhatIsThereCanBeReplaced() {
    Member anna = members.join();
    String id = registered.application(anna, "shop");
    for (int i = 0; i < 200; i++) {
      secrets.put(id, "S" + i, "sealed");
    }

    refused(put(anna, "shop", "ONE_MORE", "value").then(), 409, "too-many-secrets");
    put(anna, "shop", "S7", "value").then().statusCode(200);
  }

  @Test
  void aMissingSecretCannotBeDeleted() {
    Member anna = members.join();
    registered.application(anna, "shop");

    refused(anna.asks().delete(PATH + "/shop/secrets/TOKEN").then(), 404, "secret-not-found");
  }

  @Test
  void fieldsThatAreMissingAreNamed() {
    Member anna = members.join();

    refused(anna.asks().body("{}").post(PATH + "/secrets").then(), 400, "invalid-request")
        .body("fields.keySet()", hasSize(3));
  }

  private static Response put(Member member, String application, String name, String value) {
    return member
        .asks()
        .body(Map.of("ApplicationName", application, "SecretName", name, "ClearSecretValue", value))
        .post(PATH + "/secrets");
  }
}
