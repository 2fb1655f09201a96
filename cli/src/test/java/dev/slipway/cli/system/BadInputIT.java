package dev.slipway.cli.system;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import java.net.http.HttpResponse;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.parallel.Isolated;

/// Whatever is sent, the answer is a 4xx in the error shape that says what is wrong; never a 500.
@Isolated("holds up what others do to instances")
final class BadInputIT {

  private record Bad(String method, String path, String body, int status) {}

  private final PlatformFromOutside platform = PlatformFromOutside.shared();

  @Test
  void badInputIsRefusedWithWhatIsAllowed() {
    User ann = platform.register("ann_errs");
    String databases = ann.databases();
    String long129 = "p".repeat(129);
    List<Bad> all =
        List.of(
            provision(databases, "ab", "shop_admin", "password-1", 400),
            provision(databases, "a".repeat(17), "shop_admin", "password-1", 400),
            provision(databases, "Shop", "shop_admin", "password-1", 400),
            provision(databases, "my-shop", "shop_admin", "password-1", 400),
            provision(databases, "postgres", "shop_admin", "password-1", 400),
            provision(databases, "slipway", "shop_admin", "password-1", 400),
            provision(databases, "shop", "postgres", "password-1", 400),
            provision(databases, "shop", "slipway", "password-1", 400),
            provision(databases, "shop", "1admin", "password-1", 400),
            provision(databases, "shop", "pg_write", "password-1", 400),
            provision(databases, "shop", "shop_admin", "short", 400),
            provision(databases, "shop", "shop_admin", long129, 400),
            provision(databases, "shop", "shop_admin", "has space 1", 400),
            provision(databases, "shop", "shop_admin", "has/slash1", 400),
            provision(databases, "shop", "shop_admin", "has@sign12", 400),
            new Bad("POST", databases + "/userdb", "{\"Name\":", 400),
            new Bad("POST", databases + "/userdb", "", 400),
            new Bad("POST", databases + "/userdb", "[]", 400),
            new Bad("POST", databases + "/userdb", "null", 400),
            new Bad("POST", databases + "/userdb", "{\"Name\":{\"a\":1}}", 400),
            new Bad("POST", databases + "/userdb", "{}", 400),
            new Bad("GET", databases + "/userdb/info/unknown", "", 404),
            new Bad("DELETE", databases + "/userdb/unknown", "", 404),
            new Bad("DELETE", databases + "/byod/unknown", "", 404),
            new Bad(
                "POST",
                databases + "/userdb/unknown/credentials",
                "{\"Password\":\"password-1\"}",
                404),
            new Bad("PUT", databases + "/userdb", "{}", 405),
            new Bad("POST", databases, "{}", 405),
            new Bad("GET", "/v1alpha1/ann_errs/nothing/here", "", 404),
            new Bad("GET", "/v1alpha1/ann_errs/operations/iop_unknown", "", 404),
            new Bad("GET", "/v1alpha1/ann_errs/operations/xyz", "", 404),
            new Bad(
                "POST",
                databases + "/byod",
                "{\"Name\":\"far\",\"HostName\":\"127.0.0.1\",\"Port\":1,\"Password\":\"password-1\",\"captureProvenance\":false}",
                422),
            new Bad(
                "POST",
                databases + "/byod",
                "{\"Name\":\"far\",\"HostName\":\"a b\",\"Port\":1,\"Password\":\"password-1\"}",
                400),
            new Bad(
                "POST",
                databases + "/byod",
                "{\"Name\":\"far\",\"HostName\":\"localhost\",\"Port\":\"x\",\"Password\":\"password-1\"}",
                400),
            new Bad(
                "POST",
                databases + "/byod",
                "{\"Name\":\"far\",\"HostName\":\"localhost\",\"Port\":70000,\"Password\":\"password-1\"}",
                400));
    for (Bad bad : all) {
      HttpResponse<String> answer = ann.exchange(bad.method(), bad.path(), bad.body());
      assertThat(answer.statusCode()).as(bad + " " + answer.body()).isEqualTo(bad.status());
      JsonNode error = PlatformFromOutside.json(answer.body());
      assertThat(error.path("message").asText())
          .as(bad.toString())
          .isNotBlank()
          .doesNotEndWith(".");
      assertThat(error.path("statusCode").asInt()).isEqualTo(bad.status());
      assertThat(error.path("requestID").asText()).isNotBlank();
      assertThat(error.path("code").asText()).matches("[a-z-]+");
    }
    assertThat(ann.call("GET", databases, null)).isEmpty();
  }

