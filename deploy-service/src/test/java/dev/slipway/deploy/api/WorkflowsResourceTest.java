package dev.slipway.deploy.api;

import static dev.slipway.deploy.api.Refusals.refused;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.hamcrest.Matchers.hasSize;

import dev.slipway.common.crypto.InstallationKeys;
import dev.slipway.deploy.DeployServiceTest;
import dev.slipway.deploy.Members;
import dev.slipway.deploy.Members.Member;
import dev.slipway.deploy.Registered;
import dev.slipway.deploy.domain.Application;
import dev.slipway.deploy.domain.Applications;
import dev.slipway.deploy.domain.DatabaseAccess;
import dev.slipway.deploy.domain.DatabaseAccesses;
import io.quarkus.test.junit.QuarkusTest;
import io.restassured.response.Response;
import jakarta.inject.Inject;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.net.SocketTimeoutException;
import java.nio.charset.StandardCharsets;
import java.util.Base64;
import java.util.List;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.TimeUnit;
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
  @Inject Applications applications;
  @Inject InstallationKeys keys;

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

  /// What is asked is still in memory while another is: an organization asks for one at a time.
  @Test
  void anOrganizationReadsOneListAtATime() throws Exception {
    Member anna = neverDeployed();
    Member bob = neverDeployed();
    try (var silent = new ServerSocket(0, 10, InetAddress.getLoopbackAddress());
        var threads = Executors.newVirtualThreadPerTaskExecutor()) {
      silent.setSoTimeout(20_000);
      deployedTo(anna, silent);
      deployedTo(bob, silent);
      Future<Response> first = threads.submit(() -> workflows(anna));
      Future<Response> second;
      Future<Response> other;
      try (Socket ofAnna = silent.accept()) {
        second = threads.submit(() -> workflows(anna));
        other = threads.submit(() -> workflows(bob));
        try (Socket ofBob = silent.accept()) {
          assertThat(ofBob.isConnected()).isTrue();
          silent.setSoTimeout(500);
          assertThatThrownBy(silent::accept).isInstanceOf(SocketTimeoutException.class);
        }
        assertThat(ofAnna.isConnected()).isTrue();
      }
      silent.setSoTimeout(20_000);
      try (Socket ofAnnaAgain = silent.accept()) {
        assertThat(ofAnnaAgain.isConnected()).isTrue();
      }
      for (Future<Response> ended : List.of(first, other, second)) {
        refused(ended.get(20, TimeUnit.SECONDS).then(), 503, "unavailable");
      }
    }
  }

  private static Response workflows(Member member) {
    return member.asks().body("{}").post(PATH + "workflows");
  }

  private void deployedTo(Member member, ServerSocket server) {
    Application application = applications.find(member.organization(), "shop").orElseThrow();
    String purpose = DatabaseAccess.purpose(application.id(), application.instance());
    byte[] sealed = keys.encrypt("secret".getBytes(StandardCharsets.UTF_8), purpose);
    accesses.put(
        new DatabaseAccess(
            application.id(),
            application.instance(),
            "127.0.0.1",
            server.getLocalPort(),
            "shop",
            Base64.getEncoder().encodeToString(sealed),
            true,
            true));
    accesses.ensured(application.id(), application.instance());
  }

  private Member neverDeployed() {
    Member anna = members.join();
    String id = registered.application(anna, "shop");
    accesses.remove(id, "ins_main" + anna.organization());
    return anna;
  }
}
