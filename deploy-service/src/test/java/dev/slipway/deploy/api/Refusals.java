package dev.slipway.deploy.api;

import static org.hamcrest.Matchers.equalTo;
import static org.hamcrest.Matchers.not;

import io.restassured.response.ValidatableResponse;

/// What every refusal has, whatever it refuses.
final class Refusals {

  private Refusals() {}

  static ValidatableResponse refused(ValidatableResponse answer, int status, String code) {
    return answer
        .statusCode(status)
        .body("statusCode", equalTo(status))
        .body("requestID", equalTo("test-request"))
        .body("code", equalTo(code))
        .body("message", not(equalTo("")));
  }
}
