package dev.slipway.deploy.api;

import static dev.slipway.deploy.api.Refusals.refused;
import static org.hamcrest.Matchers.hasSize;

import dev.slipway.deploy.DeployServiceTest;
import dev.slipway.deploy.Members;
import dev.slipway.deploy.Members.Member;
import dev.slipway.deploy.Registered;
import dev.slipway.deploy.domain.DatabaseAccesses;
import io.quarkus.test.junit.QuarkusTest;
import jakarta.inject.Inject;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

@QuarkusTest
@DeployServiceTest
class WorkflowsResourceTest {

  private static final String PATH = "/v1alpha1/{org}/applications/shop/";

  @Inject Members members;
  @Inject Registered registered;
  @Inject DatabaseAccesses accesses;

  @ParameterizedTest
  @ValueSource(
      strings = {"{\"limit\":10,\"offset\":null}", "{\"limit\":null,\"offset\":null}", "{}"})
  void anApplicationThatWasNeverDeployedHasNone(String body) {
    Member anna = neverDeployed();

    anna.asks().body(body).post(PATH + "workflows").then().statusCode(200).body("$", hasSize(0));
    anna.asks().body(body).post(PATH + "queues").then().statusCode(200).body("$", hasSize(0));
  }

  @ParameterizedTest
  @ValueSource(strings = {"{", "[]", "1"})
  void whatIsNoFilterIsRefused(String body) {
    Member anna = neverDeployed();

    refused(anna.asks().body(body).post(PATH + "workflows").then(), 400, "malformed-body");
    refused(anna.asks().body(body).post(PATH + "queues").then(), 400, "malformed-body");
  }

  @Test
  void aFilterOfTheWrongTypeIsRefused() {
    Member anna = neverDeployed();

    refused(
        anna.asks().body("{\"limit\":\"ten\"}").post(PATH + "workflows").then(),
        400,
        "invalid-request");
  }

  @ParameterizedTest
  @ValueSource(strings = {"cancel", "resume", "restart"})
  void nothingCanBeChangedBeforeTheFirstDeploy(String verb) {
    Member anna = neverDeployed();

    refused(
        anna.asks()
            .body("{}")
            .post("/appsadmin/{org}/applications/shop/workflows/w-1/" + verb)
            .then(),
        409,
        "application-never-deployed");
  }

  private Member neverDeployed() {
    Member anna = members.join();
    String id = registered.application(anna, "shop");
    accesses.remove(id, "ins_main" + anna.organization());
    return anna;
  }
}
