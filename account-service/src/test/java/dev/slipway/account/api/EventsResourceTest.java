package dev.slipway.account.api;

import static dev.slipway.account.api.UserResourceTest.refused;
import static io.restassured.RestAssured.given;
import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;
import static org.hamcrest.Matchers.containsString;
import static org.hamcrest.Matchers.equalTo;

import com.fasterxml.jackson.databind.JsonNode;
import dev.slipway.account.AccountServiceTest;
import dev.slipway.account.Gateway;
import dev.slipway.account.Gateway.Person;
import dev.slipway.account.TestClock;
import dev.slipway.account.feed.FeedRetention;
import dev.slipway.common.contract.account.AccountEvent;
import dev.slipway.common.contract.deploy.DeployEvent;
import dev.slipway.common.contract.instance.InstanceEvent;
import dev.slipway.common.operation.OperationEvent;
import dev.slipway.common.operation.Outcome;
import dev.slipway.common.operation.Transactions;
import dev.slipway.common.outbox.Event;
import dev.slipway.common.outbox.Json;
import dev.slipway.common.outbox.Outbox;
import dev.slipway.common.outbox.OutboxRelay;
import io.quarkus.test.junit.QuarkusTest;
import io.restassured.response.Response;
import io.restassured.specification.RequestSpecification;
import jakarta.inject.Inject;
import java.sql.Connection;
import java.sql.PreparedStatement;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.time.Clock;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.stream.LongStream;
import javax.sql.DataSource;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

@QuarkusTest
@AccountServiceTest
class EventsResourceTest {

  private static final Duration SOON = Duration.ofMinutes(2);

  @Inject Gateway gateway;
  @Inject TestClock clock;
  @Inject DataSource database;
  @Inject Transactions transactions;
  @Inject OutboxRelay relay;
  @Inject FeedRetention retention;

  @AfterEach
  void presentTime() {
    clock.reset();
  }

  @Test
  void listsWhatIsThereAndEnds() throws Exception {
    Person person = gateway.register();
    long end = happened(person, "app_1", 3);

    Response answer = list(person, "");

    answer.then().statusCode(200).contentType("application/x-ndjson");
    assertThat(numbers(answer)).isEqualTo(range(1, end));
    JsonNode last = lines(answer).getLast();
    assertThat(last.path("specversion").asText()).isEqualTo("1.0");
    assertThat(last.path("type").asText()).isEqualTo("slipway.deploy.version-deployed.v1");
    assertThat(last.path("data").path("version").asText()).isEqualTo("3");
    assertThat(numbers(list(person, "?after=" + (end - 2)))).isEqualTo(range(end - 1, end));
    assertThat(numbers(list(person, "?after=latest"))).isEmpty();
  }

  @Test
  void longListsAreWhole() throws Exception {
    Person person = gateway.register();
    long end = happened(person, "app_1", 1100);

    assertThat(numbers(list(person, ""))).isEqualTo(range(1, end));
    try (EventReader reader = follow(person, "", "0")) {
      await().atMost(SOON).until(() -> reader.events.size() == end);
      assertThat(reader.numbers()).isEqualTo(range(1, end));
    }
  }

  /// A service that asks for an operation again is told its end again; a reader is not.
  @Test
  void anEndThatIsSentAgainIsToldOnce() throws Exception {
    Person person = gateway.register();
    long before = happened(person, "app_1", 1);
    var ended =
        new OperationEvent.Ended(
            "iop_again",
            "databases.ensure",
            "dbs_again",
            List.of("dop_1"),
            Outcome.SUCCEEDED,
            null);

    tell(person, InstanceEvent.TOPIC, "dbs_again", ended);
    tell(person, InstanceEvent.TOPIC, "dbs_again", ended);
    tell(person, InstanceEvent.TOPIC, "dbs_again", new InstanceEvent.InstanceRepaired("ins", "a"));

    await().atMost(SOON).until(() -> subjects(person, "?type=instance.repaired").size() == 1);
    assertThat(subjects(person, "?operation=iop_again")).containsExactly("dbs_again");
    assertThat(numbers(list(person, ""))).isEqualTo(range(1, before + 2));
  }

  @Test
  void theFeedShowsInWhetherTheServiceLivesAndNotInWhetherItIsReady() {
    assertThat(given().get("/q/health/live").then().extract().asString()).contains("event-feed");
    assertThat(given().get("/q/health/ready").then().extract().asString())
        .doesNotContain("event-feed");
  }

  @Test
  void whatHappensIsTold() throws Exception {
    Person person = gateway.register();
    long end = happened(person, "app_1", 1);
    try (EventReader reader = follow(person, "?after=latest", null)) {
      await().atMost(SOON).until(() -> reader.id.equals(Long.toString(end)));

      happened(person, "app_1", 2);

      await().atMost(SOON).until(() -> reader.events.size() == 2);
      assertThat(reader.numbers()).containsExactly(end + 1, end + 2);
      assertThat(reader.over).isFalse();
    }
  }

