package dev.slipway.gateway;

import static org.assertj.core.api.Assertions.assertThat;

import dev.slipway.gateway.RunningGateway.Answer;
import io.vertx.core.json.JsonObject;
import java.net.http.HttpClient;
import java.net.http.HttpResponse;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.atomic.AtomicInteger;
import org.awaitility.Awaitility;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.ValueSource;

class PassageTest {

  @RegisterExtension static final RunningGateway gateway = new RunningGateway();

  @Test
  void theServiceGetsTheInternalTokenInPlaceOfTheCallers() {
    Answer answer = gateway.get("/v1alpha1/demo/databases");

    assertThat(answer.status()).isEqualTo(200);
    assertThat(answer.json().getString("from")).isEqualTo("instance-service");
    FakeService.Call call = gateway.instance().calls.getFirst();
    assertThat(call.headers().getAll("Authorization"))
        .containsExactly("Bearer internal-for-of.the.caller");
  }

  @Test
  void whatAnybodyMaySendIsSmall() {
    Answer answer = gateway.post("/oauth/token", "{\"a\":\"%s\"}".formatted("x".repeat(70_000)));

    assertThat(answer.status()).isEqualTo(413);
    assertThat(gateway.account().calls).isEmpty();
  }

  /// It believes the address in `X-Forwarded-For`, which attempts are counted by.
  @Test
  void accountServiceIsShownThatTheGatewayAsksForAnybody() {
    gateway.post("/oauth/token", "{}");

    FakeService.Call call = gateway.account().calls.getFirst();
    assertThat(call.headers().getAll("X-Slipway-Internal")).containsExactly(RunningGateway.SECRET);
    assertThat(call.header("X-Forwarded-For")).isIn("127.0.0.1", "0:0:0:0:0:0:0:1");
  }

  @Test
  void accountServiceIsAskedWhoMayWithEveryRequest() {
    gateway.get("/v1alpha1/demo/databases?wait=3");
    gateway.get("/v1alpha1/demo/databases");

    assertThat(gateway.account().calls).hasSize(2);
    FakeService.Call question = gateway.account().calls.getFirst();
    assertThat(question.uri()).isEqualTo("/internal/authorize");
    assertThat(question.header("X-Slipway-Internal")).isEqualTo(RunningGateway.SECRET);
    JsonObject asked = new JsonObject(question.body());
    assertThat(asked.getString("entry")).matches("aud_[0-9a-z]{26}");
    assertThat(asked.getString("address")).isIn("127.0.0.1", "0:0:0:0:0:0:0:1");
    assertThat(asked.getString("request")).isNotBlank();
    assertThat(asked.getString("agent")).isNotBlank();
    asked.remove("entry");
    asked.remove("address");
    asked.remove("request");
    asked.remove("agent");
    assertThat(asked)
        .isEqualTo(
            new JsonObject()
                .put("token", "of.the.caller")
                .put("organization", "demo")
                .put("method", "GET")
                .put("path", "/v1alpha1/demo/databases"));
  }

  @Test
  void whatAccountServiceHasWrittenDownItHearsTheOutcomeOf() {
    AtomicInteger tries = new AtomicInteger();
    gateway
        .account()
        .answers(
            (request, call) -> {
              if (call.uri().equals("/internal/authorize")) {
                FakeService.json(request, 200, "{\"token\":\"t\",\"recorded\":true}");
              } else {
                FakeService.json(request, tries.incrementAndGet() == 1 ? 503 : 204, "{}");
              }
            });
    gateway
        .instance()
        .answers(
            (request, call) -> {
              request.response().putHeader("Operation-Id", "iop_1");
              FakeService.json(request, 202, "{}");
            });

    gateway.post("/v1alpha1/demo/databases/userdb", "{}");

    Awaitility.await()
        .atMost(Duration.ofSeconds(5))
        .until(() -> outcomes(gateway.account()).size() == 2);
    JsonObject told = outcomes(gateway.account()).getLast();
    JsonObject question = new JsonObject(gateway.account().calls.getFirst().body());
    assertThat(told.getString("id")).isEqualTo(question.getString("entry"));
    assertThat(told.getInteger("status")).isEqualTo(202);
    assertThat(told.getString("operation")).isEqualTo("iop_1");
    assertThat(told.getLong("tookMillis")).isNotNegative();
    assertThat(outcomes(gateway.account()).getFirst()).as("told again").isEqualTo(told);
  }

