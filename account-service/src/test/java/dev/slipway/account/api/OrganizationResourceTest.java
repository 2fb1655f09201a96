package dev.slipway.account.api;

import static dev.slipway.account.api.UserResourceTest.refused;
import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;
import static org.hamcrest.Matchers.containsString;
import static org.hamcrest.Matchers.empty;
import static org.hamcrest.Matchers.equalTo;
import static org.hamcrest.Matchers.hasKey;

import dev.slipway.account.AccountServiceTest;
import dev.slipway.account.FakeOwners;
import dev.slipway.account.FakeOwners.Owner;
import dev.slipway.account.Gateway;
import dev.slipway.account.Gateway.Person;
import dev.slipway.account.TestClock;
import dev.slipway.common.crypto.InstallationKeys;
import io.quarkus.test.junit.QuarkusTest;
import io.restassured.response.Response;
import jakarta.inject.Inject;
import java.sql.Connection;
import java.sql.PreparedStatement;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.Callable;
import java.util.concurrent.Executors;
import javax.sql.DataSource;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.ValueSource;

@QuarkusTest
@AccountServiceTest
class OrganizationResourceTest {

  @Inject Gateway gateway;
  @Inject TestClock clock;
  @Inject InstallationKeys keys;
  @Inject DataSource database;

  @AfterEach
  void presentTime() {
    clock.reset();
    Owner.INSTANCES.isDown(false);
    Owner.APPLICATIONS.isDown(false);
  }

  @Test
  void anInvitedUserJoinsAndSeesTheMembers() {
    Person admin = gateway.register();
    Person invited = gateway.register();
    String secret = gateway.invite(admin);

    gateway.join(invited, admin.name(), secret).then().statusCode(204);

    assertThat(secret).doesNotMatch("[0-9]+");
    assertThat(gateway.profileOrganization(invited)).isEqualTo(admin.name());
    gateway
        .get(invited, admin.name(), "/users")
        .then()
        .statusCode(200)
        .body("UserNames", equalTo(List.of(admin.name(), invited.name())));
    assertThat(FakeOwners.secretShown()).isEqualTo(keys.internalSecret());
  }

  @Test
  void onlyTheAdminInvites() {
    Person admin = gateway.register();
    Person member = memberOf(admin);

    refused(gateway.get(member, admin.name(), "/secret").then(), 403)
        .body("code", equalTo("admin-only"));
  }

  @Test
  void aSecretWorksOnce() {
    Person admin = gateway.register();
    String secret = gateway.invite(admin);
    gateway.join(gateway.register(), admin.name(), secret).then().statusCode(204);

    refused(gateway.join(gateway.register(), admin.name(), secret).then(), 403)
        .body("code", equalTo("invitation-invalid"));
  }

  @Test
  void ofTwoWhoJoinAtOnceWithOneSecretOneGetsIn() throws Exception {
    Person admin = gateway.register();
    List<Person> people = List.of(gateway.register(), gateway.register(), gateway.register());
    String secret = gateway.invite(admin);

    List<Integer> answers = new ArrayList<>();
    try (var threads = Executors.newFixedThreadPool(people.size())) {
      List<Callable<Response>> joins = new ArrayList<>();
      for (Person person : people) {
        joins.add(() -> gateway.join(person, admin.name(), secret));
      }
      for (var future : threads.invokeAll(joins)) {
        answers.add(future.get().statusCode());
      }
    }

    assertThat(answers).containsExactlyInAnyOrder(204, 403, 403);
  }

  @Test
  void aSecretExpiresAfterADay() {
    Person admin = gateway.register();
    Person invited = gateway.register();
    String secret = gateway.invite(admin);

    clock.forward(Duration.ofHours(24));

    // The access tokens have ended as well; the people sign in again.
    refused(gateway.join(signInAgain(invited), admin.name(), secret).then(), 403)
        .body("code", equalTo("invitation-invalid"));
  }

  @Test
  void aSecretOpensItsOwnOrganizationOnly() {
    Person admin = gateway.register();
    Person other = gateway.register();
    String secret = gateway.invite(admin);

    refused(gateway.join(gateway.register(), other.name(), secret).then(), 403)
        .body("code", equalTo("invitation-invalid"));
    refused(gateway.join(gateway.register(), "nobody_at_all", secret).then(), 403)
        .body("code", equalTo("invitation-invalid"));
  }

  @Test
  void whoStillOwnsInstancesCannotJoinAndTheSecretIsNotUsedUp() throws SQLException {
    Person admin = gateway.register();
    Person invited = gateway.register();
    String secret = gateway.invite(admin);
    Owner.INSTANCES.has(organizationId(invited), 1);

    refused(gateway.join(invited, admin.name(), secret).then(), 409)
        .body("code", equalTo("organization-in-use"))
        .body("message", containsString("1 database instance"));
    assertThat(gateway.profileOrganization(invited)).isEqualTo(invited.name());

    Owner.INSTANCES.has(organizationId(invited), 0);
    gateway.join(invited, admin.name(), secret).then().statusCode(204);
  }

