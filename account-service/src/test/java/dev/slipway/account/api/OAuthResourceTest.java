package dev.slipway.account.api;

import static dev.slipway.account.Gateway.anybody;
import static io.restassured.RestAssured.given;
import static org.assertj.core.api.Assertions.assertThat;
import static org.hamcrest.Matchers.endsWith;
import static org.hamcrest.Matchers.equalTo;
import static org.hamcrest.Matchers.greaterThan;
import static org.hamcrest.Matchers.hasItem;
import static org.hamcrest.Matchers.hasKey;
import static org.hamcrest.Matchers.not;
import static org.hamcrest.Matchers.nullValue;
import static org.hamcrest.Matchers.startsWith;

import dev.slipway.account.AccountServiceTest;
import dev.slipway.account.Gateway;
import dev.slipway.account.Gateway.Person;
import dev.slipway.account.TestClock;
import dev.slipway.common.security.InternalToken;
import io.quarkus.test.junit.QuarkusTest;
import io.restassured.http.ContentType;
import io.restassured.response.Response;
import io.restassured.response.ValidatableResponse;
import jakarta.inject.Inject;
import java.math.BigInteger;
import java.nio.charset.StandardCharsets;
import java.security.KeyFactory;
import java.security.PublicKey;
import java.security.Signature;
import java.security.spec.RSAPublicKeySpec;
import java.sql.Connection;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.Statement;
import java.time.Duration;
import java.util.Base64;
import java.util.List;
import java.util.Map;
import javax.sql.DataSource;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

@QuarkusTest
@AccountServiceTest
class OAuthResourceTest {

  /// What the official client sends unless it talks to the original cloud.
  private static final String OFFICIAL = "G38fLmVErczEo9ioCFjVIHea6yd0qMZu";

  private static final String DEVICE_GRANT = "urn:ietf:params:oauth:grant-type:device_code";

  @Inject Gateway gateway;
  @Inject TestClock clock;
  @Inject DataSource database;

  @AfterEach
  void presentTime() throws SQLException {
    clock.reset();
    try (Connection connection = database.getConnection();
        Statement statement = connection.createStatement()) {
      statement.execute("delete from signing_key where made_at > now()");
    }
  }

  @Test
  void theDeviceFlowEndsWithATokenThatTheKeySetVerifies() throws Exception {
    Person person = gateway.register();
    Response begun = deviceCode("sub");
    begun
        .then()
        .statusCode(200)
        .body("expires_in", equalTo(900))
        .body("interval", greaterThan(0))
        .body("verification_uri", endsWith("/activate"))
        .body(
            "verification_uri_complete",
            endsWith("/activate?user_code=" + begun.path("user_code")));
    String device = begun.path("device_code");
    oauthError(poll(device), 403, "authorization_pending");

    approve(begun.path("user_code"), person);

    String token =
        poll(device)
            .then()
            .statusCode(200)
            .body("token_type", equalTo("Bearer"))
            .body("expires_in", equalTo(86_400))
            .body("refresh_token", nullValue())
            .extract()
            .path("access_token");
    assertThat(verifies(token)).isTrue();
    assertThat(gateway.profileOrganization(new Person("", "", token))).isEqualTo(person.name());
    oauthError(poll(device), 403, "invalid_grant");
  }

  @Test
  void aDeviceThatAsksTooOftenIsSlowedDown() {
    String device = deviceCode("sub").path("device_code");
    oauthError(poll(device), 403, "authorization_pending");

    oauthError(poll(device), 429, "slow_down");

    clock.forward(Duration.ofSeconds(2));
    oauthError(poll(device), 403, "authorization_pending");
  }

  @Test
  void aDeviceCodeExpires() {
    String device = deviceCode("sub").path("device_code");

    clock.forward(Duration.ofMinutes(15));

    oauthError(poll(device), 403, "expired_token");
  }

  @Test
  void aDeniedDeviceHearsSo() {
    Response begun = deviceCode("sub");
    var page = new ActivateResourceTest.Page(begun.path("user_code"));

    page.post(Map.of("action", "deny")).then().statusCode(200);

    oauthError(poll(begun.path("device_code")), 403, "access_denied");
  }

