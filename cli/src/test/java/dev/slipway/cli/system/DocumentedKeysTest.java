package dev.slipway.cli.system;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import dev.slipway.cli.console.Json;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import java.util.TreeSet;
import org.junit.jupiter.api.Test;

/// No call that changes something is without an idempotency key, as far as the descriptions of the
/// APIs go, which are made of the code.
final class DocumentedKeysTest {

  private static final Set<String> CHANGES = Set.of("post", "put", "patch", "delete");

  /// They change nothing: what is refused for now, and questions that have a body.
  private static final Set<String> WITHOUT =
      Set.of(
          "post /v1alpha1/{org}/databases/userdb/{name}/restore",
          "post /v1alpha1/{org}/databases/userdb/{name}/createuserdbrole",
          "put /v1alpha1/{org}/dashboard",
          "delete /v1alpha1/{org}/dashboard",
          "post /v1alpha1/{org}/applications/{app}/queues",
          "post /v1alpha1/{org}/applications/{app}/workflows");

  @Test
  void everyChangeTakesAKey() throws IOException {
    Set<String> without = new TreeSet<>();
    List<String> with = new ArrayList<>();
    for (String service : List.of("account", "instance", "deploy")) {
      Path file = Path.of("../docs/generated/openapi-%s.json".formatted(service));
      JsonNode paths = Json.MAPPER.readTree(file.toFile()).path("paths");
      paths
          .properties()
          .forEach(
              path ->
                  path.getValue()
                      .properties()
                      .forEach(
                          call -> {
                            boolean wire =
                                path.getKey().startsWith("/v1alpha1/")
                                    || path.getKey().startsWith("/appsadmin/");
                            if (!wire || !CHANGES.contains(call.getKey())) {
                              return;
                            }
                            String name = call.getKey() + ' ' + path.getKey();
                            if (takesKey(call.getValue())) {
                              with.add(name);
                            } else {
                              without.add(name);
                            }
                          }));
    }

    assertThat(without).isEqualTo(new TreeSet<>(WITHOUT));
    assertThat(with).hasSizeGreaterThan(20);
  }

  private static boolean takesKey(JsonNode call) {
    for (JsonNode parameter : call.path("parameters")) {
      if (parameter.path("name").asText().equals("Idempotency-Key")) {
        return true;
      }
    }
    return false;
  }
}
