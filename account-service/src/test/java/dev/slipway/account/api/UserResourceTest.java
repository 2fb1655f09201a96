package dev.slipway.account.api;

import static io.restassured.RestAssured.given;
import static org.assertj.core.api.Assertions.assertThat;
import static org.hamcrest.Matchers.equalTo;
import static org.hamcrest.Matchers.hasKey;
import static org.hamcrest.Matchers.not;
import static org.hamcrest.Matchers.startsWith;

import dev.slipway.account.AccountServiceTest;
import dev.slipway.account.Gateway;
import dev.slipway.account.Gateway.Person;
import io.quarkus.test.junit.QuarkusTest;
import io.restassured.http.ContentType;
import io.restassured.response.ValidatableResponse;
import jakarta.inject.Inject;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

@QuarkusTest
@AccountServiceTest
class UserResourceTest {

  @Inject Gateway gateway;

  @Test
  void beforeRegistrationTheProfileSaysWhatTheOfficialClientLooksFor() {
    Person person = gateway.signUp();

    refused(gateway.send(person, "GET", "/v1alpha1/user/profile", null, null).then(), 404)
        .body("message", equalTo("user not found in DBOS Cloud"))
        .body("code", equalTo("user-not-registered"))
        .body("requestID", equalTo("test-request"));
  }

  @Test
  void aRegisteredUserIsAloneInAnOrganizationOfItsName() {
    Person person = gateway.signUp();

    gateway.register(person, null).then().statusCode(200).body(startsWith("usr_"));

    gateway
        .send(person, "GET", "/v1alpha1/user/profile", null, null)
        .then()
        .statusCode(200)
        .body("Name", equalTo(person.name()))
        .body("Email", equalTo(""))
        .body("Organization", equalTo(person.name()))
        .body("SubscriptionPlan", equalTo("pro"))
        .body("$", hasKey("CreatedAt"));
    gateway
        .get(person, person.name(), "/users")
        .then()
        .statusCode(200)
        .body("OrgName", equalTo(person.name()))
        .body("UserNames", equalTo(java.util.List.of(person.name())));
    assertThat(gateway.send(person, "GET", "/v1alpha1/user", null, null).asString())
        .isEqualTo(person.name());
  }

  @Test
  void registeringAgainUnderTheSameNameChangesNothing() {
    Person person = gateway.register();

    String first = gateway.register(person, null).asString();

    assertThat(gateway.register(person, null).asString()).isEqualTo(first);
  }

  @Test
  void registeringAgainUnderAnotherNameIsRefused() {
    Person person = gateway.register();

    refused(
            gateway
                .send(person, "PUT", "/v1alpha1/user", null, Map.of("name", person.name() + "_b"))
                .then(),
            409)
        .body("code", equalTo("already-registered"));
  }

  @Test
  void aNameSomebodyHasIsTaken() {
    Person first = gateway.register();
    Person second = gateway.signUp();

    refused(
            gateway
                .send(second, "PUT", "/v1alpha1/user", null, Map.of("name", first.name()))
                .then(),
            409)
        .body("code", equalTo("name-taken"))
        .body("fields.name", equalTo("is taken"));
    refused(gateway.send(second, "GET", "/v1alpha1/user/profile", null, null).then(), 404);
  }

  @Test
  void aSecretMakesTheNewUserAMemberOfTheInvitingOrganization() {
    Person admin = gateway.register();
    Person invited = gateway.signUp();

    gateway.register(invited, gateway.invite(admin)).then().statusCode(200);

    assertThat(gateway.profileOrganization(invited)).isEqualTo(admin.name());
    gateway
        .get(admin, admin.name(), "/users")
        .then()
        .body("UserNames", equalTo(java.util.List.of(admin.name(), invited.name())));
  }

  @Test
  void aWrongSecretRegistersNobody() {
    Person person = gateway.signUp();

    refused(gateway.register(person, "inv_wrong").then(), 403)
        .body("code", equalTo("invitation-invalid"));
    refused(gateway.send(person, "GET", "/v1alpha1/user/profile", null, null).then(), 404);
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "ab",
        "Bad-Name",
        "a name",
        "x234567890123456789012345678901",
        "user",
        "dashboard",
        "admin",
        "",
        "nul\u0000name"
      })
  void aNameOutsideTheRuleIsRefused(String name) {
    Person person = gateway.signUp();

    refused(gateway.send(person, "PUT", "/v1alpha1/user", null, Map.of("name", name)).then(), 400)
        .body("code", equalTo("invalid-request"))
        .body("fields", hasKey("name"))
        .body("message", startsWith("name "));
  }

  @ParameterizedTest
  @ValueSource(
      strings = {"", "{", "nonsense", "[]", "null", "\"text\"", "{\"name\":{}}", "{\"name\":[1]}"})
  void aBodyThatIsNotTheObjectIsRefused(String body) {
    Person person = gateway.signUp();

    refused(gateway.send(person, "PUT", "/v1alpha1/user", null, body).then(), 400);
  }

  @Test
  void namesWithControlCharactersAreRefused() {
    Person person = gateway.signUp();

    refused(
            gateway
                .send(
                    person,
                    "PUT",
                    "/v1alpha1/user",
                    null,
                    Map.of("name", person.name(), "company", "a\u0000b"))
                .then(),
            400)
        .body("fields", hasKey("company"));
  }

  @Test
  void withoutAnInternalTokenNothingIsAnswered() {
    refused(given().get("/v1alpha1/user/profile").then(), 401)
        .header("WWW-Authenticate", equalTo("Bearer"))
        .body("code", equalTo("unauthorized"));
    refused(
        given().header("Authorization", "Bearer nonsense").get("/v1alpha1/user/profile").then(),
        401);
  }

  @Test
  void theCallersOwnAccessTokenIsNotAnInternalOne() {
    Person person = gateway.register();

    refused(
        given()
            .header("Authorization", "Bearer " + person.token())
            .get("/v1alpha1/user/profile")
            .then(),
        401);
  }

  @Test
  void aWrongMethodNamesTheRightOnes() {
    Person person = gateway.register();

    refused(gateway.send(person, "DELETE", "/v1alpha1/user", null, null).then(), 405)
        .header("Allow", not(equalTo("")))
        .body("code", equalTo("method-not-allowed"));
  }

  @Test
  void anUnknownPathIsNotFound() {
    refused(given().get("/nothing/here").then(), 404).body("code", equalTo("not-found"));
  }

  @Test
  void aBodyThatIsTooLargeIsRefused() {
    refused(
            given()
                .contentType(ContentType.JSON)
                .body("{\"name\":\"" + "x".repeat(2_000_000) + "\"}")
                .put("/v1alpha1/user")
                .then(),
            413)
        .body("code", equalTo("body-too-large"));
  }

  @Test
  void aBodyOfAnotherTypeIsRefused() {
    Person person = gateway.signUp();
    String token = gateway.authorize(person.token(), "PUT", "/v1alpha1/user", null).path("token");

    refused(
            given()
                .header("Authorization", "Bearer " + token)
                .contentType("text/plain")
                .body("name=x")
                .put("/v1alpha1/user")
                .then(),
            415)
        .body("code", equalTo("unsupported-media-type"));
  }

  static ValidatableResponse refused(ValidatableResponse response, int status) {
    return response
        .statusCode(status)
        .contentType(ContentType.JSON)
        .header("X-Request-Id", not(equalTo("")))
        .body("statusCode", equalTo(status))
        .body("message", not(org.hamcrest.Matchers.endsWith(".")))
        .body("requestID", not(equalTo("")))
        .body("code", not(equalTo("internal")));
  }
}