  @Test
  void aReaderWhoIsCutOffAgainAndAgainSeesEveryEventOnceAndInOrder() throws Exception {
    Person person = gateway.register();
    var random = new Random(7);
    List<JsonNode> seen = new ArrayList<>();
    int each = 100;
    List<String> subjects = List.of("app_a", "app_b", "app_c", "app_d");
    long end = happened(person, "app_1", 1) + subjects.size() * (long) each;
    try (var threads = Executors.newFixedThreadPool(subjects.size())) {
      List<Future<Boolean>> writers = new ArrayList<>();
      for (String subject : subjects) {
        writers.add(
            threads.submit(
                () -> {
                  for (int i = 0; i < each; i++) {
                    tell(person, DeployEvent.TOPIC, subject, deployed(subject, i));
                  }
                  return true;
                }));
      }
      String position = "0";
      while (seen.size() < end) {
        try (EventReader reader = follow(person, "?after=3", position)) {
          int some = 1 + random.nextInt(20);
          await()
              .atMost(SOON)
              .until(
                  () -> reader.events.size() >= some || seen.size() + reader.events.size() >= end);
          List<JsonNode> got = List.copyOf(reader.events);
          seen.addAll(got);
          position = got.getLast().path("number").asText();
        }
      }
      for (Future<Boolean> writer : writers) {
        assertThat(writer.get()).isTrue();
      }
    }

    assertThat(seen.stream().map(event -> event.path("number").asLong()).toList())
        .isEqualTo(range(1, end));
    Map<String, Long> sequences = new HashMap<>();
    for (JsonNode event : seen) {
      long seq = event.path("seq").asLong();
      Long earlier = sequences.put(event.path("subject").asText(), seq);
      assertThat(earlier == null || earlier + 1 == seq).isTrue();
    }
  }

  @Test
  void whatAnotherReplicaAddsIsNoticed() throws Exception {
    Person person = gateway.register();
    long end = happened(person, "app_1", 1);
    try (EventReader reader = follow(person, "?after=latest", null)) {
      await().atMost(SOON).until(() -> reader.id.equals(Long.toString(end)));

      execute(
          """
          with next as (update event_feed_end set number = number + 1 where organization = ?
                        returning organization, number)
          insert into event_feed (organization, number, subject, seq, event)
          select organization, number, 'app_9', 1, '{"type":"slipway.deploy.x.v1"}' from next""",
          organization(person));

      await().atMost(SOON).until(() -> reader.events.size() == 1);
    }
  }

  @Test
  void aPositionOlderThanWhatIsKeptIsGone() throws Exception {
    Person person = gateway.register();
    long end = happened(person, "app_1", 5);
    execute(
        "update event_feed set taken_at = taken_at - interval '31 days'"
            + " where organization = ? and number <= "
            + (end - 2),
        organization(person));
    // A clock that was put back must leave no gap.
    execute(
        "update event_feed set taken_at = clock_timestamp()"
            + " where organization = ? and number = 2",
        organization(person));

    retention.round();

    assertThat(numbers(list(person, ""))).containsExactly(end - 1, end);
    assertThat(numbers(list(person, "?after=" + (end - 2)))).containsExactly(end - 1, end);
    refused(list(person, "?after=" + (end - 3)).then(), 410)
        .body("code", equalTo("events-gone"))
        .body("message", containsString("those after " + (end - 2) + " are"));
    refused(list(person, "?after=0").then(), 410);
    execute(
        "update event_feed set taken_at = taken_at - interval '31 days' where organization = ?",
        organization(person));
    retention.round();
    refused(list(person, "?after=" + (end - 1)).then(), 410);
    assertThat(numbers(list(person, "?after=" + end))).isEmpty();
    assertThat(numbers(list(person, ""))).isEmpty();
  }

  @ParameterizedTest
  @ValueSource(strings = {"-1", "x", "1.5", "99999", "99999999999999999999", "+", "LATEST"})
  void whatIsNoPositionIsRefusedWithWhatIsAllowed(String position) throws Exception {
    Person person = gateway.register();
    long end = happened(person, "app_1", 1);

    refused(list(person, "?after=" + position).then(), 400)
        .body("code", equalTo("invalid-request"))
        .body("fields.after", equalTo("must be a number from 0 to %d, or latest".formatted(end)));
  }

  @Test
  void theHeaderCountsMoreThanTheAddress() throws Exception {
    Person person = gateway.register();
    long end = happened(person, "app_1", 2);

    Response answer =
        request(person, "?after=0")
            .header("Accept", "application/x-ndjson")
            .header("Last-Event-ID", end - 1)
            .get("/v1alpha1/" + person.name() + "/events?after=0");

    assertThat(numbers(answer)).containsExactly(end);
  }

