package dev.slipway.gateway;

import static org.assertj.core.api.Assertions.assertThat;

import io.quarkus.test.junit.QuarkusTest;
import io.restassured.RestAssured;
import jakarta.inject.Inject;
import org.junit.jupiter.api.Test;

/// The gateway as it is packaged; everything else is tried without the framework around it.
@QuarkusTest
class GatewayStartTest {

  @Inject Gateway gateway;

  @Test
  void theDoorOpensWithTheConfigurationOfTheHouse() {
    assertThat(gateway.port()).isPositive();
    RestAssured.given()
        .relaxedHTTPSValidation()
        .get("https://127.0.0.1:" + gateway.port() + "/health")
        .then()
        .statusCode(200);
  }

  @Test
  void theManagementPortAnswersHealthAlone() {
    RestAssured.get("/health/ready").then().statusCode(200);
    RestAssured.get("/v1alpha1/user/profile").then().statusCode(404);
  }
}
