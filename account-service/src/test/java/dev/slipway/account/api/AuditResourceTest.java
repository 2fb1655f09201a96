package dev.slipway.account.api;

import static dev.slipway.account.Gateway.anybody;
import static dev.slipway.account.api.UserResourceTest.refused;
import static io.restassured.RestAssured.given;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.awaitility.Awaitility.await;
import static org.hamcrest.Matchers.equalTo;
import static org.hamcrest.Matchers.not;
import static org.hamcrest.Matchers.notNullValue;

import dev.slipway.account.AccountServiceTest;
import dev.slipway.account.Gateway;
import dev.slipway.account.Gateway.Person;
import dev.slipway.common.crypto.InstallationKeys;
import dev.slipway.common.id.Identifiers;
import dev.slipway.common.security.InternalToken;
import io.agroal.api.AgroalDataSource;
import io.quarkus.test.junit.QuarkusTest;
import io.restassured.http.ContentType;
import io.restassured.path.json.JsonPath;
import jakarta.inject.Inject;
import java.sql.Connection;
import java.sql.SQLException;
import java.sql.Statement;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

@QuarkusTest
@AccountServiceTest
class AuditResourceTest {

  @Inject Gateway gateway;
  @Inject InstallationKeys keys;
  @Inject AgroalDataSource database;

  @Test
  void whatSomebodyDidBeforeThereWasAnOrganizationIsInTheFirstOne() {
    Person person = gateway.register();

    JsonPath log = log(person, "");

    assertThat(log.getList("entries.action"))
        .containsExactly("user.register", "user.sign-in", "user.sign-up");
    assertThat(log.getList("entries.actor")).containsOnly(person.name());
    assertThat(log.getString("entries[1].token")).startsWith("tok_");
    assertThat(log.getString("entries[1].outcome")).isEqualTo("done");
    assertThat(log.getString("entries[0].outcome")).as("nobody has said").isEqualTo("unknown");
    assertThat(log.getString("next")).isNull();
  }

  @Test
  void whatChangesSomethingIsWrittenBeforeItIsLetInAndItsOutcomeAfterwards() {
    Person person = gateway.register();
    String path = "/v1alpha1/" + person.name() + "/databases/userdb/shop";
    String entry = Identifiers.next("aud");

    boolean recorded = ask(person, entry, "DELETE", path + "?secret=query", person.name());
    ask(person, entry, "DELETE", path, person.name());

    assertThat(recorded).isTrue();
    JsonPath before = log(person, "?action=instance");
    assertThat(before.getList("entries")).hasSize(1);
    assertThat(before.getString("entries[0].id")).isEqualTo(entry);
    assertThat(before.getString("entries[0].action")).isEqualTo("instance.destroy");
    assertThat(before.getString("entries[0].path")).isEqualTo(path);
    assertThat(before.getString("entries[0].address")).isEqualTo("10.9.8.7");
    assertThat(before.getString("entries[0].agent")).isEqualTo("a?b");
    assertThat(before.getString("entries[0].token")).startsWith("tok_");
    assertThat(before.getString("entries[0].outcome")).isEqualTo("unknown");
    ended(entry, 202, "iop_1");
    ended(entry, 500, null);
    JsonPath after = log(person, "?action=instance");
    assertThat(after.getString("entries[0].outcome")).isEqualTo("accepted");
    assertThat(after.getInt("entries[0].status")).isEqualTo(202);
    assertThat(after.getString("entries[0].operation")).isEqualTo("iop_1");
  }

  @Test
  void whatOnlyReadsIsNotWritten() {
    Person person = gateway.register();
    String own = "/v1alpha1/" + person.name();
    for (String path : List.of("/users", "/databases", "/audit")) {
      assertThat(ask(person, Identifiers.next("aud"), "GET", own + path, person.name())).isFalse();
    }
    String workflows = own + "/applications/shop/workflows";
    assertThat(ask(person, Identifiers.next("aud"), "POST", workflows, person.name())).isFalse();

    assertThat(log(person, "").getList("entries")).hasSize(3);
  }

  @Test
  void whoeverIsRefusedIsInTheLogOfTheOrganizationAndHearsNothingOfIt() {
    Person owner = gateway.register();
    Person stranger = gateway.register();
    String path = "/v1alpha1/" + owner.name() + "/databases";

    var foreign = gateway.send(stranger, "GET", path, owner.name(), null);
    var unknown = gateway.send(stranger, "GET", "/v1alpha1/no_such/databases", "no_such", null);

    assertThat(foreign.statusCode()).isEqualTo(unknown.statusCode()).isEqualTo(404);
    assertThat(foreign.<String>path("message").replace(owner.name(), "X"))
        .isEqualTo(unknown.<String>path("message").replace("no_such", "X"));
    assertThat(foreign.<String>path("code")).isEqualTo(unknown.<String>path("code"));
    JsonPath log = log(owner, "?actor=" + stranger.name());
    assertThat(log.getList("entries")).hasSize(1);
    assertThat(log.getString("entries[0].action")).isEqualTo("other.read");
    assertThat(log.getString("entries[0].outcome")).isEqualTo("refused");
    assertThat(log(stranger, "").getList("entries.path"))
        .as("what names nobody is in the caller's own")
        .contains("/v1alpha1/no_such/databases")
        .doesNotContain(path);
  }

