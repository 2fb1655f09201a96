package dev.slipway.account.api;

import static dev.slipway.account.api.UserResourceTest.refused;
import static io.restassured.RestAssured.given;
import static org.assertj.core.api.Assertions.assertThat;
import static org.hamcrest.Matchers.equalTo;
import static org.hamcrest.Matchers.nullValue;
import static org.hamcrest.Matchers.startsWith;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import dev.slipway.account.AccountServiceTest;
import dev.slipway.account.Gateway;
import dev.slipway.account.Gateway.Person;
import dev.slipway.account.TestClock;
import dev.slipway.common.crypto.InstallationKeys;
import dev.slipway.common.security.InternalToken;
import io.quarkus.test.junit.QuarkusTest;
import io.smallrye.jwt.build.Jwt;
import jakarta.inject.Inject;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.security.KeyPairGenerator;
import java.time.Duration;
import java.time.Instant;
import java.util.Base64;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

@QuarkusTest
@AccountServiceTest
class AuthorizeResourceTest {

  @Inject Gateway gateway;
  @Inject TestClock clock;
  @Inject InstallationKeys keys;

  @AfterEach
  void presentTime() {
    clock.reset();
  }

  @Test
  void theInternalTokenSaysWhoCallsForAMinute() throws IOException {
    Person person = gateway.register();

    String token =
        gateway
            .authorize(
                person.token(), "GET", "/v1alpha1/" + person.name() + "/users", person.name())
            .then()
            .statusCode(200)
            .body("user", startsWith("usr_"))
            .body("organization", startsWith("org_"))
            .extract()
            .path("token");

    JsonNode header = part(token, 0);
    JsonNode claims = part(token, 1);
    assertThat(header.get("alg").asText()).isEqualTo("ES256");
    assertThat(claims.get("iss").asText()).isEqualTo("slipway-account");
    assertThat(claims.get("aud").asText()).isEqualTo("slipway-internal");
    assertThat(claims.get("sub").asText()).startsWith("idn_");
    assertThat(claims.get("upn").asText()).isEqualTo(person.name());
    assertThat(claims.get("organization_name").asText()).isEqualTo(person.name());
    assertThat(claims.get("organization").asText()).startsWith("org_");
    assertThat(claims.get("groups").toString()).isEqualTo("[\"admin\"]");
    assertThat(claims.get("exp").asLong() - claims.get("iat").asLong()).isEqualTo(60);
  }

  @Test
  void pathsWithoutAnOrganizationGiveATokenWithoutOne() {
    Person person = gateway.signUp();

    gateway
        .authorize(person.token(), "PUT", "/v1alpha1/user", null)
        .then()
        .statusCode(200)
        .body("user", nullValue())
        .body("organization", nullValue());
  }

  @Test
  void anUnregisteredCallerIsToldToRegister() {
    Person person = gateway.signUp();

    refused(gateway.get(person, "anything", "/users").then(), 404)
        .body("message", equalTo("user not found in DBOS Cloud"));
  }

  @Test
  void withoutTheSharedSecretThereIsNoSuchPath() {
    refused(
        given().contentType("application/json").body("{}").post("/internal/authorize").then(), 404);
    refused(
        given()
            .header(InternalToken.SECRET_HEADER, "wrong")
            .contentType("application/json")
            .body("{}")
            .post("/internal/authorize")
            .then(),
        404);
  }

  @Test
  void aTokenThatIsExpiredForeignOrNotATokenIsUnauthorized() throws Exception {
    Person person = gateway.register();
    var generator = KeyPairGenerator.getInstance("RSA");
    generator.initialize(2048);
    String foreign =
        Jwt.subject("idn_x")
            .audience("dbos-cloud-api")
            .expiresAt(Instant.now().plusSeconds(60))
            .jws()
            .keyId("key_00000000000000000000000000")
            .sign(generator.generateKeyPair().getPrivate());
    String internal =
        gateway.authorize(person.token(), "GET", "/v1alpha1/user", null).path("token");
    String unsigned =
        Base64.getUrlEncoder()
                .withoutPadding()
                .encodeToString("{\"alg\":\"none\"}".getBytes(StandardCharsets.UTF_8))
            + "."
            + person.token().split("\\.", -1)[1]
            + ".";

    unauthorized(foreign);
    unauthorized(internal);
    unauthorized(unsigned);
    unauthorized("nonsense");
    unauthorized("");
    unauthorized(null);
    clock.forward(Duration.ofHours(24).plusSeconds(10));
    unauthorized(person.token());
  }

  @Test
  void joinIsTheOnlyPathIntoAnOrganizationOfOthers() {
    Person person = gateway.register();
    Person other = gateway.register();
    String organization = "/v1alpha1/" + other.name();

    gateway
        .authorize(person.token(), "POST", organization + "/join", other.name())
        .then()
        .statusCode(200)
        .body("organization", startsWith("org_"));
    refused(
        gateway.authorize(person.token(), "GET", organization + "/join", other.name()).then(), 404);
    refused(
        gateway
            .authorize(person.token(), "POST", organization + "/databases/join", other.name())
            .then(),
        404);
  }

  @Test
  void itIsFast() {
    Person person = gateway.register();
    String path = "/v1alpha1/" + person.name() + "/users";
    for (int i = 0; i < 200; i++) {
      gateway.authorize(person.token(), "GET", path, person.name());
    }

    long fastest = Long.MAX_VALUE;
    for (int i = 0; i < 50; i++) {
      long before = System.nanoTime();
      gateway.authorize(person.token(), "GET", path, person.name()).then().statusCode(200);
      fastest = Math.min(fastest, System.nanoTime() - before);
    }

    // The client takes most of it. A session, a key read from disk or a hash would show.
    assertThat(Duration.ofNanos(fastest)).isLessThan(Duration.ofMillis(50));
  }

  private void unauthorized(@org.jspecify.annotations.Nullable String token) {
    refused(gateway.authorize(token, "GET", "/v1alpha1/user", null).then(), 401)
        .body("code", equalTo("unauthorized"))
        .header("WWW-Authenticate", equalTo("Bearer"));
  }

  private static JsonNode part(String token, int number) throws IOException {
    return new ObjectMapper()
        .readTree(Base64.getUrlDecoder().decode(token.split("\\.", -1)[number]));
  }
}
