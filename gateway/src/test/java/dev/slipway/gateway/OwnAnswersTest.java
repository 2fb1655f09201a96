package dev.slipway.gateway;

import static org.assertj.core.api.Assertions.assertThat;

import dev.slipway.common.operation.OperationCursor;
import dev.slipway.gateway.RunningGateway.Answer;
import io.vertx.core.json.JsonArray;
import io.vertx.core.json.JsonObject;
import java.time.Instant;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;

class OwnAnswersTest {

  private static final String OPERATIONS = "/v1alpha1/demo/operations";

  @RegisterExtension
  final RunningGateway gateway =
      new RunningGateway().with("sign-in-burst", "3").with("sign-in-every", "1h");

  @BeforeEach
  void deployServiceHasDoneNothing() {
    gateway.deploy().answersJson(200, "[]");
  }

  @Test
  void theOperationsOfAllServicesAreOneListWithTheNewestFirst() {
    accountLists(operation("aop_1", "2026-03-01T10:00:00.5Z"));
    gateway.deploy().answersJson(200, "[" + operation("dop_1", "2026-03-01T10:00:02Z") + "]");
    gateway
        .instance()
        .answersJson(
            200,
            "["
                + operation("iop_1", "2026-03-01T10:00:00Z")
                + ","
                + operation("iop_2", "2026-03-01T10:00:01Z")
                + "]");

    Answer answer = gateway.get(OPERATIONS + "?active=true");

    assertThat(answer.status()).isEqualTo(200);
    assertThat(answer.headers()).doesNotContainKey("warning");
    assertThat(new JsonArray(answer.body()).stream().map(one -> ((JsonObject) one).getString("id")))
        .containsExactly("dop_1", "iop_2", "aop_1", "iop_1");
    FakeService.Call asked = gateway.instance().calls.getFirst();
    assertThat(asked.uri()).isEqualTo(OPERATIONS + "?active=true");
    assertThat(asked.header("Authorization")).isEqualTo("Bearer internal-for-of.the.caller");
    assertThat(asked.header("X-Request-Id")).isEqualTo(answer.header("x-request-id"));
  }

  @Test
  void aServiceThatIsDownTakesOnlyItsOwnOperationsAway() {
    accountLists(operation("aop_1", "2026-03-01T10:00:00Z"));
    gateway.instance().stop();

    Answer answer = gateway.get(OPERATIONS);

    assertThat(answer.status()).isEqualTo(200);
    assertThat(new JsonArray(answer.body())).hasSize(1);
    assertThat(answer.header("warning")).startsWith("199 slipway \"instance-service");
  }

  @Test
  void aPageIsTheFirstOfAllAndItsCursorTheLastOfIt() {
    String account = "aop_01m87zzk4yevzsegqzebce3ahw";
    String instance = "iop_01m87zzk4yevzsegqzebce3ahw";
    accountLists(operation(account, "2026-03-01T10:00:02.000001Z"));
    gateway
        .instance()
        .answersJson(
            200,
            "[%s,%s]"
                .formatted(
                    operation(instance, "2026-03-01T10:00:02Z"),
                    operation("iop_2", "2026-03-01T10:00:01Z")));
    gateway.deploy().answersJson(200, "[]");

    Answer answer = gateway.get(OPERATIONS + "?limit=%32&active=true");

    assertThat(new JsonArray(answer.body()).stream().map(it -> ((JsonObject) it).getString("id")))
        .containsExactly(account, instance);
    assertThat(OperationCursor.decode(answer.header("next-cursor")))
        .contains(new OperationCursor(Instant.parse("2026-03-01T10:00:02Z"), instance));
    assertThat(gateway.instance().forwarded())
        .extracting(FakeService.Call::uri)
        .containsOnly(OPERATIONS + "?limit=%32&active=true");
  }

  @Test
  void aListThatEndsHasNoCursor() {
    gateway.instance().answersJson(200, "[" + operation("iop_1", "2026-03-01T10:00:00Z") + "]");
    gateway.deploy().answersJson(200, "[]");
    accountLists(operation("aop_1", "2026-03-01T10:00:00Z"));

    assertThat(gateway.get(OPERATIONS + "?limit=2").headers()).doesNotContainKey("next-cursor");
  }