  @Test
  void nobodyFillsTheLogOfOthers() {
    Person owner = gateway.register();
    Person stranger = gateway.register();
    for (int i = 0; i < 120; i++) {
      gateway.get(stranger, owner.name(), "/databases");
    }

    assertThat(log(owner, "?limit=500&actor=" + stranger.name()).getList("entries")).hasSize(100);
  }

  @Test
  void whoTriesTooOftenToJoinIsRefused() {
    Person owner = gateway.register();
    Person stranger = gateway.register();
    for (int i = 0; i < 100; i++) {
      gateway.join(stranger, owner.name(), "wrong").then().statusCode(not(429));
    }

    refused(gateway.join(stranger, owner.name(), "wrong").then(), 429)
        .header("Retry-After", notNullValue());
    assertThat(log(owner, "?limit=500&actor=" + stranger.name()).getList("entries")).hasSize(100);
    gateway.rename(stranger, stranger.name(), "r" + stranger.name()).then().statusCode(204);
  }

  @Test
  void whoHasNoOrganizationCannotFillTheLog() {
    Person person = gateway.signUp();
    for (int i = 0; i < 100; i++) {
      gateway.send(person, "PUT", "/v1alpha1/user", null, Map.of()).then().statusCode(400);
    }

    refused(gateway.send(person, "PUT", "/v1alpha1/user", null, Map.of()).then(), 429);
  }

  @Test
  void failedSignInsAreInTheLogOfWhoseNameWasTried() {
    Person person = gateway.register();
    anybody()
        .header("X-Forwarded-For", "10.6.6.6")
        .contentType(ContentType.URLENC)
        .formParam("grant_type", "password")
        .formParam("client_id", "slipway")
        .formParam("username", person.name())
        .formParam("password", "not the password")
        .post("/oauth/token")
        .then()
        .statusCode(403);

    await().until(() -> log(person, "?action=user.sign-in").getList("entries").size() == 2);
    JsonPath log = log(person, "?action=user.sign-in");
    assertThat(log.getString("entries[0].outcome")).isEqualTo("refused");
    assertThat(log.getString("entries[0].address")).isEqualTo("10.6.6.6");
    assertThat(log.getString("entries[0].token")).isNull();
  }

  @Test
  void aTokensLifeIsToldByItsIdentifierAndNeverByTheToken() {
    Person person = gateway.register();
    String token =
        token(Map.of("grant_type", "password", "scope", "offline_access"), person)
            .getString("refresh_token");
    token(Map.of("grant_type", "refresh_token", "refresh_token", token), person);
    for (int i = 0; i < 2; i++) {
      anybody()
          .contentType(ContentType.URLENC)
          .formParam("client_id", "slipway")
          .formParam("token", token)
          .post("/oauth/revoke")
          .then()
          .statusCode(200);
    }

    JsonPath log = log(person, "");
    assertThat(log.getList("entries.action"))
        .containsExactly(
            "user.revoke-token",
            "user.renew-token",
            "user.sign-in",
            "user.register",
            "user.sign-in",
            "user.sign-up");
    String id = log.getString("entries[0].refreshToken");
    assertThat(id).startsWith("rft_");
    assertThat(log.getString("entries[1].refreshToken")).isEqualTo(id);
    assertThat(log.getString("entries[2].refreshToken")).isEqualTo(id);
    assertThat(log.prettify()).doesNotContain(token).doesNotContain(person.token());
  }

  @Test
  void onlyTheAdminReadsIt() {
    Person admin = gateway.register();
    Person member = gateway.signUp();
    gateway.register(member, gateway.invite(admin)).then().statusCode(200);

    refused(gateway.get(member, admin.name(), "/audit").then(), 403)
        .body("code", equalTo("admin-only"));
    refused(gateway.get(gateway.register(), admin.name(), "/audit").then(), 404);
    assertThat(log(admin, "?actor=" + member.name()).getList("entries.action"))
        .contains("user.register", "user.sign-in");
  }

  @Test
  void pagesFollowEachOtherWithoutGapOrRepeatInBothOrders() {
    Person person = gateway.register();
    for (int i = 0; i < 9; i++) {
      ask(
          person,
          Identifiers.next("aud"),
          "POST",
          "/v1alpha1/" + person.name() + "/databases/userdb",
          person.name());
    }

    List<String> newest = pages(person, "newest");
    List<String> oldest = pages(person, "oldest");

    assertThat(newest).hasSize(12).doesNotHaveDuplicates();
    assertThat(oldest).isEqualTo(newest.reversed());
    String since = log(person, "?order=oldest&limit=4").getString("entries[3].at");
    assertThat(log(person, "?since=" + since).getList("entries")).hasSize(9);
  }