  @Test
  void ofACallWhoseCallerLeftTheOutcomeIsUnknown() {
    gateway
        .account()
        .answers(
            (request, call) ->
                FakeService.json(request, 200, "{\"token\":\"t\",\"recorded\":true}"));
    gateway.instance().answers((request, call) -> {});
    try (HttpClient client = gateway.client(HttpClient.Version.HTTP_1_1)) {
      var call =
          client.sendAsync(
              gateway.request("POST", "/v1alpha1/demo/databases/userdb", "{}").build(),
              HttpResponse.BodyHandlers.discarding());
      Awaitility.await().until(() -> !gateway.instance().calls.isEmpty());
      call.cancel(true);
      client.shutdownNow();
    }

    gateway.instance().answers(gateway.instance()::echo);
    gateway.post("/v1alpha1/demo/databases/userdb", "{}");

    Awaitility.await().until(() -> !outcomes(gateway.account()).isEmpty());
    String left = new JsonObject(gateway.account().calls.getFirst().body()).getString("entry");
    assertThat(gateway.account().calls)
        .filteredOn(call -> call.uri().equals("/internal/audit/outcomes"))
        .noneMatch(call -> call.body().contains(left));
  }

  private static List<JsonObject> outcomes(FakeService account) {
    return account.calls.stream()
        .filter(call -> call.uri().equals("/internal/audit/outcomes"))
        .map(call -> new JsonObject(call.body()).getJsonArray("outcomes").getJsonObject(0))
        .toList();
  }

  @Test
  void theProfileIsOfNoOrganization() {
    gateway.get("/v1alpha1/user/profile");

    assertThat(new JsonObject(gateway.account().calls.getFirst().body()).getValue("organization"))
        .isNull();
    assertThat(gateway.account().forwarded()).hasSize(1);
  }

  @Test
  void whatAccountServiceRefusesIsAnsweredInItsWords() {
    gateway
        .account()
        .answers(
            (request, call) -> {
              request.response().putHeader("WWW-Authenticate", "Bearer");
              FakeService.json(
                  request,
                  401,
                  """
                  {"message":"the token is expired","statusCode":401,"requestID":"theirs",\
                  "code":"unauthorized","fields":{"a":"b"}}""");
            });

    Answer answer = gateway.get("/v1alpha1/demo/databases");

    assertThat(answer.status()).isEqualTo(401);
    assertThat(answer.header("www-authenticate")).isEqualTo("Bearer");
    assertThat(answer.json())
        .isEqualTo(
            new JsonObject()
                .put("message", "the token is expired")
                .put("statusCode", 401)
                .put("requestID", answer.header("x-request-id"))
                .put("code", "unauthorized")
                .put("fields", new JsonObject().put("a", "b")));
    assertThat(gateway.instance().calls).isEmpty();
  }

  @Test
  void withoutATokenNobodyIsAsked() {
    var request = gateway.request("GET", "/v1alpha1/demo/databases", "");
    request.setHeader("Authorization", "Basic ZGVtbzpkZW1v");

    Answer answer = gateway.send(request);

    assertThat(answer.status()).isEqualTo(401);
    assertThat(answer.json().getString("code")).isEqualTo("unauthorized");
    assertThat(gateway.account().calls).isEmpty();
  }

