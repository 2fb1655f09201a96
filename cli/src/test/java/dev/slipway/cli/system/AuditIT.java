package dev.slipway.cli.system;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import java.io.IOException;
import java.net.ServerSocket;
import java.net.http.HttpResponse;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.UUID;
import org.awaitility.Awaitility;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.parallel.ResourceLock;

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

  @Test
  void theAuditLogSaysWhoDidWhatFromWhereAndWhatCameOfIt() throws Exception {
    User ann = platform.register("ann_audit");
    User eve = platform.register("eve_audit");
    String operation = ann.provision("shop", PASSWORD);
    ann.awaitAvailable("shop");
    ann.exchange("DELETE", ann.databases() + "/userdb/nothing", null);
    eve.exchange("DELETE", ann.databases() + "/userdb/shop", null);
    Awaitility.await("the outcome of the last call")
        .atMost(PlatformUnderTest.PATIENCE)
        .until(
            () ->
                entries(ann, "?action=instance.destroy&actor=ann_audit").size() == 1
                    && !entries(ann, "").findValuesAsText("outcome").contains("unknown"));

    JsonNode all = entries(ann, "?order=oldest");

    assertThat(all.findValuesAsText("action"))
        .containsExactly(
            "user.sign-up",
            "user.sign-in",
            "user.register",
            "instance.provision",
            "instance.destroy",
            "instance.destroy");
    assertThat(all.findValuesAsText("actor"))
        .containsExactly(
            "ann_audit", "ann_audit", "ann_audit", "ann_audit", "ann_audit", "eve_audit");
    assertThat(all.findValuesAsText("outcome"))
        .containsExactly("done", "done", "done", "accepted", "refused", "refused");
    assertThat(all.get(3).path("operation").asText()).isEqualTo(operation);
    assertThat(all.get(3).path("address").asText()).isIn("127.0.0.1", "0:0:0:0:0:0:0:1");
    assertThat(all.get(3).path("agent").asText()).startsWith("Java-http-client");
    assertThat(all.get(3).path("token").asText())
        .isEqualTo(all.get(1).path("token").asText())
        .startsWith("tok_");
    assertThat(all.toString()).doesNotContain(PASSWORD).doesNotContain(ann.token());
    assertThat(entries(eve, "").toString()).doesNotContain("ann_audit");
    assertThat(
            platform.query(
                "account-service",
                "select count(*) from audit where actor = 'ann_audit' and status is null"))
        .containsExactly("0");
    ann.destroy("shop");
  }

  @Test
  @ResourceLock("orphans")
  void aPlantedOrphanIsListedAndCleanedIntoTheTrashAndNothingElse() throws Exception {
    User ann = platform.register("ann_orphans");
    ann.provision("shop", PASSWORD);
    String owned = ann.awaitAvailable("shop").path("ID").asText();
    Path instances = platform.home().resolve("data/instances").toRealPath();
    String orphan = "ins_" + UUID.randomUUID().toString().replace("-", "").substring(0, 26);
    Path data = Files.createDirectories(instances.resolve(orphan).resolve("data"));
    Files.writeString(data.resolve("kept.txt"), "somebody's");
    Process process = new ProcessBuilder("sleep", "600").directory(data.toFile()).start();
    try {
      JsonNode listed = orphans("list");
      assertThat(names(listed.path("instances").path("found"), "instance"))
          .contains(orphan)
          .doesNotContain(owned);

      JsonNode cleaned = orphans("clean", "--yes");

      assertThat(process.waitFor(PlatformUnderTest.PATIENCE)).isTrue();
      assertThat(instances.resolve(orphan)).doesNotExist();
      Path trash =
          cleaned
              .valueStream()
              .filter(one -> one.path("subject").asText().equals(orphan))
              .map(one -> Path.of(one.path("trash").asText()))
              .findFirst()
              .orElseThrow();
      assertThat(trash).startsWithRaw(platform.home().resolve("trash"));
      assertThat(trash.resolve("data/kept.txt")).hasContent("somebody's");
      assertThat(names(orphans("list").path("instances").path("found"), "instance", "trash"))
          .doesNotContain(orphan);
      assertThat(names(orphans("clean", "--yes"), "subject")).doesNotContain(orphan);
      ann.connect("shop", PASSWORD).close();
    } finally {
      process.destroyForcibly();
      ann.destroy("shop");
    }
  }

  private JsonNode orphans(String... arguments) throws Exception {
    List<String> all = new ArrayList<>(List.of("orphans"));
    all.addAll(List.of(arguments));
    all.add("--json");
    return PlatformUnderTest.get()
        .slipway(platform.home(), all.toArray(String[]::new))
        .succeeded()
        .json();
  }

  /// @param but things of this kind
  private static List<String> names(JsonNode list, String field, String... but) {
    return list.valueStream()
        .filter(one -> !List.of(but).contains(one.path("kind").asText()))
        .map(one -> one.path(field).asText())
        .toList();
  }

  private static JsonNode entries(User user, String query) {
    return user.call("GET", "/v1alpha1/" + user.name() + "/audit" + query, null).path("entries");
  }

  private static List<Long> processesOf(String instance) {
    return ProcessHandle.allProcesses()
        .filter(process -> process.info().commandLine().orElse("").contains(instance))
        .map(ProcessHandle::pid)
        .toList();
  }
}
