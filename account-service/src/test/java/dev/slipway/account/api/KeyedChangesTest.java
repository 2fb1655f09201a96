package dev.slipway.account.api;

import static dev.slipway.account.api.UserResourceTest.refused;
import static io.restassured.RestAssured.given;
import static org.assertj.core.api.Assertions.assertThat;
import static org.hamcrest.Matchers.equalTo;

import dev.slipway.account.AccountServiceTest;
import dev.slipway.account.Gateway;
import dev.slipway.account.Gateway.Person;
import io.quarkus.test.junit.QuarkusTest;
import io.restassured.http.ContentType;
import io.restassured.response.Response;
import jakarta.inject.Inject;
import java.sql.Connection;
import java.sql.PreparedStatement;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.util.List;
import java.util.Map;
import java.util.concurrent.Callable;
import java.util.concurrent.Executors;
import java.util.stream.Stream;
import javax.sql.DataSource;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/// The same key is the same change, also when what it changed is another thing by now.
@QuarkusTest
@AccountServiceTest
class KeyedChangesTest {

  @Inject Gateway gateway;
  @Inject DataSource database;

  @Test
  void aJoinIsRepeatedAfterItsSecretIsUsedUp() {
    Person admin = gateway.register();
    Person member = gateway.register();
    String path = "/v1alpha1/" + admin.name() + "/join";
    var body = Map.of("secret", gateway.invite(admin));

    send(member, "join", "POST", path, admin.name(), body).then().statusCode(204);

    send(member, "join", "POST", path, admin.name(), body).then().statusCode(204);
    refused(send(member, "join", "POST", path, admin.name(), Map.of("secret", "inv_x")).then(), 422)
        .body("code", equalTo("idempotency-key-reused"));
    refused(send(member, "other", "POST", path, admin.name(), body).then(), 403);
    gateway.delete(admin, admin.name(), "/" + member.name()).then().statusCode(204);
    send(member, "join", "POST", path, admin.name(), body).then().statusCode(204);
    assertThat(gateway.profileOrganization(member)).isEqualTo(member.name());
  }

  @Test
  void aRenameIsRepeatedUnderTheNameThatIsNoMore() {
    Person admin = gateway.register();
    String path = "/v1alpha1/" + admin.name();
    var body = Map.of("newName", admin.name() + "_new");

    send(admin, "rename", "PATCH", path, admin.name(), body).then().statusCode(204);

    send(admin, "rename", "PATCH", path, admin.name(), body).then().statusCode(204);
    refused(send(admin, "other", "PATCH", path, admin.name(), body).then(), 404)
        .body("code", equalTo("organization-not-found"));
    assertThat(gateway.profileOrganization(admin)).isEqualTo(admin.name() + "_new");
  }

  @Test
  void aRemovalIsRepeatedAndRemovesNobodyWhoCameBack() {
    Person admin = gateway.register();
    Person member = gateway.register();
    gateway.join(member, admin.name(), gateway.invite(admin)).then().statusCode(204);
    String path = "/v1alpha1/" + admin.name() + "/" + member.name();

    send(admin, "remove", "DELETE", path, admin.name(), null).then().statusCode(204);
    gateway.join(member, admin.name(), gateway.invite(admin)).then().statusCode(204);

    send(admin, "remove", "DELETE", path, admin.name(), null).then().statusCode(204);
    assertThat(gateway.profileOrganization(member)).isEqualTo(admin.name());
  }

  @Test
  void anInvitationIsTheSameOneAndItsSecretIsKeptNowhere() throws SQLException {
    Person admin = gateway.register();
    String path = "/v1alpha1/" + admin.name() + "/secret";

    String first = text(send(admin, "invite", "GET", path, admin.name(), null));
    String again = text(send(admin, "invite", "GET", path, admin.name(), null));
    String another = text(send(admin, "invite 2", "GET", path, admin.name(), null));

    assertThat(again).isEqualTo(first);
    assertThat(another).isNotEqualTo(first);
    try (Connection connection = database.getConnection();
        PreparedStatement select =
            connection.prepareStatement("select result from idempotency_key where key = 'invite'");
        ResultSet rows = select.executeQuery()) {
      while (rows.next()) {
        assertThat(first).doesNotContain(rows.getString(1));
      }
    }
    Person member = gateway.register();
    gateway.join(member, admin.name(), first).then().statusCode(204);
  }

  @Test
  void twentyRegistrationsAtOnceAreOneUser() throws Exception {
    Person person = gateway.signUp();
    var body = Map.of("name", person.name());
    Callable<String> call =
        () -> text(send(person, "register", "PUT", "/v1alpha1/user", null, body));

    List<String> users;
    try (var threads = Executors.newVirtualThreadPerTaskExecutor()) {
      users =
          threads.invokeAll(Stream.generate(() -> call).limit(20).toList()).stream()
              .map(future -> future.resultNow())
              .toList();
    }

    assertThat(users).hasSize(20).containsOnly(users.getFirst());
    refused(
            send(person, "register", "PUT", "/v1alpha1/user", null, Map.of("name", "other_name"))
                .then(),
            422)
        .body("code", equalTo("idempotency-key-reused"));
  }

  @Test
  void aSignUpIsRepeatedAndGuessesNoPassword() {
    Person known = gateway.signUp();
    String name = known.name() + "_too";

    signUp(name, "correct horse 1").then().statusCode(201);

    signUp(name, "correct horse 1").then().statusCode(201);
    refused(signUp(name, "correct horse 2").then(), 422)
        .body("code", equalTo("idempotency-key-reused"));
  }

  @Test
  void aRefusedChangeLeavesItsKeyFree() {
    Person admin = gateway.register();
    Person member = gateway.register();
    String path = "/v1alpha1/" + admin.name() + "/" + member.name();
    refused(send(admin, "later", "DELETE", path, admin.name(), null).then(), 404);
    gateway.join(member, admin.name(), gateway.invite(admin)).then().statusCode(204);

    send(admin, "later", "DELETE", path, admin.name(), null).then().statusCode(204);

    assertThat(gateway.profileOrganization(member)).isEqualTo(member.name());
  }

  @ParameterizedTest
  @ValueSource(strings = {" ", "tab\tinside", "naïve"})
  void aKeyThatIsNoneIsRefused(String key) {
    Person admin = gateway.register();

    refused(
            send(admin, key, "PATCH", "/v1alpha1/" + admin.name(), admin.name(), Map.of()).then(),
            400)
        .body("fields.'Idempotency-Key'", equalTo("must be 1 to 255 printable ASCII characters"));
  }

  private Response signUp(String name, String password) {
    return Gateway.address(7)
        .contentType(ContentType.JSON)
        .header("Idempotency-Key", "sign-up")
        .body(Map.of("name", name, "password", password))
        .post("/v1alpha1/sign-up");
  }

  private Response send(
      Person person,
      String key,
      String method,
      String path,
      @Nullable String organization,
      @Nullable Object body) {
    Response authorization = gateway.authorize(person.token(), method, path, organization);
    authorization.then().statusCode(200);
    var request =
        given()
            .header("Authorization", "Bearer " + authorization.path("token"))
            .header("Idempotency-Key", key)
            .contentType("application/json");
    return body == null ? request.request(method, path) : request.body(body).request(method, path);
  }

  private static String text(Response answer) {
    return answer.then().statusCode(200).extract().asString();
  }
}
