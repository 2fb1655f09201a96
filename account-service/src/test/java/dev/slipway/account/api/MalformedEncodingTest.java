package dev.slipway.account.api;

import static org.assertj.core.api.Assertions.assertThat;

import dev.slipway.account.AccountServiceTest;
import dev.slipway.common.crypto.InstallationKeys;
import dev.slipway.common.security.InternalToken;
import io.quarkus.test.junit.QuarkusTest;
import io.restassured.RestAssured;
import jakarta.inject.Inject;
import java.io.IOException;
import java.net.InetAddress;
import java.net.Socket;
import java.nio.charset.StandardCharsets;
import java.util.stream.Collectors;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/// What no client library sends, so it is written by hand.
@QuarkusTest
@AccountServiceTest
class MalformedEncodingTest {

  @Inject InstallationKeys keys;

  @ParameterizedTest
  @ValueSource(strings = {"actor=%zz", "cursor=%", "limit=%1", "%c3%"})
  void aQueryThatDoesNotDecodeIsRefused(String query) throws IOException {
    assertThat(answer("GET", "/v1alpha1/acme/audit?" + query, "")).startsWith("HTTP/1.1 400 ");
  }

  @ParameterizedTest
  @ValueSource(strings = {"/oauth/token", "/oauth/device/code", "/oauth/revoke", "/activate"})
  void aFormThatDoesNotDecodeIsRefused(String path) throws IOException {
    assertThat(answer("POST", path, "grant_type=%zz&client_id=%"))
        .contains(" 400 ", "malformed-body");
  }

  @Test
  void aFormOfTooManyFieldsIsRefused() throws IOException {
    String form =
        IntStream.range(0, 5000).mapToObj(i -> "f" + i + "=1").collect(Collectors.joining("&"));

    assertThat(answer("POST", "/activate", form)).contains(" 400 ", "malformed-body");
  }

  private String answer(String method, String target, String form) throws IOException {
    try (var socket = new Socket(InetAddress.getLoopbackAddress(), RestAssured.port)) {
      String request =
          """
          %s %s HTTP/1.1
          Host: localhost
          %s: %s
          Content-Type: application/x-www-form-urlencoded
          Content-Length: %d
          Connection: close

          %s"""
              .formatted(
                  method,
                  target,
                  InternalToken.SECRET_HEADER,
                  keys.internalSecret(),
                  form.length(),
                  form);
      socket
          .getOutputStream()
          .write(request.replace("\n", "\r\n").getBytes(StandardCharsets.ISO_8859_1));
      return new String(socket.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
    }
  }
}