  @Test
  void aStreamEndsWithTheMembership() throws Exception {
    Person admin = gateway.register();
    Person member = gateway.register();
    gateway.join(member, admin.name(), gateway.invite(admin)).then().statusCode(204);
    try (EventReader own = read(admin, admin.name(), "", null);
        EventReader reader = read(member, admin.name(), "", null)) {
      await().atMost(SOON).until(() -> !reader.events.isEmpty());

      gateway.delete(admin, admin.name(), "/" + member.name()).then().statusCode(204);

      await().atMost(SOON).until(() -> reader.over);
      assertThat(reader.lines).contains(": the membership has ended");
      assertThat(own.over).isFalse();
    }
    refused(gateway.get(member, admin.name(), "/events").then(), 404);
  }

  @Test
  void aStreamEndsWithTheSignIn() throws Exception {
    Person person = gateway.register();
    try (EventReader reader = follow(person, "", null)) {
      await().atMost(SOON).until(() -> !reader.events.isEmpty());

      clock.forward(Duration.ofHours(25));

      await().atMost(SOON).until(() -> reader.over);
      assertThat(reader.lines).contains(": the sign-in has ended");
    }
  }

  @Test
  void nobodySeesTheEventsOfAnotherOrganization() throws Exception {
    Person person = gateway.register();
    Person other = gateway.register();
    try (EventReader reader = follow(person, "", null)) {
      long end = happened(other, "app_shared", 5);
      happened(person, "app_shared", 1);

      await().atMost(SOON).until(() -> last(reader).equals("slipway.deploy.version-deployed.v1"));
      assertThat(reader.events)
          .allSatisfy(
              event ->
                  assertThat(event.path("organization").asText()).isEqualTo(organization(person)));
      assertThat(end).isGreaterThan(5);
    }
    refused(gateway.get(person, other.name(), "/events").then(), 404);
    // Also when the gateway has let somebody in to an organization of another name.
    given()
        .header("Authorization", "Bearer " + token(person, person.name(), ""))
        .get("/v1alpha1/" + other.name() + "/events")
        .then()
        .statusCode(404);
  }

  @Test
  void filtersByOperationKindTypeAndSubject() throws Exception {
    Person person = gateway.register();
    tell(
        person,
        DeployEvent.TOPIC,
        "app_1",
        new OperationEvent.Begun("dop_1", "app.deploy", "app_1", "somebody", List.of(), "shop"));
    tell(
        person,
        InstanceEvent.TOPIC,
        "dbs_1",
        new OperationEvent.Begun(
            "iop_1", "databases.ensure", "dbs_1", "dop_1", List.of("dop_1"), "shop_db"));
    tell(person, InstanceEvent.TOPIC, "ins_1", new InstanceEvent.InstanceRepaired("ins_1", "main"));
    tell(person, DeployEvent.TOPIC, "app_1", deployed("app_1", 1));
    await().atMost(SOON).until(() -> end(person) == 6);

    assertThat(subjects(person, "?operation=dop_1")).containsExactly("app_1", "dbs_1");
    assertThat(subjects(person, "?operation=iop_1")).containsExactly("dbs_1");
    assertThat(subjects(person, "?kind=app.deploy&kind=databases.ensure"))
        .containsExactly("app_1", "dbs_1");
    assertThat(subjects(person, "?kind=app.deploy&subject=dbs_1")).isEmpty();
    assertThat(subjects(person, "?type=operation.begun&subject=dbs_1")).containsExactly("dbs_1");
    assertThat(subjects(person, "?type=slipway.instance.repaired.v1")).containsExactly("ins_1");
    assertThat(subjects(person, "?subject=shop_db")).containsExactly("dbs_1");
    assertThat(subjects(person, "?subject=main")).containsExactly("ins_1");
    assertThat(subjects(person, "?subject=the_app&subject=main"))
        .containsExactlyInAnyOrder("ins_1", "app_1");
    assertThat(subjects(person, "?subject=" + person.name())).hasSize(2);
    assertThat(subjects(person, "?subject=' or true --")).isEmpty();
  }

  @Test
  void aReaderToWhomNothingHappensHearsHowFarItHasCome() throws Exception {
    Person person = gateway.register();
    try (EventReader reader = follow(person, "?kind=none", null)) {
      long end = happened(person, "app_1", 2);

      await().atMost(SOON).until(() -> reader.id.equals(Long.toString(end)));
      assertThat(reader.lines).contains(": heartbeat");
      assertThat(reader.events).isEmpty();
    }
  }