  @ParameterizedTest
  @ValueSource(
      strings = {"/oauth/device/code", "/oauth/token", "/oauth/revoke", "/v1alpha1/sign-up"})
  void anybodyMaySignIn(String path) {
    Answer answer = gateway.post(path, "grant_type=password");

    assertThat(answer.status()).isEqualTo(200);
    assertThat(gateway.account().calls).hasSize(1);
    FakeService.Call call = gateway.account().calls.getFirst();
    assertThat(call.uri()).isEqualTo(path);
    assertThat(call.body()).isEqualTo("grant_type=password");
    assertThat(call.headers().contains("Authorization")).isFalse();
  }

  @Test
  void signInAnswersUnderTheNameOfTheOfficialIdentityProvider() throws Exception {
    String answer =
        gateway.raw(
            """
            GET /.well-known/jwks.json HTTP/1.1\r
            Host: dbos-inc.us.auth0.com\r
            Connection: close\r
            \r
            """);

    assertThat(answer).startsWith("HTTP/1.1 200").contains("account-service");
  }

  @Test
  void internalAndHopByHopHeadersStayOutside() throws Exception {
    gateway.raw(
        """
        GET /v1alpha1/demo/databases?a=b%20c HTTP/1.1\r
        Host: localhost\r
        Authorization: Bearer abc\r
        X-Slipway-Internal: guessed\r
        x-slipway-user: root\r
        X-Forwarded-For: 1.2.3.4\r
        Forwarded: for=1.2.3.4\r
        X-Mine: 1\r
        X-Yours: 2\r
        TE: trailers\r
        Proxy-Authorization: Basic abc\r
        Connection: close\r
        Connection: Other, X-Mine\r
        \r
        """);

    FakeService.Call call = gateway.instance().calls.getFirst();
    assertThat(call.uri()).isEqualTo("/v1alpha1/demo/databases?a=b%20c");
    assertThat(call.headers().names().stream().map(String::toLowerCase).toList())
        .contains("x-yours")
        .doesNotContain(
            "x-slipway-internal",
            "x-slipway-user",
            "forwarded",
            "x-mine",
            "te",
            "proxy-authorization",
            "connection");
    assertThat(call.headers().getAll("X-Forwarded-For")).containsExactly("127.0.0.1");
    assertThat(call.header("X-Forwarded-Proto")).isEqualTo("https");
  }

  @Test
  void internalHeadersOfAServiceStayInside() {
    gateway
        .instance()
        .answers(
            (request, call) -> {
              request
                  .response()
                  .headers()
                  .add("X-Slipway-Node", "1")
                  .add("Keep-Alive", "timeout=5")
                  .add("Operation-Id", "iop_1")
                  .add("Set-Cookie", "a=1")
                  .add("Set-Cookie", "b=2");
              request.response().setStatusCode(202).end("{}");
            });

    Answer answer = gateway.post("/v1alpha1/demo/databases/userdb", "{}");

    assertThat(answer.status()).isEqualTo(202);
    assertThat(answer.headers())
        .containsEntry("operation-id", "iop_1")
        .containsEntry("set-cookie", "a=1;b=2")
        .doesNotContainKeys("x-slipway-node", "keep-alive");
  }

  @Test
  void everyAnswerForbidsGuessingItsTypeAndKeepingIt() {
    Answer answer = gateway.get("/v1alpha1/demo/databases");

    assertThat(answer.headers())
        .containsEntry("x-content-type-options", "nosniff")
        .containsEntry("cache-control", "no-store");
  }

  @Test
  void whatAServiceSaysOfCachingIsKept() {
    gateway
        .account()
        .answers(
            (request, call) ->
                request.response().putHeader("Cache-Control", "max-age=300").end("{}"));

    assertThat(gateway.get("/.well-known/jwks.json").header("cache-control"))
        .isEqualTo("max-age=300");
  }

  @Test
  void theCallersRequestIdentifierIsCarriedThrough() {
    var request = gateway.request("GET", "/v1alpha1/demo/databases", "");
    request.header("X-Request-Id", "mine_1-2");

    Answer answer = gateway.send(request);

    assertThat(answer.header("x-request-id")).isEqualTo("mine_1-2");
    assertThat(gateway.account().calls.getFirst().header("X-Request-Id")).isEqualTo("mine_1-2");
    assertThat(gateway.instance().calls.getFirst().header("X-Request-Id")).isEqualTo("mine_1-2");
  }

