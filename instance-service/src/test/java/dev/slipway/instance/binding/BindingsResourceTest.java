package dev.slipway.instance.binding;

import static io.restassured.RestAssured.given;
import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;
import static org.hamcrest.Matchers.equalTo;

import dev.slipway.common.contract.instance.DatabaseOperations;
import dev.slipway.common.driver.ScramVerifier;
import dev.slipway.common.id.Identifiers;
import dev.slipway.common.ledger.Ledger;
import dev.slipway.common.operation.DriverFailure;
import dev.slipway.common.operation.OperationCommand;
import dev.slipway.common.operation.OperationEngine;
import dev.slipway.common.operation.OperationView;
import dev.slipway.common.operation.Phase;
import dev.slipway.common.operation.Transactions;
import dev.slipway.common.outbox.Json;
import dev.slipway.common.security.InternalToken;
import dev.slipway.instance.FakeDriverChoice;
import dev.slipway.instance.InstanceServiceTest;
import dev.slipway.instance.Members;
import io.quarkus.test.junit.QuarkusTest;
import io.restassured.http.ContentType;
import io.restassured.response.Response;
import io.restassured.specification.RequestSpecification;
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
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

/// Bindings, and what they keep from being destroyed.
@QuarkusTest
@InstanceServiceTest
class BindingsResourceTest {

  private static final String ORGANIZATION = "org_one";
  private static final AtomicInteger NUMBER = new AtomicInteger();
  private static final Duration PATIENCE = Duration.ofMinutes(2);

  @Inject Members members;
  @Inject FakeDriverChoice choice;
  @Inject Transactions transactions;
  @Inject OperationEngine engine;

  @AfterEach
  void nothingFailsAnyMore() {
    choice.driver().crashAt((act, fence, moment) -> {});
  }

  // ---- Who asks

  private RequestSpecification user() {
    return members.of(ORGANIZATION);
  }

  private String provision() {
    String name = "main_" + NUMBER.incrementAndGet();
    beginProvision(name);
    await()
        .atMost(PATIENCE)
        .until(() -> info(name).jsonPath().getString("Status"), "available"::equals);
    return name;
  }

  private void beginProvision(String name) {
    user()
        .body(Map.of("Name", name, "AdminName", "demo_db", "AdminPassword", "correct-horse-1"))
        .post("/v1alpha1/one/databases/userdb")
        .then()
        .statusCode(202);
  }

  private Response info(String name) {
    return user().get("/v1alpha1/one/databases/userdb/info/" + name);
  }

  private Response destroy(String name) {
    return user().delete("/v1alpha1/one/databases/userdb/" + name);
  }

  private Response bind(String application, String applicationName, String instance) {
    return bind(application, applicationName, instance, ORGANIZATION);
  }

  private Response bind(
      String application, String applicationName, String instance, String organization) {
    return members
        .internally()
        .body(
            Map.of(
                "organization",
                organization,
                "instanceName",
                instance,
                "applicationName",
                applicationName))
        .put("/internal/bindings/" + application);
  }

  private String bound(String application, String applicationName, String instance) {
    return bind(application, applicationName, instance)
        .then()
        .statusCode(200)
        .extract()
        .path("instance");
  }

  private void release(String application, String instance) {
    members
        .internally()
        .queryParam("instance", instance)
        .delete("/internal/bindings/" + application)
        .then()
        .statusCode(204);
  }

  /// As the delete of an application does.
  private void releaseForGood(String application) {
    members.internally().delete("/internal/bindings/" + application).then().statusCode(204);
  }

  // ---- Access

  @Test
  void withoutTheSecretThereIsNoSuchPath() {
    String path = "/internal/bindings/" + Identifiers.next("app");
    Response nowhere = given().get("/internal/no-such-thing");
    List<RequestSpecification> strangers =
        List.of(given(), given().header(InternalToken.SECRET_HEADER, "guessed"), user());

    for (RequestSpecification stranger : strangers) {
      Response put = given(stranger).contentType(ContentType.JSON).body("{}").put(path);
      Response delete = given(stranger).queryParam("instance", "ins_one").delete(path);
      for (Response answer : List.of(put, delete)) {
        assertThat(answer.statusCode()).isEqualTo(nowhere.statusCode()).isEqualTo(404);
        assertThat(answer.jsonPath().getString("code"))
            .isEqualTo(nowhere.jsonPath().getString("code"));
        assertThat(answer.jsonPath().getString("message"))
            .isEqualTo(nowhere.jsonPath().getString("message"));
      }
    }
  }