  @Test
  void whoHasLeftIsForgotten() throws Exception {
    Person person = gateway.register();
    EventReader first = follow(person, "", null);
    try (EventReader second = follow(person, "", null);
        EventReader third = follow(person, "", null)) {
      String token = token(person, person.name(), "");
      assertThat(statusOf(person, token)).isEqualTo(429);

      first.close();

      // A stream that is let in does not end, which is what is waited for here.
      await()
          .atMost(SOON)
          .untilAsserted(
              () -> {
                try (EventReader fourth = follow(person, "", null)) {
                  assertThat(fourth.over).isFalse();
                }
              });
      assertThat(second.over || third.over).isFalse();
    }
  }

  @Test
  void lookingWhetherItIsThereOpensNoStream() throws Exception {
    Person person = gateway.register();
    for (int i = 0; i < 5; i++) {
      request(person, "").head("/v1alpha1/" + person.name() + "/events").then().statusCode(204);
    }
    follow(person, "", null).close();
  }

  private int statusOf(Person person, String token) {
    return given()
        .header("Authorization", "Bearer " + token)
        .header("Accept", "text/event-stream")
        .get("/v1alpha1/" + person.name() + "/events")
        .statusCode();
  }

  private static String last(EventReader reader) {
    return reader.events.isEmpty() ? "" : reader.events.getLast().path("type").asText();
  }

  private static Event deployed(String application, int version) {
    return new DeployEvent.VersionDeployed(application, "the_app", Integer.toString(version));
  }

  /// Something has happened so many times.
  ///
  /// @return the number of the last event
  private long happened(Person person, String subject, int times) throws Exception {
    // What registering tells comes first.
    await().atMost(SOON).until(() -> end(person) >= 2);
    long before = end(person);
    for (int i = 1; i <= times; i++) {
      tell(person, DeployEvent.TOPIC, subject, deployed(subject, i));
    }
    await().atMost(SOON).until(() -> end(person) == before + times);
    return before + times;
  }

  /// As the service would that owns the subject.
  private void tell(Person person, String topic, String subject, Event event) throws SQLException {
    String source = topic.equals(AccountEvent.TOPIC) ? "account-service" : "another-service";
    String organization = organization(person);
    transactions.inNew(
        connection -> {
          new Outbox(source, Clock.systemUTC())
              .append(connection, topic, subject, organization, event);
          return true;
        });
    relay.wake();
  }

  private Response list(Person person, String query) {
    return request(person, query)
        .header("Accept", "application/x-ndjson")
        .get("/v1alpha1/" + person.name() + "/events" + query);
  }

  private RequestSpecification request(Person person, String query) {
    return given().header("Authorization", "Bearer " + token(person, person.name(), query));
  }

  private EventReader follow(Person person, String query, @Nullable String lastEventId)
      throws Exception {
    return read(person, person.name(), query, lastEventId);
  }

  private EventReader read(
      Person person, String organization, String query, @Nullable String lastEventId)
      throws Exception {
    return new EventReader(
        token(person, organization, query),
        "/v1alpha1/" + organization + "/events" + query,
        lastEventId);
  }

  private String token(Person person, String organization, String query) {
    return gateway
        .authorize(
            person.token(), "GET", "/v1alpha1/" + organization + "/events" + query, organization)
        .path("token");
  }

  private List<String> subjects(Person person, String query) throws Exception {
    return lines(list(person, query)).stream()
        .map(event -> event.path("subject").asText())
        .toList();
  }

  private static List<Long> numbers(Response answer) throws Exception {
    return lines(answer).stream().map(event -> event.path("number").asLong()).toList();
  }

  private static List<JsonNode> lines(Response answer) throws Exception {
    List<JsonNode> events = new ArrayList<>();
    for (String line : answer.then().statusCode(200).extract().asString().lines().toList()) {
      events.add(Json.tree(line));
    }
    return events;
  }

  private static List<Long> range(long first, long last) {
    return LongStream.rangeClosed(first, last).boxed().toList();
  }

  private long end(Person person) throws SQLException {
    String number =
        query(
            "select number::text from event_feed_end where organization = ?", organization(person));
    return number == null ? 0 : Long.parseLong(number);
  }

  /// The organization of the person's own name.
  private String organization(Person person) throws SQLException {
    return String.valueOf(query("select id from organization where name = ?", person.name()));
  }

  private @Nullable String query(String sql, String parameter) throws SQLException {
    try (Connection connection = database.getConnection();
        PreparedStatement select = connection.prepareStatement(sql)) {
      select.setString(1, parameter);
      try (ResultSet row = select.executeQuery()) {
        return row.next() ? row.getString(1) : null;
      }
    }
  }

  private void execute(String sql, String parameter) throws SQLException {
    try (Connection connection = database.getConnection();
        PreparedStatement statement = connection.prepareStatement(sql)) {
      statement.setString(1, parameter);
      assertThat(statement.executeUpdate()).isPositive();
    }
  }
}