  @Test
  void anotherClientCannotUseADeviceCode() {
    String device = deviceCode("sub").path("device_code");

    oauthError(
        anybody()
            .formParam("grant_type", DEVICE_GRANT)
            .formParam("device_code", device)
            .formParam("client_id", "slipway")
            .post("/oauth/token"),
        403,
        "invalid_grant");
  }

  @Test
  void aRefreshTokenGivesAccessTokensUntilItIsRevoked() {
    String token = refreshToken(gateway.register());

    refresh(token)
        .then()
        .statusCode(200)
        .body("access_token", not(equalTo("")))
        .body("refresh_token", nullValue());
    refresh(token).then().statusCode(200);

    // The official client revokes with a JSON body.
    anybody()
        .contentType(ContentType.JSON)
        .body(Map.of("client_id", OFFICIAL, "token", token))
        .post("/oauth/revoke")
        .then()
        .statusCode(200);
    oauthError(refresh(token), 403, "invalid_grant");
  }

  @Test
  void revokingAnUnknownTokenSucceeds() {
    anybody()
        .formParam("client_id", OFFICIAL)
        .formParam("token", "rt_unknown")
        .post("/oauth/revoke")
        .then()
        .statusCode(200);
  }

  @Test
  void anotherClientCanNeitherUseNorRevokeARefreshToken() {
    String token = refreshToken(gateway.register());

    anybody()
        .formParam("client_id", "slipway")
        .formParam("token", token)
        .post("/oauth/revoke")
        .then()
        .statusCode(200);
    oauthError(
        anybody()
            .formParam("grant_type", "refresh_token")
            .formParam("client_id", "slipway")
            .formParam("refresh_token", token)
            .post("/oauth/token"),
        403,
        "invalid_grant");
    refresh(token).then().statusCode(200);
  }

  @Test
  void aRefreshTokenLivesAYearWhenItIsUsedEachMonth() {
    String token = refreshToken(gateway.register());

    for (int month = 1; month <= 13; month++) {
      clock.forward(Duration.ofDays(28));
      refresh(token).then().statusCode(200);
    }
    clock.forward(Duration.ofDays(2));

    oauthError(refresh(token), 403, "invalid_grant");
  }

  @Test
  void aRefreshTokenDiesOfAMonthWithoutUse() {
    String token = refreshToken(gateway.register());

    clock.forward(Duration.ofDays(30));

    oauthError(refresh(token), 403, "invalid_grant");
  }

  @Test
  void aWrongPasswordAndAWrongNameAreAnsweredAlike() {
    Person person = gateway.register();

    String wrongPassword = withoutRequestId(password(person.name(), "wrong password", 9_001));
    String wrongName = withoutRequestId(password("nobody_at_all", "wrong password", 9_001));

    assertThat(wrongPassword).isEqualTo(wrongName).contains("invalid_grant");
  }

  @Test
  void aNameThatFailedTooOftenWaitsEvenWithTheRightPassword() {
    Person person = gateway.register();
    for (int i = 0; i < 5; i++) {
      password(person.name(), "wrong password", 9_100 + i).then().statusCode(403);
    }

    password(person.name(), person.password(), 9_110)
        .then()
        .statusCode(429)
        .header("Retry-After", not(nullValue()))
        .body("code", equalTo("too-many-requests"));

    clock.forward(Duration.ofMinutes(5));
    password(person.name(), person.password(), 9_110).then().statusCode(200);
  }

  @Test
  void anAddressThatFailedTooOftenWaits() {
    for (int i = 0; i < 5; i++) {
      password("nobody_" + i, "wrong password", 9_200).then().statusCode(403);
    }

    password("nobody_else", "wrong password", 9_200).then().statusCode(429);
    password("nobody_else", "wrong password", 9_201).then().statusCode(403);
  }

