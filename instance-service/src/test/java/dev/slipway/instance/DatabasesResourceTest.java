package dev.slipway.instance;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;
import static org.hamcrest.Matchers.containsString;
import static org.hamcrest.Matchers.equalTo;
import static org.hamcrest.Matchers.hasSize;
import static org.hamcrest.Matchers.not;
import static org.hamcrest.Matchers.startsWith;

import dev.slipway.common.id.Identifiers;
import dev.slipway.common.ledger.Ledger;
import dev.slipway.common.operation.Cause;
import dev.slipway.common.operation.DriverFailure;
import dev.slipway.common.operation.OperationEngine;
import dev.slipway.common.operation.OperationView;
import dev.slipway.common.operation.Outcome;
import dev.slipway.common.operation.Transactions;
import dev.slipway.instance.driver.FakeInstanceDriver;
import dev.slipway.instance.driver.FakeInstanceDriver.Moment;
import dev.slipway.instance.persistence.Departures;
import io.quarkus.test.junit.QuarkusTest;
import io.restassured.response.Response;
import io.restassured.specification.RequestSpecification;
import jakarta.inject.Inject;
import java.io.IOException;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.sql.Connection;
import java.sql.PreparedStatement;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.Statement;
import java.time.Duration;
import java.util.HashMap;
import java.util.HexFormat;
import java.util.List;
import java.util.Map;
import java.util.concurrent.Callable;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/// Database instances on the wire: who comes second, what is refused, and what a failure leaves.
@QuarkusTest
@InstanceServiceTest
class DatabasesResourceTest {

  private static final String PATH = "/v1alpha1/one/databases";
  private static final String ROLE = "demo_db";
  private static final String PASSWORD = "correct-horse-1";
  private static final String NEW_PASSWORD = "correct-horse-2";
  private static final Duration PATIENCE = Duration.ofMinutes(2);

  @Inject Members members;
  @Inject FakeDriverChoice choice;
  @Inject Transactions transactions;
  @Inject Departures departures;
  @Inject OperationEngine engine;

  private final String organization = Identifiers.next("org");

  @AfterEach
  void everythingWorksAgain() {
    choice.driver().crashAt((act, fence, moment) -> {});
    choice.driver().offerOnly(endpoint -> true);
  }

  // ---- Who comes second

  @Test
  void aNameThatIsTakenAtThisMomentIsTaken() throws Exception {
    Future<Response> late;
    try (var threads = Executors.newVirtualThreadPerTaskExecutor()) {
      late =
          transactions.inNew(
              connection -> {
                takeName(connection, "main");
                Future<Response> asking = threads.submit(() -> provision("main"));
                await().atMost(PATIENCE).pollInSameThread().until(() -> isWaitedFor(connection));
                return asking;
              });
    }

    late.resultNow()
        .then()
        .statusCode(409)
        .body("code", equalTo("instance-exists"))
        .body("message", equalTo("database main already exists"));
  }

  private void takeName(Connection connection, String name) throws SQLException {
    try (PreparedStatement insert =
        connection.prepareStatement(
            """
            insert into instance (id, organization, name, kind, administrator, operation, created_by)
            values (?, ?, ?, 'PROVISIONED', 'demo_db', 'iop_of_another', 'demo')""")) {
      insert.setString(1, Identifiers.next("ins"));
      insert.setString(2, organization);
      insert.setString(3, name);
      insert.executeUpdate();
    }
  }

  /// Whether anybody waits for the transaction of a connection to end.
  private static boolean isWaitedFor(Connection connection) throws SQLException {
    try (Statement select = connection.createStatement();
        ResultSet row =
            select.executeQuery(
                "select exists (select from pg_locks where not granted"
                    + " and transactionid = pg_current_xact_id()::xid)")) {
      return row.next() && row.getBoolean(1);
    }
  }

  @Test
  void anOrganizationHasSoManyAndNoMore() throws Exception {
    transactions.inNew(
        connection -> {
          for (int i = 0; i < 100; i++) {
            takeName(connection, "db_" + i);
          }
          return connection;
        });

    provision("one_more")
        .then()
        .statusCode(409)
        .body("code", equalTo("too-many-instances"))
        .body("message", containsString("has 100 databases, as many as it may have"));
    try (ServerSocket silent = silentServer()) {
      beginLink("one_more", silent)
          .then()
          .statusCode(409)
          .body("code", equalTo("too-many-instances"));
    }
    info("one_more").then().statusCode(404);
  }

