package dev.slipway.gateway;

import static org.assertj.core.api.Assertions.assertThatCode;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.util.HashMap;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class SettingsCheckTest {

  private static final Map<String, String> GOOD =
      Map.of(
          "port", "8443",
          "account-url", "http://127.0.0.1:8081",
          "instance-url", "http://127.0.0.1:8082",
          "deploy-url", "http://127.0.0.1:8083",
          "public-url", "https://localhost:8443",
          "keys-directory", "keys",
          "ca-directory", "ca",
          "certificate-directory", "ca",
          "snapshot", "routes.json",
          "names", "*.apps.example.org,10.1.2.3,::2");

  @Test
  void sensibleSettingsAreTaken() {
    assertThatCode(() -> check("port", "8443")).doesNotThrowAnyException();
  }

  @ParameterizedTest
  @CsvSource({
    "port, 65536",
    "port, -1",
    "account-url, 127.0.0.1:8081",
    "account-url, https://127.0.0.1:8081",
    "account-url, http:///path",
    "instance-url, localhost",
    "deploy-url, https://127.0.0.1:8083",
    "archive-limit, 1K",
    "archive-limit, 17G",
    "archive-connections, 0",
    "archives-per-organization, 0",
    "archive-patience, 0s",
    "application-connections, 0",
    "application-patience, 0s",
    "drain-patience, 0s",
    "public-url, http://localhost:8443",
    "names, not a name",
    "names, https://example.org",
    "body-limit, 0",
    "body-limit, 1G",
    "held-bodies, 1K",
    "held-bodies, 1M",
    "body-discard, 1K",
    "body-patience, 0s",
    "answer-patience, 0s",
    "authorize-patience, 0s",
    "retry-for, -1s",
    "connections, 0",
    "connections-per-address, 0",
    "connection-patience, 0s",
    "call-connections, 0",
    "wait-connections, 0",
    "waits-per-organization, 0",
    "streams-per-organization, 0",
    "reader-patience, 0s",
    "authorize-connections, 0",
    "sign-in-burst, 0",
    "sign-in-every, 0s",
    "sign-in-every, 48h"
  })
  void whatCannotWorkIsNamedByItsKey(String key, String value) {
    assertThatThrownBy(() -> check(key, value)).hasMessageContaining("slipway.gateway." + key);
  }

  @ParameterizedTest
  @CsvSource({"port, many", "body-limit, some", "answer-patience, soon", "account-url, '  '"})
  void whatCannotBeReadIsNamedByItsKey(String key, String value) {
    assertThatThrownBy(() -> check(key, value)).hasMessageContaining("slipway.gateway." + key);
  }

  private static void check(String key, String value) {
    var values = new HashMap<String, String>();
    GOOD.forEach((name, good) -> values.put("slipway.gateway." + name, good));
    values.put("slipway.gateway." + key, value);
    SettingsCheck.check(RunningGateway.settings(values));
  }
}
