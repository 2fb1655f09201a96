package dev.slipway.deploy.routing;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import dev.slipway.common.contract.deploy.Route;
import dev.slipway.common.operation.KernelDatabase;
import dev.slipway.common.outbox.Json;
import dev.slipway.common.outbox.Outbox;
import dev.slipway.deploy.domain.Application;
import dev.slipway.deploy.domain.Executor;
import dev.slipway.deploy.persistence.Samples;
import java.time.Clock;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

class ToldRoutesTest {

  private static KernelDatabase database;
  private static ToldRoutes routes;

  private Application shop = Samples.application("org_nobody", "nothing");

  @BeforeAll
  static void migrate() {
    database = KernelDatabase.fresh("classpath:db/migration");
    routes =
        new ToldRoutes(database.transactions(), new Outbox("deploy-service", Clock.systemUTC()));
  }

  @BeforeEach
  void begin() {
    database.execute("delete from gateway; delete from told_route; delete from outbox");
    shop = Samples.application("org_acme", "shop");
  }

  @Test
  void aRouteNamesWhereTheExecutorsOfTheServingVersionAre() {
    Executor executor = Samples.executor(shop.id(), "1700000000000", 29000);

    routes.tell(shop, 4, List.of(executor));

    JsonNode message = sent();
    assertThat(message.path("subject").asText()).isEqualTo(shop.id());
    assertThat(Json.readStored(message.path("data").toString(), Route.class))
        .isEqualTo(
            new Route(
                shop.id(),
                "org_acme",
                "acme",
                "shop",
                4,
                "1700000000000",
                List.of(new Route.Target(executor.id(), "127.0.0.1", 29000)),
                false));
    // The admin port is nobody's business.
    assertThat(message.toString()).doesNotContain("29001");
  }

  @Test
  void aRouteWithoutExecutorsServesNobody() {
    routes.tell(shop, 5, List.of());

    Route route = Json.readStored(sent().path("data").toString(), Route.class);
    assertThat(route.version()).isNull();
    assertThat(route.executors()).isEmpty();
    assertThat(route.removed()).isFalse();
  }

  @Test
  void aRouteIsAcknowledgedOnceEveryGatewayThatLivesHasIt() {
    routes.tell(shop, 4, List.of());
    boolean withoutGateways = routes.acknowledged(shop.id(), 4);
    routes.heard("one", Map.of(shop.id(), 4L));
    routes.heard("two", Map.of(shop.id(), 3L));
    boolean oneBehind = routes.acknowledged(shop.id(), 4);
    routes.heard("two", Map.of(shop.id(), 5L, "app_other", 1L));
    boolean allThere = routes.acknowledged(shop.id(), 4);
    routes.heard("three", Map.of());
    boolean newcomerKnowsNothing = routes.acknowledged(shop.id(), 4);
    database.execute(
        "update gateway set seen_at = clock_timestamp() - interval '7 seconds' where id = 'three'");
    boolean silentOneIsDead = routes.acknowledged(shop.id(), 4);

    assertThat(withoutGateways).isTrue();
    assertThat(oneBehind).isFalse();
    assertThat(allThere).isTrue();
    assertThat(newcomerKnowsNothing).isFalse();
    assertThat(silentOneIsDead).isTrue();
  }

  @Test
  void aGatewayThatForgotARemovedRouteHasHeardOfIt() {
    routes.heard("one", Map.of(shop.id(), 4L));
    routes.forget(shop, 5);
    boolean before = routes.acknowledged(shop.id(), 5);
    routes.heard("one", Map.of());

    assertThat(before).isFalse();
    assertThat(routes.acknowledged(shop.id(), 5)).isTrue();
    assertThat(Json.readStored(sent().path("data").toString(), Route.class).removed()).isTrue();
  }

  @Test
  void gatewaysThatWereNotSeenForADayAreForgotten() {
    routes.heard("old", Map.of());
    database.execute("update gateway set seen_at = clock_timestamp() - interval '25 hours'");

    routes.heard("new", Map.of());

    assertThat(database.text("select string_agg(id, ',') from gateway")).isEqualTo("new");
  }

  private static JsonNode sent() {
    String payload =
        Objects.requireNonNull(
            database.text("select payload from outbox where topic = '" + Route.TOPIC + "'"));
    return Json.readStored(payload, JsonNode.class);
  }
}
