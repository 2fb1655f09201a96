package dev.slipway.cli.system;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import java.io.IOException;
import java.net.ServerSocket;
import java.net.http.HttpResponse;
import java.util.List;
import org.junit.jupiter.api.Test;

/// What an organization can prove afterwards.
final class AuditIT {

  private static final String PASSWORD = "first-password-1";

  private final PlatformFromOutside platform = PlatformFromOutside.shared();

  @Test
  void theReceiptOfADestroyNamesEachThingAndItIsReallyGone() throws IOException {
    User ann = platform.register("ann_receipt");
    User bob = platform.register("bob_receipt");
    ann.provision("shop", PASSWORD);
    JsonNode info = ann.awaitAvailable("shop");
    String id = info.path("ID").asText();
    HttpResponse<String> destroyed = ann.exchange("DELETE", ann.databases() + "/userdb/shop", null);
    String operation = destroyed.headers().firstValue("Operation-Id").orElseThrow();
    String path = "/operations/" + operation + "/receipt";

    JsonNode receipt = ann.call("GET", "/v1alpha1/ann_receipt" + path, null);

    assertThat(receipt.path("left").asInt()).isZero();
    assertThat(receipt.path("things").findValuesAsText("kind"))
        .containsExactlyInAnyOrder("port", "directory", "process");
    assertThat(receipt.path("things").findValuesAsText("state")).containsOnly("gone");
    assertThat(receipt.path("things").findValuesAsText("goneBy")).containsOnly(operation);
    for (JsonNode thing : receipt.path("things")) {
      assertThat(thing.path("proof").asText()).isNotBlank();
      String name = thing.path("name").asText();
      switch (thing.path("kind").asText()) {
        case "directory" ->
            assertThat(platform.home().resolve("data/instances").resolve(name)).doesNotExist();
        case "port" ->
            new ServerSocket(Integer.parseInt(name.substring(name.lastIndexOf(':') + 1))).close();
        default -> assertThat(processesOf(id)).isEmpty();
      }
    }
    assertThat(receipt.toString()).doesNotContain(platform.home().toString());
    assertThat(bob.exchange("GET", "/v1alpha1/bob_receipt" + path, null).statusCode())
        .isEqualTo(404);
  }

  private static List<Long> processesOf(String instance) {
    return ProcessHandle.allProcesses()
        .filter(process -> process.info().commandLine().orElse("").contains(instance))
        .map(ProcessHandle::pid)
        .toList();
  }
}