  // ---- Binding

  @Test
  void aBindingTellsWhereTheInstanceIsAndMayBeRepeated() {
    String name = provision();
    String application = Identifiers.next("app");

    Response first = bind(application, "shop", name);
    Response second = bind(application, "shop", name);

    assertThat(first.statusCode()).isEqualTo(200);
    assertThat(first.jsonPath().getString("instance")).startsWith("ins_");
    assertThat(first.jsonPath().getString("name")).isEqualTo(name);
    assertThat(first.jsonPath().getString("host")).isEqualTo("localhost");
    assertThat(first.jsonPath().getInt("port")).isPositive();
    assertThat(first.jsonPath().getBoolean("linked")).isFalse();
    assertThat(second.asString()).isEqualTo(first.asString());
  }

  @Test
  void anInstanceOfOthersIsNotThere() {
    String name = provision();

    bind(Identifiers.next("app"), "shop", name, "org_two")
        .then()
        .statusCode(404)
        .body("code", equalTo("instance-not-found"))
        .body("message", equalTo("database %s not found".formatted(name)));
  }

  @Test
  void whatIsNoIdentifierOrNoNameIsRefused() {
    bind("nobody", "shop", "main").then().statusCode(400);
    members.internally().delete("/internal/bindings/nobody").then().statusCode(400);
    bind(Identifiers.next("app"), "sh\u0000op", "main").then().statusCode(400);
    members
        .internally()
        .body(Map.of("organization", ORGANIZATION))
        .put("/internal/bindings/" + Identifiers.next("app"))
        .then()
        .statusCode(400);
  }

  @Test
  void anInstanceThatNeverCameIsNotAvailable() {
    choice
        .driver()
        .crashAt(
            (act, fence, moment) -> {
              if (act.equals("create")) {
                throw new DriverFailure.Permanent("disk-full", "no space is left");
              }
            });
    String name = "failed_" + NUMBER.incrementAndGet();
    beginProvision(name);
    await().atMost(PATIENCE).until(() -> info(name).statusCode(), status -> status == 409);

    bind(Identifiers.next("app"), "shop", name)
        .then()
        .statusCode(409)
        .body("code", equalTo("instance-unavailable"));
  }

  // ---- Applications that are deleted

  @Test
  void aDeletedApplicationIsBoundToNothingAndNeverAgain() {
    String first = provision();
    String second = provision();
    String application = Identifiers.next("app");
    String other = Identifiers.next("app");
    bound(application, "shop", first);
    bound(application, "shop", second);
    bound(other, "blog", second);

    releaseForGood(application);
    releaseForGood(application);

    bind(application, "shop", first)
        .then()
        .statusCode(404)
        .body("code", equalTo("application-not-found"))
        .body("message", equalTo("application shop is deleted"));
    destroy(first).then().statusCode(204);
    destroy(second).then().statusCode(409).body("fields.applications", equalTo("blog"));
    release(other, bound(other, "blog", second));
    bind(other, "blog", second).then().statusCode(200);
  }

  @Test
  void theEndOfAnApplicationWaitsForABindingThatIsJustMade() throws Exception {
    String name = provision();
    String instance = info(name).path("ID");
    String application = Identifiers.next("app");
    Future<Response> binding;
    try (var threads = Executors.newVirtualThreadPerTaskExecutor()) {
      binding =
          transactions.inNew(
              connection -> {
                assertThat(
                        texts(
                            connection, "select id from subject where id = ? for update", instance))
                    .hasSize(1);
                Future<Response> asking = threads.submit(() -> bind(application, "shop", name));
                awaitSomebodyWaiting(connection, "transactionid");
                threads.execute(() -> releaseForGood(application));
                awaitSomebodyWaiting(connection, "advisory");
                return asking;
              });
    }

    assertThat(binding.resultNow().statusCode()).isEqualTo(200);
    destroy(name).then().statusCode(204);
  }