  /// Who exports again from where an export has ended would never hear of it.
  @Test
  void anExportHasNothingAfterWhatIsJustBeingWritten() throws SQLException {
    Person person = gateway.register();
    String path = "/v1alpha1/" + person.name() + "/databases/userdb/shop";
    String slow = Identifiers.next("aud");
    String quick = Identifiers.next("aud");
    List<String> before = pages(person, "oldest");
    List<String> during;
    try (Connection connection = database.getConnection()) {
      connection.setAutoCommit(false);
      try (Statement statement = connection.createStatement()) {
        statement.execute(
            """
            insert into audit (id, organization, identity, actor, action, method, path, address,
              agent, request)
            select '%s', organization, identity, actor, 'instance.destroy', 'DELETE', '/', '', '', ''
            from audit where actor = '%s' and organization is not null limit 1"""
                .formatted(slow, person.name()));
      }
      ask(person, quick, "DELETE", path, person.name());
      during = pages(person, "oldest");
      connection.commit();
    }

    assertThat(during).isEqualTo(before);
    assertThat(pages(person, "newest")).startsWith(quick, slow);
    assertThat(pages(person, "oldest")).endsWith(slow, quick);
  }

  private List<String> pages(Person person, String order) {
    List<String> ids = new ArrayList<>();
    @Nullable String next = "";
    while (next != null) {
      JsonPath page = log(person, "?limit=5&order=" + order + "&cursor=" + next);
      ids.addAll(page.getList("entries.id"));
      next = page.getString("next");
    }
    return ids;
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "since=yesterday",
        "since=-999999999-01-01T00:00:00Z",
        "cursor=x",
        "cursor=OTk5OTk5OTk5OTk5OTk5OTk5IGF1ZF8wMDAwMDAwMDAwMDAwMDAwMDAwMDAwMDAwMA",
        "order=best",
        "actor=a\u0001b",
        "action=\u0007"
      })
  void whatIsNotUnderstoodIsRefused(String query) {
    Person person = gateway.register();

    refused(gateway.get(person, person.name(), "/audit?" + query).then(), 400);
  }

  @Test
  void theDatabaseItselfRefusesToChangeWhatStandsInTheLog() throws SQLException {
    Person person = gateway.register();
    String whose = " where actor = '" + person.name() + "'";
    assertThat(log(person, "").getList("entries")).hasSize(3);

    for (String change :
        List.of(
            "delete from audit" + whose,
            "update audit set actor = 'nobody'" + whose,
            "update audit set status = 500, took_millis = 1" + whose + " and status is not null",
            "update audit set organization = 'org_other'" + whose,
            "update audit set at = at - interval '2 years'" + whose,
            "truncate audit")) {
      assertThatThrownBy(() -> execute(change))
          .as(change)
          .isInstanceOf(SQLException.class)
          .hasMessageContaining("append-only");
    }
    assertThat(log(person, "").getList("entries")).hasSize(3);
  }

  @Test
  void afterAYearItMayGo() throws SQLException {
    String id = Identifiers.next("aud");
    execute(
        """
        insert into audit (id, at, identity, actor, action, method, path, address, agent, request)
        values ('%s', clock_timestamp() - interval '366 days', 'idn_old', 'old', 'a', 'GET', '/', '', '', '')"""
            .formatted(id));

    execute("delete from audit where id = '" + id + "'");
  }

  private void execute(String sql) throws SQLException {
    try (Connection connection = database.getConnection();
        Statement statement = connection.createStatement()) {
      statement.execute(sql);
    }
  }

  private JsonPath log(Person person, String query) {
    return gateway
        .get(person, person.name(), "/audit" + query)
        .then()
        .statusCode(200)
        .extract()
        .jsonPath();
  }

  private JsonPath token(Map<String, String> form, Person person) {
    return anybody()
        .contentType(ContentType.URLENC)
        .formParams(form)
        .formParam("client_id", "slipway")
        .formParam("username", person.name())
        .formParam("password", person.password())
        .post("/oauth/token")
        .then()
        .statusCode(200)
        .extract()
        .jsonPath();
  }

  private boolean ask(
      Person person, String entry, String method, String path, String organization) {
    Map<String, String> question = new HashMap<>();
    question.put("token", person.token());
    question.put("organization", organization);
    question.put("method", method);
    question.put("path", path);
    question.put("entry", entry);
    question.put("address", "10.9.8.7");
    question.put("agent", "a\u0000b");
    return internal(question)
        .post("/internal/authorize")
        .then()
        .statusCode(200)
        .extract()
        .path("recorded");
  }

  private void ended(String entry, int status, @Nullable String operation) {
    Map<String, Object> outcome = new HashMap<>();
    outcome.put("id", entry);
    outcome.put("status", status);
    outcome.put("operation", operation);
    outcome.put("tookMillis", 12);
    internal(Map.of("outcomes", List.of(outcome)))
        .post("/internal/audit/outcomes")
        .then()
        .statusCode(204);
  }

  private io.restassured.specification.RequestSpecification internal(Object body) {
    return given()
        .header(InternalToken.SECRET_HEADER, keys.internalSecret())
        .contentType(ContentType.JSON)
        .body(body);
  }
}
