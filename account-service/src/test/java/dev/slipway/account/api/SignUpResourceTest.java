package dev.slipway.account.api;

import static dev.slipway.account.api.UserResourceTest.refused;
import static org.hamcrest.Matchers.equalTo;
import static org.hamcrest.Matchers.hasKey;
import static org.hamcrest.Matchers.not;
import static org.hamcrest.Matchers.nullValue;

import dev.slipway.account.AccountServiceTest;
import dev.slipway.account.Gateway;
import io.quarkus.test.junit.QuarkusTest;
import io.restassured.http.ContentType;
import io.restassured.response.Response;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

@QuarkusTest
@AccountServiceTest
class SignUpResourceTest {

  @Test
  void aNameIsGivenOutOnce() {
    Map<String, String> body = Map.of("name", "only_one", "password", "long enough");

    signUp(body, 30_001).then().statusCode(201).body("size()", equalTo(0));

    refused(signUp(body, 30_001).then(), 409).body("code", equalTo("name-taken"));
  }

  @ParameterizedTest
  @CsvSource({
    "ab,              long enough, a@b.c,   name",
    "admin,           long enough, a@b.c,   name",
    "fine_name,       short,       a@b.c,   password",
    "fine_name,       long enough, nothing, email"
  })
  void whatIsOutsideTheRulesIsRefused(String name, String password, String email, String field) {
    refused(signUp(Map.of("name", name, "password", password, "email", email), 30_002).then(), 400)
        .body("fields", hasKey(field));
  }

  @Test
  void aPasswordMayBeAsLongAs128Characters() {
    refused(signUp(Map.of("name", "too_long", "password", "x".repeat(129)), 30_003).then(), 400);
    signUp(Map.of("name", "just_right", "password", "x".repeat(128)), 30_003)
        .then()
        .statusCode(201);
  }

  @Test
  void anAddressSignsUpSoManyOnly() {
    for (int i = 0; i < 20; i++) {
      signUp(Map.of("name", "many_" + i, "password", "long enough"), 30_004).then().statusCode(201);
    }

    refused(signUp(Map.of("name", "many_more", "password", "long enough"), 30_004).then(), 429)
        .header("Retry-After", not(nullValue()));
  }

  private static Response signUp(Map<String, String> body, int address) {
    return Gateway.address(address)
        .contentType(ContentType.JSON)
        .body(body)
        .post("/v1alpha1/sign-up");
  }
}
