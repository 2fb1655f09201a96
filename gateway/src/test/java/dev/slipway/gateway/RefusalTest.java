package dev.slipway.gateway;

import static org.assertj.core.api.Assertions.assertThat;

import dev.slipway.gateway.RunningGateway.Answer;
import io.vertx.core.json.JsonObject;
import java.util.List;
import java.util.Locale;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class RefusalTest {

  @RegisterExtension
  static final RunningGateway gateway =
      new RunningGateway()
          .with("body-limit", "1K")
          .with("body-discard", "2M")
          .with("body-patience", "2s")
          .with("connection-patience", "500ms");

  @Test
  void anUnknownPathIsSaid() {
    assertShape(gateway.get("/v1alpha2/things"), 404, "not-found");
  }

  @Test
  void aWrongMethodIsSaidWithTheRightOnes() {
    Answer answer = gateway.post("/v1alpha1/user/profile", "{}");

    assertShape(answer, 405, "method-not-allowed");
    assertThat(answer.header("allow")).isEqualTo("GET, HEAD");
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "/v1alpha1/demo%2Fdatabases",
        "/v1alpha1/demo/databases/../../user/profile",
        "/v1alpha1/demo/%2e%2e/databases",
        "/v1alpha1/demo/databases%00",
        "/v1alpha1//databases",
        "/v1alpha1/demo;a=b/databases",
        "/v1alpha1/demo\\\\databases"
      })
  void aPathThatCouldBeReadInTwoWaysIsRefused(String path) throws Exception {
    String answer = gateway.raw(request("GET " + path + " HTTP/1.1", ""));

    assertShape(answer, 400, "malformed-path");
    assertThat(gateway.account().calls).isEmpty();
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "/v1alpha1/me/audit?actor=%zz",
        "/v1alpha1/me/audit?after=%",
        "/v1alpha1/me/operations/iop_1?wait=%zz",
        "/v1alpha1/me/operations?subject=%zz",
        "/activate?user_code=%zz"
      })
  void aQueryThatCannotBeReadIsRefused(String target) throws Exception {
    String answer = gateway.raw(request("GET " + target + " HTTP/1.1", ""));

    assertShape(answer, 400, "malformed-path");
    assertThat(answer).contains("the query of the request has a percent sign");
    assertThat(gateway.account().calls).isEmpty();
  }

  @Test
  void aBodyThatIsTooLargeIsRefusedAfterItWasRead() {
    Answer answer = gateway.post("/v1alpha1/demo/databases/userdb", "x".repeat(1_500_000));

    assertShape(answer, 413, "body-too-large");
    assertThat(answer.json().getString("message")).contains("1024 bytes");
    assertThat(gateway.instance().calls).isEmpty();
  }

  @Test
  void aBodyWithoutAnEndIsNotReadForever() throws Exception {
    String answer =
        gateway.raw(
            request(
                    "POST /v1alpha1/demo/databases/userdb HTTP/1.1",
                    "Content-Length: 999999999\r\n")
                + "x".repeat(2_500_000));

    assertShape(answer, 413, "body-too-large");
  }

  @Test
  void aBodyAnnouncedAsTooLargeIsNotAskedFor() throws Exception {
    String answer =
        gateway.raw(
            request(
                "POST /v1alpha1/demo/databases/userdb HTTP/1.1",
                "Content-Length: 5000\r\nExpect: 100-continue\r\n"));

    assertShape(answer, 413, "body-too-large");
    assertThat(answer).doesNotContain("100 Continue");
  }

  @Test
  void aBodyThatIsAnnouncedIsAskedFor() throws Exception {
    String answer =
        gateway.raw(
            request(
                    "POST /v1alpha1/demo/databases/userdb HTTP/1.1",
                    "Connection: close\r\nContent-Length: 2\r\nExpect: 100-continue\r\n")
                + "{}");

    assertThat(answer).startsWith("HTTP/1.1 100 Continue").contains("HTTP/1.1 200 OK");
  }

  @Test
  void aBodyThatDoesNotComeIsNotWaitedForForever() throws Exception {
    String answer =
        gateway.raw(
            request("POST /v1alpha1/demo/databases/userdb HTTP/1.1", "Content-Length: 20\r\n")
                + "half");

    assertShape(answer, 408, "body-too-slow");
  }

  @ParameterizedTest
  @CsvSource({
    "GET  , 400, malformed-request",
    "\u0001\u0002\u0003 /health HTTP/1.1, 400, malformed-request",
  })
  void whatIsNotHttpIsRefusedInTheSameShape(String line, int status, String code) throws Exception {
    assertShape(gateway.raw(request(line, "")), status, code);
  }

  @Test
  void aPathThatIsTooLongIsRefused() throws Exception {
    for (String path :
        List.of("/" + "a".repeat(9000), "/v1alpha1/demo/databases/userdb/" + "a".repeat(2000))) {
      assertShape(gateway.raw(request("DELETE " + path + " HTTP/1.1", "")), 414, "path-too-long");
    }
  }

  @Test
  void headersThatAreTooLargeAreRefused() throws Exception {
    assertShape(
        gateway.raw(request("GET /health HTTP/1.1", "X-Long: " + "a".repeat(40_000) + "\r\n")),
        431,
        "headers-too-large");
  }

  @Test
  void aLengthThatContradictsItselfIsRefused() throws Exception {
    assertShape(
        gateway.raw(
            request(
                    "POST /v1alpha1/demo/databases/userdb HTTP/1.1",
                    "Content-Length: 2\r\nContent-Length: 3\r\n")
                + "abc"),
        400,
        "malformed-request");
  }

  @Test
  void aRequestThatIsHiddenInABodyIsNotServed() throws Exception {
    String answer =
        gateway.raw(
            request(
                    "POST /v1alpha1/demo/databases/userdb HTTP/1.1",
                    "Content-Length: 4\r\nTransfer-Encoding: chunked\r\nConnection: close\r\n")
                + "0\r\n\r\nGET /v1alpha1/other/databases HTTP/1.1\r\nHost: a\r\n\r\n");

    assertThat(answer).startsWith("HTTP/1.1 ");
    assertThat(gateway.instance().calls)
        .extracting(FakeService.Call::uri)
        .doesNotContain("/v1alpha1/other/databases");
  }

  @Test
  void aConnectionOnWhichNothingIsAskedIsClosed() throws Exception {
    assertThat(gateway.raw("GET /health HTTP/1.1\r\nHost: loc")).isEmpty();
  }

  private static String request(String line, String headers) {
    return line + "\r\nHost: localhost\r\nAuthorization: Bearer abc\r\n" + headers + "\r\n";
  }

  private static void assertShape(Answer answer, int status, String code) {
    assertThat(answer.status()).isEqualTo(status);
    assertShape(answer.json(), status, code);
    assertThat(answer.json().getString("requestID")).isEqualTo(answer.header("x-request-id"));
  }

  private static void assertShape(String answer, int status, String code) {
    assertThat(answer).matches("(?s)HTTP/1\\.[01] " + status + " .*");
    assertThat(answer.toLowerCase(Locale.ROOT)).contains("content-type: application/json");
    int from = answer.indexOf("\r\n\r\n") + 4;
    assertShape(
        new JsonObject(answer.substring(from, answer.indexOf('}', from) + 1)), status, code);
  }

  private static void assertShape(JsonObject json, int status, String code) {
    assertThat(json.fieldNames())
        .containsExactlyInAnyOrder("message", "statusCode", "requestID", "code");
    assertThat(json.getInteger("statusCode")).isEqualTo(status);
    assertThat(json.getString("code")).isEqualTo(code);
    assertThat(json.getString("message")).isNotBlank().doesNotContain("Exception");
    assertThat(json.getString("requestID")).startsWith("req_");
  }
}