  @Test
  void keysRotateAfterThirtyDaysAndStayUntilTheirTokensHaveEnded() {
    Person person = gateway.register();
    List<String> before = keyIds();
    clock.forward(Duration.ofDays(30).minusHours(1));
    String old = password(person.name(), person.password(), 9_300).path("access_token");
    assertThat(keyIds()).isEqualTo(before);

    clock.forward(Duration.ofHours(2));
    String fresh = password(person.name(), person.password(), 9_300).path("access_token");

    assertThat(keyIds()).hasSize(before.size() + 1).containsAll(before);
    assertThat(keyOf(fresh)).isNotEqualTo(keyOf(old));
    gateway.authorize(old, "GET", "/v1alpha1/user", null).then().statusCode(200);
    gateway.authorize(fresh, "GET", "/v1alpha1/user", null).then().statusCode(200);

    clock.forward(Duration.ofHours(24));
    assertThat(keyIds()).doesNotContainAnyElementsOf(before);
    gateway.authorize(old, "GET", "/v1alpha1/user", null).then().statusCode(401);
  }

  @Test
  void theWayToSignInCanBeDiscovered() {
    anybody()
        .get("/.well-known/openid-configuration")
        .then()
        .statusCode(200)
        .body("token_endpoint", endsWith("/oauth/token"))
        .body("jwks_uri", endsWith("/.well-known/jwks.json"))
        .body("grant_types_supported", hasItem(DEVICE_GRANT));
  }

  @Test
  void whatIsMissingIsSaid() {
    oauthError(
        anybody().contentType(ContentType.URLENC).post("/oauth/token"), 400, "invalid_request");
    oauthError(
        anybody()
            .formParam("client_id", OFFICIAL)
            .formParam("grant_type", "magic")
            .post("/oauth/token"),
        403,
        "unsupported_grant_type");
    oauthError(
        anybody().formParam("client_id", "stranger").post("/oauth/device/code"),
        401,
        "invalid_client");
    oauthError(
        anybody()
            .formParam("client_id", OFFICIAL)
            .formParam("audience", "elsewhere")
            .post("/oauth/device/code"),
        403,
        "access_denied");
    oauthError(
        anybody().contentType(ContentType.JSON).body("{\"client_id\":7}").post("/oauth/revoke"),
        400,
        "invalid_request");
    oauthError(
        anybody().formParam("client_id", "a", "b").post("/oauth/revoke"), 400, "invalid_request");
    anybody()
        .contentType(ContentType.JSON)
        .body("{")
        .post("/oauth/token")
        .then()
        .statusCode(400)
        .body("code", equalTo("malformed-body"));
    anybody().get("/oauth/token").then().statusCode(405);
    anybody().contentType("text/plain").body("x").post("/oauth/token").then().statusCode(415);
  }

  /// Attempts are counted by the address that the gateway has seen. An application on the same
  /// machine could make up any number of them.
  @ParameterizedTest
  @CsvSource({
    "/oauth/token, application/x-www-form-urlencoded",
    "/oauth/device/code, application/x-www-form-urlencoded",
    "/activate, application/x-www-form-urlencoded",
    "/v1alpha1/sign-up, application/json"
  })
  void whoDoesNotComeThroughTheGatewayIsNotHeard(String path, String type) {
    for (String secret : List.of("", "guessed")) {
      given()
          .header("X-Forwarded-For", "10.9.9.9")
          .header(InternalToken.SECRET_HEADER, secret)
          .contentType(type)
          .post(path)
          .then()
          .statusCode(404)
          .body("code", equalTo("not-found"));
    }
  }

  @Test
  void jsonWorksAsWellAsForms() {
    Person person = gateway.register();

    Gateway.address(9_400)
        .contentType(ContentType.JSON)
        .body(
            Map.of(
                "grant_type",
                "password",
                "client_id",
                "slipway",
                "username",
                person.name(),
                "password",
                person.password(),
                "scope",
                "offline_access"))
        .post("/oauth/token")
        .then()
        .statusCode(200)
        .header("Cache-Control", equalTo("no-store"))
        .body("refresh_token", startsWith("rt_"));
  }