  private static void awaitSomebodyWaiting(Connection connection, String forWhat) {
    await()
        .atMost(PATIENCE)
        .pollInSameThread()
        .until(
            () ->
                !texts(
                        connection,
                        "select pid::text from pg_locks where not granted and locktype = ?",
                        forWhat)
                    .isEmpty());
  }

  private static List<String> texts(Connection connection, String sql, String argument)
      throws SQLException {
    try (PreparedStatement select = connection.prepareStatement(sql)) {
      select.setString(1, argument);
      try (ResultSet rows = select.executeQuery()) {
        List<String> texts = new ArrayList<>();
        while (rows.next()) {
          texts.add(rows.getString(1));
        }
        return texts;
      }
    }
  }

  // ---- In use

  @Test
  void anInstanceInUseIsNotDestroyedAndSaysWhoUsesIt() {
    String name = provision();
    String shop = Identifiers.next("app");
    String blog = Identifiers.next("app");
    String instance = bound(shop, "shop", name);
    bound(blog, "blog", name);

    destroy(name)
        .then()
        .statusCode(409)
        .body("code", equalTo("instance-in-use"))
        .body("message", equalTo("database %s is used by blog, shop".formatted(name)))
        .body("fields.applications", equalTo("blog,shop"));
    info(name).then().statusCode(200).body("Status", equalTo("available"));

    release(shop, instance);
    destroy(name).then().statusCode(409).body("fields.applications", equalTo("blog"));
    release(blog, instance);
    release(blog, instance);
    destroy(name).then().statusCode(204);
  }

  @Test
  void aRefusedDestroyLeavesItsIdempotencyKeyFree() {
    String name = provision();
    String shop = Identifiers.next("app");
    String instance = bound(shop, "shop", name);
    String path = "/v1alpha1/one/databases/userdb/" + name;

    user().header("Idempotency-Key", name).delete(path).then().statusCode(409);
    release(shop, instance);
    user().header("Idempotency-Key", name).delete(path).then().statusCode(204);
  }

  @Test
  void anAcceptedDestroyClosesTheInstanceToBindings() {
    String name = provision();
    choice
        .driver()
        .crashAt(
            (act, fence, moment) -> {
              throw new DriverFailure.Permanent("stubborn", "it does not go away");
            });
    destroy(name).then().statusCode(422);

    bind(Identifiers.next("app"), "shop", name)
        .then()
        .statusCode(409)
        .body("code", equalTo("instance-unavailable"));

    nothingFailsAnyMore();
    destroy(name).then().statusCode(204);
    bind(Identifiers.next("app"), "shop", name).then().statusCode(404);
  }

  @Test
  void ofABindingAndADestroyAtTheSameTimeOneIsRefused() throws Exception {
    for (int round = 0; round < 8; round++) {
      String name = provision();
      String application = Identifiers.next("app");
      Callable<Integer> binding = () -> bind(application, "shop", name).statusCode();
      Callable<Integer> destroying = () -> destroy(name).statusCode();
      try (ExecutorService both = Executors.newFixedThreadPool(2)) {
        Future<Integer> bound = both.submit(binding);
        Future<Integer> destroyed = both.submit(destroying);
        if (bound.get() == 200) {
          assertThat(destroyed.get()).isEqualTo(409);
          info(name).then().statusCode(200).body("Status", equalTo("available"));
        } else {
          assertThat(bound.get()).isIn(404, 409);
          assertThat(destroyed.get()).isEqualTo(204);
        }
      }
    }
  }

  // ---- Databases on an instance that goes

  private String ensure(String instance, String application) throws Exception {
    return command(
        instance,
        application,
        DatabaseOperations.ENSURE,
        new DatabaseOperations.Ensure(
            instance,
            application,
            "shop",
            ScramVerifier.of("a password".toCharArray()).value(),
            List.of("shop", "shop_dbos_sys")));
  }

