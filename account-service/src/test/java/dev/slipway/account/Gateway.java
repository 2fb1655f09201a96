package dev.slipway.account;

import static io.restassured.RestAssured.given;

import dev.slipway.common.crypto.InstallationKeys;
import dev.slipway.common.security.InternalToken;
import io.restassured.http.ContentType;
import io.restassured.response.Response;
import io.restassured.specification.RequestSpecification;
import jakarta.enterprise.inject.spi.CDI;
import jakarta.inject.Singleton;
import java.util.HashMap;
import java.util.Map;
import java.util.concurrent.atomic.AtomicInteger;
import org.jspecify.annotations.Nullable;

/// Does to requests what the gateway does: asks who calls, then forwards with the internal token.
@Singleton
public class Gateway {

  /// Somebody with a token.
  ///
  /// @param name of the identity and, once registered, of the user and its organization
  public record Person(String name, String password, String token) {}

  private static final AtomicInteger NUMBER = new AtomicInteger();

  private final InstallationKeys keys;

  Gateway(InstallationKeys keys) {
    this.keys = keys;
  }

  /// A new identity that has signed in. Each comes from an address of its own.
  public Person signUp() {
    int number = NUMBER.incrementAndGet();
    String name = "person_" + number;
    String password = "correct horse " + number;
    address(number)
        .contentType(ContentType.JSON)
        .body(Map.of("name", name, "password", password))
        .post("/v1alpha1/sign-up")
        .then()
        .statusCode(201);
    String token =
        address(number)
            .contentType(ContentType.URLENC)
            .formParam("grant_type", "password")
            .formParam("client_id", "slipway")
            .formParam("username", name)
            .formParam("password", password)
            .post("/oauth/token")
            .then()
            .statusCode(200)
            .extract()
            .path("access_token");
    return new Person(name, password, token);
  }

  /// A new user with an own organization.
  public Person register() {
    Person person = signUp();
    register(person, null).then().statusCode(200);
    return person;
  }

  public Response register(Person person, @Nullable String secret) {
    Map<String, String> body = new HashMap<>();
    body.put("name", person.name());
    body.put("given_name", "");
    body.put("family_name", "");
    body.put("company", "");
    if (secret != null) {
      body.put("secret", secret);
    }
    return send(person, "PUT", "/v1alpha1/user", null, body);
  }

  public String profileOrganization(Person person) {
    return send(person, "GET", "/v1alpha1/user/profile", null, null)
        .then()
        .statusCode(200)
        .extract()
        .path("Organization");
  }

  public Response get(Person person, String organization, String rest) {
    return send(person, "GET", "/v1alpha1/" + organization + rest, organization, null);
  }

  public Response delete(Person person, String organization, String rest) {
    return send(person, "DELETE", "/v1alpha1/" + organization + rest, organization, null);
  }

  public Response join(Person person, String organization, String secret) {
    return send(
        person,
        "POST",
        "/v1alpha1/" + organization + "/join",
        organization,
        Map.of("secret", secret));
  }

  public Response rename(Person person, String oldName, String newName) {
    return send(person, "PATCH", "/v1alpha1/" + oldName, oldName, Map.of("newName", newName));
  }

  public String invite(Person person) {
    return get(person, profileOrganization(person), "/secret")
        .then()
        .statusCode(200)
        .extract()
        .asString();
  }

  /// Asks who calls; when that is refused, the refusal is the answer.
  public Response send(
      Person person,
      String method,
      String path,
      @Nullable String organization,
      @Nullable Object body) {
    Response authorization = authorize(person.token(), method, path, organization);
    if (authorization.statusCode() != 200) {
      return authorization;
    }
    // The official client names a type also where there is no body.
    RequestSpecification request =
        given()
            .header("Authorization", "Bearer " + authorization.path("token"))
            .header("X-Request-Id", "test-request")
            .contentType("application/json");
    if (body != null) {
      request.body(body);
    }
    return request.request(method, path);
  }

  public Response authorize(
      @Nullable String token, String method, String path, @Nullable String organization) {
    Map<String, String> question = new HashMap<>();
    question.put("token", token);
    question.put("organization", organization);
    question.put("method", method);
    question.put("path", path);
    return given()
        .header(InternalToken.SECRET_HEADER, keys.internalSecret())
        .contentType(ContentType.JSON)
        .body(question)
        .post("/internal/authorize");
  }

  /// Somebody without a token.
  public static RequestSpecification anybody() {
    String secret = CDI.current().select(InstallationKeys.class).get().internalSecret();
    return given().header(InternalToken.SECRET_HEADER, secret);
  }

  /// The same from an address of their own.
  public static RequestSpecification address(int number) {
    return anybody().header("X-Forwarded-For", "10.0." + number / 250 + "." + number % 250);
  }
}