  @Test
  void whoStillOwnsApplicationsCannotJoinEither() throws SQLException {
    Person admin = gateway.register();
    Person invited = gateway.register();
    String secret = gateway.invite(admin);
    Owner.INSTANCES.has(organizationId(invited), 1);
    Owner.APPLICATIONS.has(organizationId(invited), 2);

    refused(gateway.join(invited, admin.name(), secret).then(), 409)
        .body("code", equalTo("organization-in-use"))
        .body("message", containsString("2 applications and 1 database instance"));
    Owner.INSTANCES.has(organizationId(invited), 0);
    refused(gateway.join(invited, admin.name(), secret).then(), 409)
        .body("message", containsString("2 applications;"));
    assertThat(gateway.profileOrganization(invited)).isEqualTo(invited.name());

    Owner.APPLICATIONS.has(organizationId(invited), 0);
    gateway.join(invited, admin.name(), secret).then().statusCode(204);
  }

  @ParameterizedTest
  @EnumSource
  void whenAnOwnerIsDownNothingChanges(Owner owner) {
    Person admin = gateway.register();
    Person invited = gateway.register();
    String secret = gateway.invite(admin);
    owner.isDown(true);

    refused(gateway.join(invited, admin.name(), secret).then(), 503)
        .body("code", equalTo("unavailable"));
    assertThat(gateway.profileOrganization(invited)).isEqualTo(invited.name());

    owner.isDown(false);
    gateway.join(invited, admin.name(), secret).then().statusCode(204);
  }

  @Test
  void anAdminWithMembersCannotLeaveThem() {
    Person admin = gateway.register();
    Person other = gateway.register();
    memberOf(admin);

    refused(gateway.join(admin, other.name(), gateway.invite(other)).then(), 409)
        .body("code", equalTo("organization-has-members"));
  }

  @Test
  void joiningTheOwnOrganizationIsRefusedAndTheSecretIsNotUsedUp() {
    Person admin = gateway.register();
    String secret = gateway.invite(admin);

    refused(gateway.join(admin, admin.name(), secret).then(), 409)
        .body("code", equalTo("already-member"));
    gateway.join(gateway.register(), admin.name(), secret).then().statusCode(204);
  }

  @Test
  void aRemovedMemberIsOutAtOnceAndHasAnOwnOrganization() {
    Person admin = gateway.register();
    Person member = memberOf(admin);

    gateway.delete(admin, admin.name(), "/" + member.name()).then().statusCode(204);

    refused(gateway.get(member, admin.name(), "/users").then(), 404)
        .body("code", equalTo("organization-not-found"));
    assertThat(gateway.profileOrganization(member)).isEqualTo(member.name());
    gateway.invite(member);
  }

  @Test
  void aRemovedMemberWhoseNameIsTakenByAnOrganizationGetsAVariation() {
    Person admin = gateway.register();
    Person member = memberOf(admin);
    Person thief = gateway.register();
    gateway.rename(thief, thief.name(), member.name()).then().statusCode(204);

    gateway.delete(admin, admin.name(), "/" + member.name()).then().statusCode(204);

    assertThat(gateway.profileOrganization(member)).isEqualTo(member.name() + "_2");
  }

  @Test
  void removingIsForTheAdminAndForMembersOnly() {
    Person admin = gateway.register();
    Person member = memberOf(admin);
    Person stranger = gateway.register();

    refused(gateway.delete(member, admin.name(), "/" + member.name()).then(), 403)
        .body("code", equalTo("admin-only"));
    refused(gateway.delete(admin, admin.name(), "/" + admin.name()).then(), 409)
        .body("code", equalTo("admin-stays"));
    String ofAStranger =
        refused(gateway.delete(admin, admin.name(), "/" + stranger.name()).then(), 404)
            .body("code", equalTo("member-not-found"))
            .extract()
            .path("message");
    String ofNobody =
        refused(gateway.delete(admin, admin.name(), "/nobody_at_all").then(), 404)
            .extract()
            .path("message");
    assertThat(ofAStranger.replace(stranger.name(), "X"))
        .isEqualTo(ofNobody.replace("nobody_at_all", "X"));
  }