  @Test
  void aServiceThatRefusedNothingDoesNotMakeABadLimitADefect() {
    gateway.instance().answersJson(200, "[]");
    gateway.deploy().answersJson(200, "[]");
    accountLists(operation("aop_1", "2026-03-01T10:00:00Z"));

    assertThat(gateway.get(OPERATIONS + "?limit=0").status()).isEqualTo(400);
  }

  @Test
  void aServiceThatHasNoOperationsAddsNone() {
    gateway.instance().answersJson(200, "[" + operation("iop_1", "2026-03-01T10:00:00Z") + "]");
    gateway
        .account()
        .answers(
            (request, call) -> {
              if (call.uri().startsWith("/internal/")) {
                gateway.account().echo(request, call);
              } else {
                FakeService.json(request, 404, "{}");
              }
            });

    Answer answer = gateway.get(OPERATIONS);

    assertThat(new JsonArray(answer.body())).hasSize(1);
    assertThat(answer.headers()).doesNotContainKey("warning");
  }

  @Test
  void whatAServiceRefusesIsRefused() {
    accountLists(operation("aop_1", "2026-03-01T10:00:00Z"));
    gateway
        .instance()
        .answersJson(400, "{\"message\":\"active is true or false\",\"code\":\"invalid-request\"}");

    Answer answer = gateway.get(OPERATIONS + "?active=maybe");

    assertThat(answer.status()).isEqualTo(400);
    assertThat(answer.json().getString("message")).isEqualTo("active is true or false");
    assertThat(answer.json().getInteger("statusCode")).isEqualTo(400);
  }

  @Test
  void healthTellsOfTheServicesToo() {
    assertThat(gateway.get("/health").json())
        .isEqualTo(
            new JsonObject()
                .put("status", "up")
                .put("gateway", "up")
                .put(
                    "services",
                    new JsonObject()
                        .put("account-service", "up")
                        .put("instance-service", "up")
                        .put("deploy-service", "up")));
  }

  @Test
  void healthIsAnsweredWhenAServiceIsDown() {
    gateway.instance().stop();

    Answer answer = gateway.get("/health");

    assertThat(answer.status()).isEqualTo(200);
    assertThat(answer.json().getString("status")).isEqualTo("degraded");
    assertThat(answer.json().getJsonObject("services").getString("instance-service"))
        .isEqualTo("down");
    assertThat(answer.json().getJsonObject("services").getString("account-service"))
        .isEqualTo("up");
  }

  @Test
  void guessingPasswordsIsSlowedDown() {
    for (int i = 0; i < 3; i++) {
      assertThat(signIn("grant_type=password&password=" + i).status()).isEqualTo(200);
    }

    Answer answer = signIn("grant_type=password&password=4");

    assertThat(answer.status()).isEqualTo(429);
    assertThat(answer.header("retry-after")).isEqualTo("3600");
    assertThat(answer.json().getString("code")).isEqualTo("too-many-requests");
    assertThat(gateway.post("/v1alpha1/sign-up", "{}").status()).isEqualTo(429);
    assertThat(gateway.post("/activate", "user_code=1").status()).isEqualTo(429);
    assertThat(gateway.account().calls).hasSize(3);
  }

  @Test
  void aDeviceMayAskAsOftenAsItLikes() {
    for (int i = 0; i < 20; i++) {
      assertThat(
              signIn(
                      "grant_type=urn%3Aietf%3Aparams%3Aoauth%3Agrant-type%3Adevice_code&device_code=a")
                  .status())
          .isEqualTo(200);
      assertThat(signIn("grant_type=refresh_token&refresh_token=a").status()).isEqualTo(200);
    }
  }

  @Test
  void guessingIsNotHiddenBehindASecondGrant() {
    for (int i = 0; i < 3; i++) {
      signIn("grant_type=refresh_token&grant_type=password");
    }

    assertThat(signIn("grant_type=refresh_token&grant_type=password").status()).isEqualTo(429);
  }

  private Answer signIn(String form) {
    var request = gateway.request("POST", "/oauth/token", form);
    request.header("Content-Type", "application/x-www-form-urlencoded");
    return gateway.send(request);
  }

  private void accountLists(String operation) {
    gateway
        .account()
        .answers(
            (request, call) -> {
              if (call.uri().startsWith("/internal/")) {
                gateway.account().echo(request, call);
              } else {
                FakeService.json(request, 200, "[" + operation + "]");
              }
            });
  }

  private static String operation(String identifier, String createdAt) {
    return new JsonObject().put("id", identifier).put("createdAt", createdAt).encode();
  }
}