  @Test
  void ofManyLinksOfOneNameAtOnceOneBegins() throws Exception {
    List<Response> answers;
    try (ServerSocket silent = silentServer()) {
      answers = atOnce(() -> beginLink("theirs", silent));
    }

    assertThat(answers).filteredOn(answer -> answer.statusCode() == 202).hasSize(1);
    answers.stream()
        .filter(answer -> answer.statusCode() != 202)
        .forEach(
            answer ->
                answer
                    .then()
                    .statusCode(409)
                    .body("code", equalTo("instance-exists"))
                    .body("message", equalTo("database theirs already exists")));
  }

  private static List<Response> atOnce(Callable<Response> call) throws Exception {
    try (var threads = Executors.newVirtualThreadPerTaskExecutor()) {
      return threads.invokeAll(Stream.generate(() -> call).limit(20).toList()).stream()
          .map(future -> future.resultNow())
          .toList();
    }
  }

  @Test
  void aPasswordIsNotResetWhileTheInstanceIsCreated() {
    var released = new CountDownLatch(1);
    choice
        .driver()
        .crashAt(
            (act, fence, moment) -> {
              if (act.equals("create")) {
                released.await();
              }
            });
    String operation = provision("main").header("Operation-Id");

    Response reset = reset("main");

    released.countDown();
    busy(reset, operation, "instance.provision");
  }

  @Test
  void aSecondOperationOnABusyInstanceSaysWhatWorksOnItAndSinceWhen() throws Exception {
    available("main");
    var released = new CountDownLatch(1);
    choice
        .driver()
        .crashAt(
            (act, fence, moment) -> {
              if (act.equals("resetPassword")) {
                released.await();
              }
            });
    String operation = beginReset("main");

    Response second = reset("main");

    released.countDown();
    busy(second, operation, "instance.reset-password");
    assertThat(engine.awaitEnd(operation, PATIENCE).succeeded()).isTrue();
  }

  private static void busy(Response answer, String operation, String kind) {
    answer
        .then()
        .statusCode(409)
        .body("code", equalTo("instance-busy"))
        .body("operationId", equalTo(operation))
        .body(
            "message",
            startsWith("database main is busy: %s, asked for by demo at 2".formatted(kind)));
  }

  // ---- Bytes that are no text

  @ParameterizedTest
  @ValueSource(strings = {"007B0000", "0000007B7FFFFFFF", "FEFF", "C3287B7D"})
  void bytesThatAreNoJsonAreRefused(String bytes) {
    user()
        .contentType("application/json")
        .body(HexFormat.of().parseHex(bytes))
        .post(PATH + "/userdb")
        .then()
        .statusCode(400)
        .body("code", equalTo("malformed-body"));
  }

  // ---- Passwords that clients prepare in different ways