  @Test
  void aRenamedOrganizationIsFoundUnderItsNewNameOnly() {
    Person admin = gateway.register();
    String renamed = admin.name() + "_inc";

    gateway.rename(admin, admin.name(), renamed).then().statusCode(204);

    gateway.get(admin, renamed, "/users").then().statusCode(200).body("OrgName", equalTo(renamed));
    refused(gateway.get(admin, admin.name(), "/users").then(), 404)
        .body("code", equalTo("organization-not-found"));
    refused(gateway.rename(admin, admin.name(), renamed).then(), 404);
  }

  @Test
  void renamingIsForTheAdminAndToAFreeNameOnly() {
    Person admin = gateway.register();
    Person other = gateway.register();
    Person member = memberOf(admin);

    refused(gateway.rename(member, admin.name(), "fine_name").then(), 403)
        .body("code", equalTo("admin-only"));
    refused(gateway.rename(admin, admin.name(), other.name()).then(), 409)
        .body("code", equalTo("name-taken"));
    refused(gateway.rename(admin, admin.name(), admin.name()).then(), 400);
  }

  @ParameterizedTest
  @ValueSource(strings = {"x", "With-Dash", "user", "dashboard", "applications", "slipway"})
  void anOrganizationTakesNoNameOutsideTheRule(String name) {
    Person admin = gateway.register();

    refused(gateway.rename(admin, admin.name(), name).then(), 400)
        .body("fields", hasKey("newName"));
  }

  @Test
  void anotherOrganizationIsAnsweredExactlyAsAnUnknownOne() {
    Person person = gateway.register();
    Person other = gateway.register();

    String foreign =
        refused(gateway.get(person, other.name(), "/users").then(), 404)
            .body("code", equalTo("organization-not-found"))
            .extract()
            .path("message");
    String unknown =
        refused(gateway.get(person, "nobody_at_all", "/users").then(), 404)
            .extract()
            .path("message");

    assertThat(foreign.replace(other.name(), "X")).isEqualTo(unknown.replace("nobody_at_all", "X"));
  }

  @Test
  void accountsAreChangedWithoutOperations() {
    Person admin = gateway.register();

    gateway.get(admin, admin.name(), "/operations").then().statusCode(200).body("$", empty());
    refused(gateway.get(admin, admin.name(), "/operations/aop_unknown").then(), 404);
  }

  @Test
  void joinNeedsASecret() {
    Person admin = gateway.register();
    Person person = gateway.register();

    refused(
            gateway
                .send(person, "POST", "/v1alpha1/" + admin.name() + "/join", admin.name(), Map.of())
                .then(),
            400)
        .body("fields", hasKey("secret"));
  }

  @Test
  void everyChangeIsToldAndNoneTellsASecret() throws SQLException {
    Person admin = gateway.register();
    Person member = gateway.register();
    String secret = gateway.invite(admin);
    gateway.join(member, admin.name(), secret).then().statusCode(204);
    String organization = organizationId(admin);
    gateway.delete(admin, admin.name(), "/" + member.name()).then().statusCode(204);

    List<String> told = List.of("user-registered", "organization-opened", "invitation-made");
    await()
        .atMost(Duration.ofSeconds(20))
        .untilAsserted(() -> assertThat(feed(organization)).hasSize(told.size() + 2));
    String everything = String.join("\n", feed(organization));
    assertThat(everything).contains(told).contains("member-joined", "member-removed");
    assertThat(everything).doesNotContain(secret);
    assertThat(feed(organization))
        .extracting(line -> line.substring(0, line.indexOf(' ')))
        .containsExactly("1", "2", "3", "4", "5");
  }

  private Person memberOf(Person admin) {
    Person member = gateway.register();
    gateway.join(member, admin.name(), gateway.invite(admin)).then().statusCode(204);
    return member;
  }

  private Person signInAgain(Person person) {
    String token =
        Gateway.address(1)
            .formParam("grant_type", "password")
            .formParam("client_id", "slipway")
            .formParam("username", person.name())
            .formParam("password", person.password())
            .post("/oauth/token")
            .then()
            .statusCode(200)
            .extract()
            .path("access_token");
    return new Person(person.name(), person.password(), token);
  }

  private String organizationId(Person person) throws SQLException {
    try (Connection connection = database.getConnection();
        PreparedStatement select =
            connection.prepareStatement("select organization from account_user where name = ?")) {
      select.setString(1, person.name());
      try (ResultSet row = select.executeQuery()) {
        row.next();
        return row.getString(1);
      }
    }
  }

  private List<String> feed(String organization) throws SQLException {
    List<String> events = new ArrayList<>();
    try (Connection connection = database.getConnection();
        PreparedStatement select =
            connection.prepareStatement(
                "select number, event::text from event_feed where organization = ? order by number")) {
      select.setString(1, organization);
      try (ResultSet rows = select.executeQuery()) {
        while (rows.next()) {
          events.add(rows.getLong(1) + " " + rows.getString(2));
        }
      }
    }
    return events;
  }
}