  private String drop(String instance, String application) throws Exception {
    return command(
        instance,
        application,
        DatabaseOperations.DROP,
        new DatabaseOperations.Drop(
            instance, application, "shop", List.of("shop", "shop_dbos_sys")));
  }

  private String command(String instance, String application, String kind, Record input)
      throws Exception {
    String id = Identifiers.next(DatabaseOperations.PREFIX);
    transactions.inNew(
        connection -> {
          engine.obey(
              connection,
              new OperationCommand.Begin(
                  id,
                  kind,
                  DatabaseOperations.subject(instance, application),
                  ORGANIZATION,
                  "deploy-service",
                  List.of("dop_asking"),
                  Json.write(input)));
          return id;
        });
    return id;
  }

  private int openRows(String subject) throws Exception {
    return transactions.inNew(connection -> new Ledger().open(connection, subject).size());
  }

  @Test
  void databasesThatADeletedApplicationLeftGoWithTheInstance() throws Exception {
    String name = provision();
    String application = Identifiers.next("app");
    String instance = bound(application, "shop", name);
    String subject = DatabaseOperations.subject(instance, application);
    OperationView ensured = engine.awaitEnd(ensure(instance, application), PATIENCE);
    int made = openRows(subject);
    release(application, instance);

    destroy(name).then().statusCode(204);

    assertThat(ensured.succeeded()).isTrue();
    assertThat(made).isEqualTo(3);
    assertThat(openRows(subject)).isZero();
  }

  @Test
  void databasesThatADeletedApplicationLeftGoToTheNextOfThatNameOnceItHasLeft() throws Exception {
    String name = provision();
    String first = Identifiers.next("app");
    String second = Identifiers.next("app");
    String instance = bound(first, "shop", name);
    OperationView made = engine.awaitEnd(ensure(instance, first), PATIENCE);
    bound(second, "shop", name);

    OperationView early = engine.awaitEnd(ensure(instance, second), PATIENCE);
    release(first, instance);
    OperationView inherited = engine.awaitEnd(ensure(instance, second), PATIENCE);

    assertThat(made.succeeded()).isTrue();
    assertThat(String.valueOf(early.cause())).contains("role-taken");
    assertThat(inherited.succeeded()).as(inherited.toString()).isTrue();
    assertThat(openRows(DatabaseOperations.subject(instance, first))).isZero();
    assertThat(openRows(DatabaseOperations.subject(instance, second))).isEqualTo(3);
  }

  @Test
  void anOperationThatIsStuckOnDatabasesEndsWithTheInstance() throws Exception {
    String name = provision();
    String application = Identifiers.next("app");
    String instance = bound(application, "shop", name);
    OperationView made = engine.awaitEnd(ensure(instance, application), PATIENCE);
    choice
        .driver()
        .crashAt(
            (act, fence, moment) -> {
              if (fence.subject().startsWith("dbs_")) {
                throw new DriverFailure.Permanent("stubborn", "it does not go away");
              }
            });
    String stuck = drop(instance, application);
    await()
        .atMost(PATIENCE)
        .until(() -> engine.view(stuck).orElseThrow().phase(), Phase.STUCK::equals);
    release(application, instance);

    destroy(name).then().statusCode(204);

    assertThat(made.succeeded()).isTrue();
    assertThat(engine.awaitEnd(stuck, PATIENCE).succeeded()).isTrue();
    assertThat(openRows(DatabaseOperations.subject(instance, application))).isZero();
  }

  @Test
  void databasesAreNotMadeForAnApplicationThatIsNotBound() throws Exception {
    String name = provision();
    String application = Identifiers.next("app");
    String instance = bound(application, "shop", name);
    release(application, instance);

    OperationView end = engine.awaitEnd(ensure(instance, application), PATIENCE);

    assertThat(end.cause()).isNotNull();
    assertThat(String.valueOf(end.cause())).contains("not-bound");
  }
}