  @Test
  void noSecretRestsInTheClear() throws SQLException {
    Person person = gateway.register();
    String refreshToken = refreshToken(person);
    String device = deviceCode("sub").path("device_code");
    String invitation = gateway.invite(person);

    String everything = dump();

    assertThat(everything)
        .contains(person.name())
        .doesNotContain(person.password())
        .doesNotContain(refreshToken)
        .doesNotContain(device)
        .doesNotContain(invitation);
  }

  private Response deviceCode(String scope) {
    return Gateway.address(9_500 + (int) (Math.random() * 400))
        .formParam("client_id", OFFICIAL)
        .formParam("scope", scope)
        .formParam("audience", "dbos-cloud-api")
        .post("/oauth/device/code");
  }

  private static Response poll(String device) {
    return anybody()
        .formParam("grant_type", DEVICE_GRANT)
        .formParam("device_code", device)
        .formParam("client_id", OFFICIAL)
        .post("/oauth/token");
  }

  private static Response refresh(String token) {
    return anybody()
        .formParam("grant_type", "refresh_token")
        .formParam("client_id", OFFICIAL)
        .formParam("refresh_token", token)
        .post("/oauth/token");
  }

  private static Response password(String name, String password, int address) {
    return Gateway.address(address)
        .formParam("grant_type", "password")
        .formParam("client_id", "slipway")
        .formParam("username", name)
        .formParam("password", password)
        .post("/oauth/token");
  }

  private String refreshToken(Person person) {
    Response begun = deviceCode("offline_access");
    approve(begun.path("user_code"), person);
    return poll(begun.path("device_code")).then().statusCode(200).extract().path("refresh_token");
  }

  private static void approve(String userCode, Person person) {
    new ActivateResourceTest.Page(userCode)
        .post(Map.of("action", "approve", "name", person.name(), "password", person.password()))
        .then()
        .statusCode(200);
  }

  private static ValidatableResponse oauthError(Response response, int status, String error) {
    return response
        .then()
        .statusCode(status)
        .contentType(ContentType.JSON)
        .body("error", equalTo(error))
        .body("$", hasKey("error_description"))
        .body("statusCode", equalTo(status))
        .body("message", not(endsWith(".")))
        .body("$", hasKey("requestID"));
  }

  private static String withoutRequestId(Response response) {
    return response.asString().replaceAll("req_[a-z0-9]+", "");
  }

  private static List<String> keyIds() {
    return anybody()
        .get("/.well-known/jwks.json")
        .then()
        .statusCode(200)
        .extract()
        .path("keys.kid");
  }

  private static String keyOf(String token) {
    String header =
        new String(
            Base64.getUrlDecoder().decode(token.split("\\.", -1)[0]), StandardCharsets.UTF_8);
    return header.replaceAll(".*\"kid\":\"([^\"]+)\".*", "$1");
  }

  private static boolean verifies(String token) throws Exception {
    Response keys = anybody().get("/.well-known/jwks.json");
    Map<String, String> key = keys.path("keys.find { it.kid == '%s' }".formatted(keyOf(token)));
    var decoder = Base64.getUrlDecoder();
    PublicKey publicKey =
        KeyFactory.getInstance("RSA")
            .generatePublic(
                new RSAPublicKeySpec(
                    new BigInteger(1, decoder.decode(key.get("n"))),
                    new BigInteger(1, decoder.decode(key.get("e")))));
    Signature signature = Signature.getInstance("SHA256withRSA");
    signature.initVerify(publicKey);
    int end = token.lastIndexOf('.');
    signature.update(token.substring(0, end).getBytes(StandardCharsets.US_ASCII));
    return signature.verify(decoder.decode(token.substring(end + 1)));
  }

  private String dump() throws SQLException {
    var text = new StringBuilder();
    try (Connection connection = database.getConnection();
        Statement statement = connection.createStatement()) {
      for (String table :
          List.of(
              "identity",
              "account_user",
              "organization",
              "invitation",
              "device_authorization",
              "refresh_token",
              "signing_key",
              "outbox",
              "subject",
              "event_feed")) {
        try (ResultSet rows = statement.executeQuery("select t::text from " + table + " t")) {
          while (rows.next()) {
            text.append(rows.getString(1)).append('\n');
          }
        }
      }
    }
    return text.toString();
  }
}
