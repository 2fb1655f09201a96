package dev.slipway.deploy.routing;

import static org.assertj.core.api.Assertions.assertThat;

import dev.slipway.deploy.DeployServiceTest;
import dev.slipway.deploy.Members;
import dev.slipway.deploy.domain.Routes;
import io.quarkus.test.junit.QuarkusTest;
import jakarta.inject.Inject;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

@QuarkusTest
@DeployServiceTest
class GatewaysResourceTest {

  @Inject Members members;
  @Inject Routes routes;

  @Test
  void whatAGatewayHasIsAcknowledged() {
    members
        .internally()
        .body("{\"revisions\":{\"app_seen\":17}}")
        .put("/internal/gateways/gw-1")
        .then()
        .statusCode(204);

    assertThat(routes.acknowledged("app_seen", 17)).isTrue();
    assertThat(routes.acknowledged("app_seen", 18)).isFalse();
    assertThat(routes.acknowledged("app_never", 1)).isFalse();
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "{}",
        "{\"revisions\":null}",
        "{\"revisions\":{\"x\":1}}",
        "{\"revisions\":{\"app_x\":null}}",
        "{\"revisions\":{\"app_x\":-1}}",
        "{\"revisions\":{\"app_x\":\"many\"}}"
      })
  void whatIsNoAcknowledgementIsRefused(String body) {
    members.internally().body(body).put("/internal/gateways/gw-1").then().statusCode(400);
  }

  @Test
  void nobodyElseAcknowledges() {
    members
        .join()
        .asks()
        .body("{\"revisions\":{}}")
        .put("/internal/gateways/{org}")
        .then()
        .statusCode(404);
  }
}
