package dev.slipway.gateway.application;

import static org.assertj.core.api.Assertions.assertThat;

import dev.slipway.common.contract.deploy.Route;
import io.vertx.core.json.JsonArray;
import io.vertx.core.json.JsonObject;
import java.util.Collections;
import java.util.List;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class RouteMessagesTest {

  private static final Route ROUTE =
      new Route(
          "app_1",
          "org_1",
          "my_org",
          "my-shop_1",
          7,
          "1700000000000",
          List.of(new Route.Target("exe_1", "::1", 3000), new Route.Target("exe_2", "10.0.0.1", 1)),
          false);

  @Test
  void whatIsWrittenIsReadAgain() {
    assertThat(RouteMessages.route(RouteMessages.write(ROUTE))).contains(ROUTE);
    assertThat(RouteMessages.read(message(RouteMessages.write(ROUTE)))).contains(ROUTE);
  }

  @Test
  void whoseApplicationServesNobodyHasNoExecutors() {
    JsonObject data = RouteMessages.write(ROUTE).put("executors", new JsonArray());
    data.remove("version");
    data.remove("removed");

    Route route = RouteMessages.route(data).orElseThrow();

    assertThat(route.executors()).isEmpty();
    assertThat(route.version()).isNull();
    assertThat(route.removed()).isFalse();
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "",
        "null",
        "[]",
        "{}",
        "{\"type\":\"slipway.deploy.route.v1\"}",
        "{\"type\":\"slipway.deploy.route.v1\",\"data\":[]}",
        "{\"type\":\"slipway.deploy.route.v1\",\"data\":{}}",
        "{\"type\":\"slipway.deploy.route.v1\",\"data\":"
      })
  void whatIsNoMessageIsNoRoute(String message) {
    assertThat(RouteMessages.read(message)).isEmpty();
  }

  @Test
  void anotherTypeIsNoRoute() {
    String message = message(RouteMessages.write(ROUTE)).replace("route.v1", "route.v2");

    assertThat(RouteMessages.read(message)).isEmpty();
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      value = {
        "application | null",
        "application | \"\"",
        "application | \"app 1\"",
        "organizationName | \"a.b\"",
        "name | \"../shop\"",
        "name | 7",
        "revision | \"7\"",
        "revision | 7.5",
        "removed | \"no\"",
        "executors | null",
        "executors | {}",
        "executors | [7]",
        "executors | [{\"executor\":\"exe_1\",\"host\":\"127.0.0.1\"}]",
        "executors | [{\"executor\":\"exe_1\",\"host\":\"127.0.0.1\",\"port\":\"80\"}]",
        "executors | [{\"executor\":\"exe_1\",\"host\":\"127.0.0.1\",\"port\":0}]",
        "executors | [{\"executor\":\"exe_1\",\"host\":\"127.0.0.1\",\"port\":65536}]",
        "executors | [{\"executor\":\"exe_1\",\"host\":\"127.0.0.1/x\",\"port\":80}]",
        "executors | [{\"executor\":\"exe_1\",\"host\":\"\",\"port\":80}]",
        "executors | [{\"host\":\"127.0.0.1\",\"port\":80}]"
      })
  void whatIsNotWhollyUnderstoodIsNoRoute(String field, String value) {
    assertThat(RouteMessages.route(with(field, new JsonArray("[" + value + "]").getValue(0))))
        .isEmpty();
  }

  @Test
  void aRouteHasNoMoreExecutorsThanAMachineCanHave() {
    var one = new JsonObject().put("executor", "exe_1").put("host", "localhost").put("port", 80);
    var most = new JsonArray(Collections.nCopies(1_000, one));
    var more = new JsonArray(Collections.nCopies(1_001, one));

    assertThat(RouteMessages.route(with("executors", most))).isPresent();
    assertThat(RouteMessages.route(with("executors", more))).isEmpty();
  }

  private static JsonObject with(String field, @Nullable Object value) {
    return RouteMessages.write(ROUTE).put(field, value);
  }

  private static String message(JsonObject data) {
    return new JsonObject().put("type", "slipway.deploy.route.v1").put("data", data).encode();
  }
}