  @ParameterizedTest
  @ValueSource(
      strings = {
        "\u2764\ufe0fhearts1",
        "\ufb01\ud83d\ude00secret",
        "cafe\u0301-au-lait",
        "soft\u00adhyphen",
        "a\u200bgap-of-nothing",
        "wide\u3000space"
      })
  void aPasswordThatNobodyCouldSignInWithIsRefused(String password) {
    provision("main", ROLE, password)
        .then()
        .statusCode(400)
        .body("code", equalTo("invalid-request"))
        .body(
            "message", containsString("AdminPassword must not have characters that are invisible"));
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "caf\u00e9-au-lait",
        "\ud83d\ude00\ud83d\ude00smiling",
        "\u5bc6\u7801\u662f\u4ec0\u4e48\u5462\u554a\u5440"
      })
  void aPasswordIsNotBoundToAscii(String password) {
    provision("main", ROLE, password).then().statusCode(202);
  }

  // ---- An organization that its last member leaves

  @Test
  void nothingBeginsInAnOrganizationThatIsBeingLeft() throws Exception {
    assertThat(instancesAsItIsLeft()).isZero();

    closing(provision("main"));
    try (ServerSocket silent = silentServer()) {
      closing(beginLink("theirs", silent));
    }
    user().get(PATH).then().body("", hasSize(0));
    members.of(Identifiers.next("org")).get(PATH).then().statusCode(200);
  }

  private static void closing(Response answer) {
    answer
        .then()
        .statusCode(409)
        .body("code", equalTo("organization-closing"))
        .body("message", startsWith("the last member of organization one is joining another one"));
  }

  @Test
  void anOrganizationThatHasAnInstanceGoesOn() {
    available("main");

    assertThat(instancesAsItIsLeft()).isEqualTo(1);

    available("second");
  }

  @Test
  void aDepartureThatCameToNothingIsForgotten() throws Exception {
    assertThat(instancesAsItIsLeft()).isZero();
    transactions.inNew(
        connection -> {
          try (Statement later = connection.createStatement()) {
            return later.executeUpdate(
                "update departure set until = until - interval '3 minutes' where organization = '%s'"
                    .formatted(organization));
          }
        });

    available("main");
  }

  @Test
  void whoLeavesWaitsForWhatIsJustBeginning() throws Exception {
    Future<Integer> leaving;
    try (var threads = Executors.newVirtualThreadPerTaskExecutor()) {
      leaving =
          transactions.inNew(
              connection -> {
                assertThat(departures.isLeft(connection, organization)).isFalse();
                takeName(connection, "main");
                Future<Integer> asking = threads.submit(this::instancesAsItIsLeft);
                await()
                    .atMost(PATIENCE)
                    .pollInSameThread()
                    .until(() -> somebodyWaitsToCount(connection));
                return asking;
              });
    }

    assertThat(leaving.resultNow()).isEqualTo(1);
  }

  private static boolean somebodyWaitsToCount(Connection connection) throws SQLException {
    try (Statement select = connection.createStatement();
        ResultSet row =
            select.executeQuery(
                "select exists (select from pg_locks where not granted and locktype = 'advisory')")) {
      return row.next() && row.getBoolean(1);
    }
  }

  private int instancesAsItIsLeft() {
    return members
        .internally()
        .post("/internal/organizations/" + organization + "/departure")
        .then()
        .statusCode(200)
        .extract()
        .path("instances");
  }

  // ---- A reset that is cancelled

  @Test
  void aCancelBeforeThePasswordIsSetLeavesTheOldOne() throws Exception {
    String instance = available("main");
    var starting = new CountDownLatch(1);
    var released = new CountDownLatch(1);
    choice
        .driver()
        .crashAt(
            (act, fence, moment) -> {
              if (act.equals("start")) {
                starting.countDown();
                released.await();
              }
            });
    String operation = beginReset("main");
    starting.await();

    Response cancel = cancel(operation);

    released.countDown();
    cancel.then().statusCode(200);
    assertThat(engine.awaitEnd(operation, PATIENCE).outcome()).isEqualTo(Outcome.CANCELLED);
    assertThat(reality().signsIn(instance, ROLE, PASSWORD)).isTrue();
  }

  @Test
  void aCancelOnceThePasswordIsBeingSetComesTooLate() throws Exception {
    String instance = available("main");
    var set = new CountDownLatch(1);
    var released = new CountDownLatch(1);
    choice
        .driver()
        .crashAt(
            (act, fence, moment) -> {
              if (act.equals("resetPassword") && moment == Moment.AFTER) {
                set.countDown();
                released.await();
              }
            });
    String operation = beginReset("main");
    set.await();

    Response cancel = cancel(operation);

    released.countDown();
    OperationView end = engine.awaitEnd(operation, PATIENCE);
    assertThat(end.outcome()).isEqualTo(Outcome.SUCCEEDED);
    assertThat(reality().signsIn(instance, ROLE, NEW_PASSWORD)).isTrue();
    cancel.then().statusCode(409).body("code", equalTo("operation-not-cancellable"));
  }

  @Test
  void aRoleThatIsNotThereAnyMoreIsToldBeforeThePointOfNoReturn() {
    String instance = available("main");
    reality().drop(instance, ROLE);

    Response first = reset("main");
    Response second = reset("main");

    first.then().statusCode(422).body("code", equalTo("role-missing"));
    second.then().statusCode(422).body("code", equalTo("role-missing"));
  }

  @Test
  void aServerThatDiesBeforeThePasswordIsSetIsStartedAgain() throws Exception {
    String instance = available("main");
    choice
        .driver()
        .crashAt(
            (act, fence, moment) -> {
              if (act.equals("requireRole") && moment == Moment.AFTER) {
                reality().kill(instance);
              }
            });

    Response reset = reset("main");

    reset.then().statusCode(204);
    assertThat(reality().signsIn(instance, ROLE, NEW_PASSWORD)).isTrue();
  }

  // ---- What a failure leaves

  @Test
  void aProvisionThatFindsNoPortLeavesNothing() throws Exception {
    choice.driver().offerOnly(endpoint -> false);

    OperationView end = engine.awaitEnd(provision("main").header("Operation-Id"), PATIENCE);

    assertThat(end.outcome()).isEqualTo(Outcome.UNDONE);
    assertThat(end.cause())
        .isEqualTo(new Cause("ports-used-up", "Every port that instances may have is in use"));
    nothingIsLeftOf(end.subject());
  }

  @ParameterizedTest
  @CsvSource({
    "create, AFTER, disk-full, no space is left",
    "start, BEFORE, server-failed, PostgreSQL does not start"
  })
  void aFailedProvisionLeavesARecordThatTheNextOneReplaces(
      String act, Moment moment, String code, String message) throws Exception {
    OperationView end = failedProvision(act, moment, code, message);

    assertThat(end.outcome()).isEqualTo(Outcome.UNDONE);
    assertThat(end.cause()).isEqualTo(new Cause(code, message));
    nothingIsLeftOf(end.subject());
    user()
        .get(PATH)
        .then()
        .body("Status", equalTo(List.of("failed")))
        .body("Reason", equalTo(List.of(message)))
        .body("OperationID", equalTo(List.of(end.id())));
    info("main")
        .then()
        .statusCode(409)
        .body("code", equalTo("instance-failed"))
        .body("message", equalTo("database main could not be provisioned: " + message))
        .body("DetailedError", containsString("cause " + code))
        .body("operationId", equalTo(end.id()));
    reset("main")
        .then()
        .statusCode(409)
        .body("code", equalTo("instance-failed"))
        .body("operationId", equalTo(end.id()));

    everythingWorksAgain();
    String next = available("main");

    assertThat(next).isNotEqualTo(end.subject());
    user().get(PATH).then().body("ID", equalTo(List.of(next)));
  }

  @ParameterizedTest
  @CsvSource({
    "create, AFTER, disk-full, no space is left",
    "start, BEFORE, server-failed, PostgreSQL does not start"
  })
  void theRecordOfAFailedProvisionCanBeRemoved(
      String act, Moment moment, String code, String message) throws Exception {
    failedProvision(act, moment, code, message);

    user().delete(PATH + "/userdb/main").then().statusCode(204);

    info("main").then().statusCode(404).body("code", equalTo("instance-not-found"));
    user().get(PATH).then().body("$", hasSize(0));
  }

  private OperationView failedProvision(String act, Moment at, String code, String message)
      throws Exception {
    choice
        .driver()
        .crashAt(
            (acting, fence, moment) -> {
              if (acting.equals(act) && moment == at) {
                throw new DriverFailure.Permanent(code, message);
              }
            });
    return engine.awaitEnd(provision("main").header("Operation-Id"), PATIENCE);
  }

  private void nothingIsLeftOf(String instance) throws Exception {
    int open = transactions.inNew(connection -> new Ledger().open(connection, instance).size());
    assertThat(open).isZero();
    assertThat(reality().instances()).doesNotContain(instance);
  }

  // ---- What is not for this kind of instance

  @Test
  void aLinkedInstanceIsNotDestroyedAndItsPasswordNotReset() throws Exception {
    Response destroy;
    Response reset;
    try (ServerSocket silent = silentServer()) {
      beginLink("theirs", silent).then().statusCode(202);
      destroy = user().delete(PATH + "/userdb/theirs");
      reset = reset("theirs");
    }

    destroy
        .then()
        .statusCode(409)
        .body("code", equalTo("instance-linked"))
        .body(
            "message",
            equalTo("database theirs is linked and not Slipway's to destroy, unlink it instead"));
    reset
        .then()
        .statusCode(409)
        .body("code", equalTo("instance-linked"))
        .body(
            "message", equalTo("database theirs is linked, change its password on its own server"));
  }

  @Test
  void aProvisionedInstanceIsNotUnlinked() {
    available("main");

    user()
        .delete(PATH + "/byod/main")
        .then()
        .statusCode(409)
        .body("code", equalTo("instance-not-linked"))
        .body("message", equalTo("database main was provisioned here, destroy it instead"));
    info("main").then().statusCode(200).body("Status", equalTo("available"));
  }

  // ---- Projects of Supabase

  @Test
  void aProjectOfSupabaseIsSignedInToAsItsOwnRoleUnlessAnotherIsNamed() throws Exception {
    String longest = "r".repeat(54);
    Response own;
    Response named;
    try (ServerSocket silent = silentServer()) {
      beginLink("project", silent, Map.of("supabaseReference", longest)).then().statusCode(202);
      beginLink("named", silent, Map.of("supabaseReference", "ref-1", "dbosAdminName", "anna"))
          .then()
          .statusCode(202);
      own = info("project");
      named = info("named");
    }

    own.then()
        .statusCode(200)
        .body("DatabaseUsername", equalTo("postgres." + longest))
        .body("SupabaseReference", equalTo(longest));
    named.then().statusCode(200).body("DatabaseUsername", equalTo("anna"));
  }

  @Test
  void aReferenceThatMakesNoRoleIsRefused() throws Exception {
    try (ServerSocket silent = silentServer()) {
      for (String reference : List.of("r".repeat(55), "", "a.b", "a\u0000b")) {
        Response link = beginLink("project", silent, Map.of("supabaseReference", reference));

        refused(link, "supabaseReference", "at most 54 characters");
      }
    }
  }

  // ---- What is no name and no password

  @ParameterizedTest
  @ValueSource(strings = {"dbosadmin", "dbos", "admin"})
  void reservedNamesAreRefused(String name) {
    Response instance = provision(name, ROLE, PASSWORD);
    Response role = provision("main", name, PASSWORD);
    Response linked =
        user()
            .body(Map.of("Name", name, "HostName", "db.example", "Port", 1, "Password", PASSWORD))
            .post(PATH + "/byod");

    refused(instance, "Name", "not be reserved");
    refused(role, "AdminName", "not be reserved");
    refused(linked, "Name", "not be reserved");
  }

  @ParameterizedTest
  @ValueSource(strings = {"correct\"horse", "correct'horse", "correct\\horse"})
  void passwordsThatBreakConnectionUrlsAreRefused(String password) {
    Response provision = provision("main", ROLE, password);
    Response reset =
        user().body(Map.of("Password", password)).post(PATH + "/userdb/main/credentials");
    Response link =
        user()
            .body(Map.of("Name", "main", "HostName", "db.example", "Port", 1, "Password", password))
            .post(PATH + "/byod");

    refused(provision, "AdminPassword", "without / \" @ ' \\");
    refused(reset, "Password", "without / \" @ ' \\");
    refused(link, "Password", "without / \" @ ' \\");
  }

  private static void refused(Response answer, String field, String allowed) {
    answer
        .then()
        .statusCode(400)
        .body("code", equalTo("invalid-request"))
        .body("fields." + field, containsString(allowed))
        .body("message", not(containsString("horse")));
  }

  // ---- What is asked for

  private Response provision(String name) {
    return provision(name, ROLE, PASSWORD);
  }

  private Response provision(String name, String role, String password) {
    return user()
        .body(Map.of("Name", name, "AdminName", role, "AdminPassword", password))
        .post(PATH + "/userdb");
  }

  /// Provisions an instance and tells its identifier.
  private String available(String name) {
    provision(name).then().statusCode(202);
    await().atMost(PATIENCE).until(() -> info(name).path("Status").toString(), "available"::equals);
    return info(name).path("ID");
  }

  private Response info(String name) {
    return user().get(PATH + "/userdb/info/" + name);
  }

  private Response reset(String name) {
    return user()
        .body(Map.of("Password", NEW_PASSWORD))
        .post(PATH + "/userdb/" + name + "/credentials");
  }

  private String beginReset(String name) {
    return user()
        .header("Prefer", "respond-async")
        .body(Map.of("Password", NEW_PASSWORD))
        .post(PATH + "/userdb/" + name + "/credentials")
        .then()
        .statusCode(202)
        .extract()
        .header("Operation-Id");
  }

  private Response cancel(String operation) {
    return user().post("/v1alpha1/one/operations/" + operation + "/cancel");
  }

  /// Takes connections and says nothing, so that a link goes on for as long as it is there.
  private static ServerSocket silentServer() throws IOException {
    return new ServerSocket(0, 50, InetAddress.getLoopbackAddress());
  }

  private Response beginLink(String name, ServerSocket server) {
    return beginLink(name, server, Map.of());
  }

  private Response beginLink(String name, ServerSocket server, Map<String, String> more) {
    Map<String, Object> body = new HashMap<>(more);
    body.put("Name", name);
    body.put("HostName", "127.0.0.1");
    body.put("Port", server.getLocalPort());
    body.put("Password", PASSWORD);
    return user().header("Prefer", "respond-async").body(body).post(PATH + "/byod");
  }

  private FakeInstanceDriver.Reality reality() {
    return choice.driver().reality();
  }

  private RequestSpecification user() {
    return members.of(organization);
  }
}