  @ParameterizedTest
  @ValueSource(strings = {"", "with a space", "<script>", "a,b"})
  void aStrangeRequestIdentifierIsReplaced(String brought) {
    var request = gateway.request("GET", "/v1alpha1/demo/databases", "");
    request.header("X-Request-Id", brought);

    Answer answer = gateway.send(request);

    assertThat(answer.header("x-request-id")).matches("req_[a-z0-9]{20}");
    assertThat(gateway.instance().calls.getFirst().headers().getAll("X-Request-Id"))
        .containsExactly(answer.header("x-request-id"));
  }

  @ParameterizedTest
  @EnumSource(HttpClient.Version.class)
  void bothVersionsOfHttpAreSpoken(HttpClient.Version version) throws Exception {
    try (HttpClient client = gateway.client(version)) {
      HttpResponse<String> answer =
          client.send(
              gateway.request("POST", "/v1alpha1/demo/databases/userdb", "{\"a\":1}").build(),
              HttpResponse.BodyHandlers.ofString());

      assertThat(answer.version()).isEqualTo(version);
      assertThat(answer.statusCode()).isEqualTo(200);
      assertThat(gateway.instance().calls.getFirst().body()).isEqualTo("{\"a\":1}");
    }
  }

  @Test
  void aHeadRequestIsAnsweredWithoutABody() {
    Answer answer = gateway.send(gateway.request("HEAD", "/v1alpha1/demo/databases", ""));

    assertThat(answer.status()).isEqualTo(200);
    assertThat(answer.body()).isEmpty();
    assertThat(gateway.instance().calls.getFirst().method()).isEqualTo("HEAD");
  }

  @Test
  void anAnswerWithoutContentHasNone() {
    gateway.instance().answers((request, call) -> request.response().setStatusCode(204).end());

    Answer answer =
        gateway.send(gateway.request("DELETE", "/v1alpha1/demo/databases/userdb/main", ""));

    assertThat(answer.status()).isEqualTo(204);
    assertThat(answer.body()).isEmpty();
  }

  @Test
  void aBodyGoesWithADeleteToo() {
    gateway.send(
        gateway.request("DELETE", "/v1alpha1/demo/databases/userdb/main", "{\"force\":true}"));

    assertThat(gateway.instance().calls.getFirst().body()).isEqualTo("{\"force\":true}");
  }

  @Test
  void everyCallHasAnIdempotencyKey() {
    gateway.post("/v1alpha1/demo/databases/userdb", "{}");
    gateway.get("/v1alpha1/demo/databases");
    gateway.send(
        gateway
            .request("POST", "/v1alpha1/demo/databases/userdb", "{}")
            .header("Idempotency-Key", "mine"));

    assertThat(gateway.instance().calls)
        .extracting(call -> call.header("Idempotency-Key"))
        .satisfiesExactly(
            ours -> assertThat(ours).matches("gw-[0-9a-f-]{36}"),
            ours -> assertThat(ours).matches("gw-[0-9a-f-]{36}"),
            theirs -> assertThat(theirs).isEqualTo("mine"));
  }

  @Test
  void operationsAreFoundByTheirPrefix() {
    assertThat(gateway.get("/v1alpha1/demo/operations/iop_1").json().getString("from"))
        .isEqualTo("instance-service");
    assertThat(gateway.post("/v1alpha1/demo/operations/aop_1/cancel", "").json().getString("from"))
        .isEqualTo("account-service");
    assertThat(gateway.get("/v1alpha1/demo/operations/xop_1").status()).isEqualTo(404);
  }

  @Test
  void aLargeAnswerComesWhole() {
    String large = "x".repeat(3_000_000);
    gateway.instance().answers((request, call) -> request.response().end(large));

    assertThat(gateway.get("/v1alpha1/demo/databases").body()).isEqualTo(large);
  }
}
