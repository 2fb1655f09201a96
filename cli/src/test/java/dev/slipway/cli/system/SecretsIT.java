package dev.slipway.cli.system;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import com.fasterxml.jackson.databind.JsonNode;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.http.HttpResponse;
import java.nio.file.FileVisitResult;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.nio.file.SimpleFileVisitor;
import java.nio.file.attribute.BasicFileAttributes;
import java.sql.Connection;
import java.sql.Statement;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.parallel.Isolated;

/// Nothing secret rests in the clear: after everything that takes a password was done with marked
/// ones, no file of the platform, no table and no process has them.
@Isolated("searches all there is")
final class SecretsIT {

  private static final List<String> MARKERS =
      List.of(
          "Marker-provision-7f3a",
          "Marker-reset-9c1d",
          "Marker-link-4e8b",
          "Marker-linked-5d0a",
          "Marker-secret-2b6e",
          "pass-of-ann_marks");

  /// No secret: where this is not found, what finds nothing else proves nothing.
  private static final String CONTROL = "marked_c7f1";

  private final PlatformFromOutside platform = PlatformFromOutside.shared();

  @Test
  void markedPasswordsAreNowhere() throws Exception {
    String id;
    String applications = "/v1alpha1/ann_marks/applications";
    User ann;
    Set<String> commandLines;
    try (CommandLines watched = new CommandLines()) {
      ann = platform.register("ann_marks");
      ann.provision(CONTROL, MARKERS.get(0));
      JsonNode info = ann.awaitAvailable(CONTROL);
      id = info.path("ID").asText();
      int port = info.path("Port").asInt();
      ann.call(
          "POST",
          ann.databases() + "/userdb/" + CONTROL + "/credentials",
          Map.of("Password", MARKERS.get(1)));
      // It is refused, and what was tried must not be kept either.
      assertThat(link(ann, port, MARKERS.get(2)).statusCode()).isEqualTo(422);
      try (Connection owner = ann.connect(CONTROL, MARKERS.get(1));
          Statement statement = owner.createStatement()) {
        statement.execute(
            "create role dbosadmin login createdb password '%s'".formatted(MARKERS.get(3)));
        statement.execute("grant connect on database postgres to dbosadmin");
      }
      HttpResponse<String> linked = link(ann, port, MARKERS.get(3));
      assertThat(linked.statusCode()).as(linked.body()).isEqualTo(204);
      ann.exchange(
          "PUT",
          applications,
          Map.of("name", "marked", "database", CONTROL, "language", "node", "provenancedb", ""));
      HttpResponse<String> kept =
          ann.exchange(
              "POST",
              applications + "/secrets",
              Map.of(
                  "ApplicationName", "marked",
                  "SecretName", "TOKEN",
                  "ClearSecretValue", MARKERS.get(4)));
      assertThat(kept.statusCode()).as(kept.body()).isEqualTo(200);
      commandLines = watched.seen();
    }
    assertThat(
            platform.query(
                "instance-service",
                "select sealed_password from instance where name = 'marked_too' and organization = (select organization from instance where id = '%s')"
                    .formatted(id)))
        .as("the password of what is linked is kept, sealed")
        .hasSize(1)
        .doesNotContainNull();

    List<String> all = Stream.concat(MARKERS.stream(), Stream.of(CONTROL)).toList();
    List<String> found = filesWith(all);
    for (String service : List.of("deploy-service", "instance-service", "account-service")) {
      for (String marker : all) {
        found.addAll(tablesWith(service, marker));
      }
    }
    for (String marker : MARKERS) {
      assertThat(found).noneMatch(place -> place.endsWith(marker));
      assertThat(commandLines).noneMatch(line -> line.contains(marker));
    }
    // The same looks find what is no secret: in the control database's files, Kafka's segments, the
    // tables of every service, and on command lines while the calls were made.
    assertThat(found)
        .anyMatch(place -> place.contains("/control/"))
        .anyMatch(place -> place.contains("/kafka/"))
        .anyMatch(place -> place.startsWith("instance-service."))
        .anyMatch(place -> place.startsWith("account-service."))
        .anyMatch(place -> place.startsWith("deploy-service."));
    assertThat(commandLines).anyMatch(line -> line.contains("fenced.sh ") && line.contains(id));

    ann.call("DELETE", applications + "/marked", Map.of("dropdb", true));
    await("the application's end")
        .atMost(PlatformUnderTest.PATIENCE)
        .until(() -> ann.call("GET", applications, null).isEmpty());
    ann.call("DELETE", ann.databases() + "/byod/marked_too", null);
    ann.destroy(CONTROL);
  }

  /// Makes an instance known that runs here, as a server of one's own.
  private static HttpResponse<String> link(User ann, int port, String password) {
    return ann.exchange(
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
            password,
            "captureProvenance",
            false));
  }

  /// Reads the command lines of all processes over and over, so that also those are seen that live
  /// for a moment.
  private static final class CommandLines implements AutoCloseable {

    private final Set<String> seen = ConcurrentHashMap.newKeySet();
    private final AtomicBoolean enough = new AtomicBoolean();
    private final Thread reader = Thread.ofPlatform().name("command-lines").start(this::read);

    private void read() {
      while (!enough.get()) {
        try (Stream<Path> processes = Files.list(Path.of("/proc"))) {
          processes
              .filter(path -> path.getFileName().toString().matches("\\d+"))
              .map(path -> SecretsIT.read(path.resolve("cmdline")))
              .forEach(line -> seen.add(new String(line, UTF_8).replace('\0', ' ')));
        } catch (IOException | UncheckedIOException goneMeanwhile) {
          // The next look is a moment away.
        }
      }
    }

    /// Ends the looking.
    Set<String> seen() throws InterruptedException {
      enough.set(true);
      reader.join();
      return seen;
    }

    @Override
    public void close() {
      enough.set(true);
    }
  }

  /// A folder may be made and go meanwhile, as that of a spare data directory.
  private static List<Path> filesIn(Path root) throws IOException {
    List<Path> files = new ArrayList<>();
    Files.walkFileTree(
        root,
        new SimpleFileVisitor<>() {
          @Override
          public FileVisitResult visitFile(Path file, BasicFileAttributes attributes) {
            if (attributes.isRegularFile()) {
              files.add(file);
            }
            return FileVisitResult.CONTINUE;
          }

          @Override
          public FileVisitResult visitFileFailed(Path file, IOException failure)
              throws IOException {
            if (failure instanceof NoSuchFileException) {
              return FileVisitResult.CONTINUE;
            }
            throw failure;
          }

          @Override
          public FileVisitResult postVisitDirectory(Path folder, @Nullable IOException failure)
              throws IOException {
            if (failure == null || failure instanceof NoSuchFileException) {
              return FileVisitResult.CONTINUE;
            }
            throw failure;
          }
        });
    return files;
  }

  /// Logs, Kafka's segments, every data directory, the control database's files: which of them have
  /// which marker.
  private List<String> filesWith(List<String> markers) throws IOException {
    List<String> found = new ArrayList<>();
    for (Path root : List.of(platform.home(), platform.home().resolve("data").toRealPath())) {
      for (Path file : filesIn(root)) {
        if (!file.toString().contains("postgres-18/")) {
          byte[] content = read(file);
          for (String marker : markers) {
            if (contains(content, marker.getBytes(UTF_8))) {
              found.add(file + " has " + marker);
            }
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
            "select quote_ident(table_name) from information_schema.tables where table_schema ="
                + " 'public'")) {
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
}