  @Test
  void whatIsWrongIsNamedInTheWordsOfTheBody() {
    User ann = platform.register("ann_fields");
    String path = ann.databases() + "/userdb";

    JsonNode empty = PlatformFromOutside.json(ann.exchange("POST", path, "{}").body());
    JsonNode missing = PlatformFromOutside.json(ann.exchange("POST", path, "null").body());

    assertThat(empty.path("fields").fieldNames())
        .toIterable()
        .containsExactly("AdminName", "AdminPassword", "Name");
    assertThat(empty.path("message").asText()).startsWith("AdminName must be 3 to 16 characters");
    assertThat(missing.path("message").asText()).isEqualTo("body must be a JSON object");
  }

  @Test
  void aTakenNameAndTheWrongKindAreRefused() {
    User ann = platform.register("ann_twice");
    ann.provision("shop", "password-1");
    HttpResponse<String> again =
        ann.exchange(
            "POST",
            ann.databases() + "/userdb",
            Map.of("Name", "shop", "AdminName", "shop_admin", "AdminPassword", "password-1"));
    assertThat(again.statusCode()).isEqualTo(409);
    ann.awaitAvailable("shop");
    HttpResponse<String> unlink = ann.exchange("DELETE", ann.databases() + "/byod/shop", null);
    assertThat(unlink.statusCode()).isEqualTo(409);
    ann.destroy("shop");
  }

  @Test
  void aBusyInstanceIsRefusedWithWhatWhoAndSinceWhen() throws Exception {
    User ann = platform.register("ann_busy");
    ann.provision("shop", "password-1");
    ann.awaitAvailable("shop");
    String path = ann.databases() + "/userdb/shop/credentials";
    String running;

    // Nothing can be done to the instance meanwhile, so the first stays at its first step.
    try (AutoCloseable held = platform.holdUp()) {
      assertThat(held).isNotNull();
      HttpResponse<String> first =
          platform.exchange(
              "POST",
              path,
              ann.token(),
              Map.of("Password", "password-2"),
              Map.of("Prefer", "respond-async"));
      assertThat(first.statusCode()).as(first.body()).isEqualTo(202);
      running = first.headers().firstValue("Operation-Id").orElseThrow();

      HttpResponse<String> second = ann.exchange("POST", path, Map.of("Password", "password-3"));

      assertThat(second.statusCode()).as(second.body()).isEqualTo(409);
      JsonNode error = PlatformFromOutside.json(second.body());
      assertThat(error.path("code").asText()).isEqualTo("instance-busy");
      assertThat(error.path("operationId").asText()).isEqualTo(running);
      assertThat(error.path("message").asText())
          .isEqualTo(
              "database shop is busy: instance.reset-password, asked for by ann_busy at %s, is at the step start"
                  .formatted(ann.operation(running).path("createdAt").asText()));
    }
    assertThat(ann.awaitEnd(running).path("outcome").asText()).isEqualTo("succeeded");
    // The one that was refused has changed nothing.
    ann.connect("shop", "password-2").close();
    ann.destroy("shop");
  }

  @Test
  void aForeignOrBrokenTokenIsRefused() {
    for (String token : List.of("nonsense", "a.b.c", "")) {
      HttpResponse<String> answer = platform.exchange("GET", "/v1alpha1/user/profile", token, null);
      assertThat(answer.statusCode()).isEqualTo(401);
    }
    HttpResponse<String> none = platform.exchange("GET", "/v1alpha1/user/profile", null, null);
    assertThat(none.statusCode()).isEqualTo(401);
  }

  private static Bad provision(
      String databases, String name, String role, String password, int status) {
    return new Bad(
        "POST",
        databases + "/userdb",
        "{\"Name\":\"%s\",\"AdminName\":\"%s\",\"AdminPassword\":\"%s\"}"
            .formatted(name, role, password),
        status);
  }
}
