package dev.slipway.cli.system;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import java.io.IOException;
import java.net.http.HttpResponse;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;

/// Nothing secret rests in the clear: after everything that takes a password was done with marked
/// ones, no file of the platform, no table and no process has them.
final class SecretsIT {

  private static final List<String> MARKERS =
      List.of(
          "Marker-provision-7f3a",
          "Marker-reset-9c1d",
          "Marker-link-4e8b",
          "Marker-secret-2b6e",
          "pass-of-ann_marks");

  private final PlatformFromOutside platform = PlatformFromOutside.shared();

  @Test
  void markedPasswordsAreNowhere() throws IOException {
    User ann = platform.register("ann_marks");
    ann.provision("marked", MARKERS.get(0));
    int port = ann.awaitAvailable("marked").path("Port").asInt();
    ann.call(
        "POST", ann.databases() + "/userdb/marked/credentials", Map.of("Password", MARKERS.get(1)));
    // It is refused, and what was tried must not be kept either.
    ann.exchange(
        "POST",
        ann.databases() + "/byod",
        Map.of(
            "Name",
            "marked_too",
            "HostName",
            "localhost",
            "Port",
            port,
            "Password",
            MARKERS.get(2),
            "captureProvenance",
            false));
    String applications = "/v1alpha1/ann_marks/applications";
    ann.exchange(
        "PUT",
        applications,
        Map.of("name", "marked", "database", "marked", "language", "node", "provenancedb", ""));
    HttpResponse<String> kept =
        ann.exchange(
            "POST",
            applications + "/secrets",
            Map.of(
                "ApplicationName", "marked",
                "SecretName", "TOKEN",
                "ClearSecretValue", MARKERS.get(3)));
    assertThat(kept.statusCode()).as(kept.body()).isEqualTo(200);
    List<String> found = new ArrayList<>();
    for (String marker : MARKERS) {
      found.addAll(filesWith(marker));
      found.addAll(tablesWith("deploy-service", marker));
      found.addAll(tablesWith("instance-service", marker));
      found.addAll(tablesWith("account-service", marker));
      found.addAll(processesWith(marker));
    }
    assertThat(found).isEmpty();
    ann.call("DELETE", applications + "/marked", Map.of("dropdb", true));
    await("the application's end")
        .atMost(Duration.ofMinutes(1))
        .until(() -> ann.call("GET", applications, null).isEmpty());
    ann.destroy("marked");
  }

  /// Logs, Kafka's segments, every data directory, the control database's files.
  private List<String> filesWith(String marker) throws IOException {
    byte[] bytes = marker.getBytes(StandardCharsets.UTF_8);
    List<String> found = new ArrayList<>();
    for (Path root : List.of(platform.home(), platform.home().resolve("data").toRealPath())) {
      try (Stream<Path> files = Files.walk(root)) {
        for (Path file : files.filter(Files::isRegularFile).toList()) {
          if (!file.toString().contains("postgres-18/") && contains(read(file), bytes)) {
            found.add(file + " has " + marker);
          }
        }
      }
    }
    return found;
  }

  private static byte[] read(Path file) {
    try {
      return Files.readAllBytes(file);
    } catch (IOException goneMeanwhile) {
      return new byte[0];
    }
  }

  private static boolean contains(byte[] text, byte[] part) {
    for (int i = 0; i + part.length <= text.length; i++) {
      int k = 0;
      while (k < part.length && text[i + k] == part[k]) {
        k++;
      }
      if (k == part.length) {
        return true;
      }
    }
    return false;
  }

  private List<String> tablesWith(String service, String marker) {
    List<String> found = new ArrayList<>();
    for (String table :
        platform.query(
            service,
            "select quote_ident(table_name) from information_schema.tables where table_schema = 'public'")) {
      String rows =
          platform
              .query(
                  service,
                  "select count(*) from %s t where t::text like '%%%s%%'".formatted(table, marker))
              .getFirst();
      if (!rows.equals("0")) {
        found.add("%s.%s has %s".formatted(service, table, marker));
      }
    }
    return found;
  }

  private static List<String> processesWith(String marker) throws IOException {
    List<String> found = new ArrayList<>();
    try (Stream<Path> processes = Files.list(Path.of("/proc"))) {
      for (Path process :
          processes.filter(path -> path.getFileName().toString().matches("\\d+")).toList()) {
        if (contains(read(process.resolve("cmdline")), marker.getBytes(StandardCharsets.UTF_8))) {
          found.add("process " + process.getFileName() + " has " + marker);
        }
      }
    }
    return found;
  }
}
