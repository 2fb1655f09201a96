package dev.slipway.cli.system;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import java.io.BufferedOutputStream;
import java.io.ByteArrayInputStream;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.io.SequenceInputStream;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.MessageDigest;
import java.util.Arrays;
import java.util.Base64;
import java.util.Collections;
import java.util.HexFormat;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.Executors;
import java.util.concurrent.TimeUnit;
import java.util.stream.Stream;
import org.apache.commons.compress.archivers.zip.ZipArchiveEntry;
import org.apache.commons.compress.archivers.zip.ZipArchiveOutputStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.parallel.Isolated;

/// Archives on their way through the whole platform: large ones, and those that mean harm.
@Isolated("measures what services hold in memory")
class ArchiveIT {

  private static final int LARGE = 150 << 20;
  private static final long ROOM = 64L << 20;
  private static final List<String> CARRIERS = List.of("gateway", "deploy-service");
  private static final String MAIN =
      """
      require('http').createServer((_, response) =>
        response.end(JSON.stringify({ size: require('fs').statSync('large').size }))).listen(3000);
      """;
  private static final String PACKAGE =
      """
      {"name": "archives", "version": "1.0.0", "private": true, "scripts": {"start": "node main.js"}}
      """;

  private final PlatformFromOutside outside = PlatformFromOutside.shared();

  @Test
  void aLargeOnePassesWithoutBeingHeld() throws Exception {
    PlatformUnderTest platform = PlatformUnderTest.get();
    Path mine = platform.user("archivelarge");
    platform
        .slipway(mine, "db", "provision", "main", "-U", "owner_1", "--generate-password")
        .succeeded();
    Example large = Example.of(platform, mine, "archivelarge", emptyFolder(platform));
    large.write("package.json", PACKAGE);
    large.write(
        "dbos-config.yaml", "language: node\nruntimeConfig:\n  start:\n    - node main.js\n");
    large.write("main.js", MAIN);
    large.write("large", "small");
    platform.slipway(mine, "app", "deploy", "archives", "-d", "main").succeeded();
    assertThat(large.get("archives").path("size").asInt()).isEqualTo(5);
    random(mine.resolve("large"), LARGE);
    Map<String, Long> before = new LinkedHashMap<>();
    for (String carrier : CARRIERS) {
      before.put(carrier, memory(carrier));
    }

    Map<String, Long> most = new ConcurrentHashMap<>();
    try (var watch = Executors.newSingleThreadScheduledExecutor()) {
      var looks =
          watch.scheduleWithFixedDelay(
              () -> CARRIERS.forEach(it -> most.merge(it, memory(it), Math::max)),
              0,
              200,
              TimeUnit.MILLISECONDS);
      platform.slipway(mine, "app", "deploy", "archives").succeeded();
      looks.cancel(false);
    }

    assertThat(large.get("archives").path("size").asInt()).isEqualTo(LARGE);
    System.out.println("Memory before " + before + ", at most " + most);
    assertThat(most)
        .containsOnlyKeys(CARRIERS)
        .allSatisfy(
            (carrier, held) ->
                assertThat(held - before.getOrDefault(carrier, 0L)).isLessThan(ROOM));
    platform.slipway(mine, "db", "destroy", "main", "--yes", "--force").succeeded();
  }

  @Test
  void whatMeansHarmIsRefusedAndNothingOfItIsKept() throws Exception {
    User anna = outside.register("archiveharm");
    anna.provision("main", "password-of-archives");
    anna.awaitAvailable("main");
    String path = "/v1alpha1/archiveharm/applications";
    anna.call("PUT", path, Map.of("name", "harm", "database", "main", "language", "node"));
    String application = anna.call("GET", path + "/harm", null).path("ID").asText();
    String canary = "slipway-canary-" + System.nanoTime();

    Map<String, byte[]> harmful = new LinkedHashMap<>();
    harmful.put("leads out of the folder", zip(file("../../../" + canary, "x", 0100644)));
    harmful.put(
        "entry \"/tmp/" + canary + "\" leads out", zip(file("/tmp/" + canary, "x", 0100644)));
    harmful.put(
        "entry \"link\" is neither a file nor a folder", zip(file("link", "/etc/passwd", 0120777)));
    harmful.put(
        "entry \"device\" is neither a file nor a folder", zip(file("device", "", 0020666)));
    harmful.put("is there twice", zip(file("a", "1", 0100644), file("a", "2", 0100644)));
    byte[] whole = zip(file("package.json", PACKAGE, 0100644));
    harmful.put("is not a zip file, or is cut off", Arrays.copyOf(whole, whole.length - 10));
    byte[] damaged = zip(file("package.json", PACKAGE, 0100644), file("a", "whole", 0100644));
    // The names come again in the table of contents; what is between was packed.
    damaged[30 + "package.json".length() + 20] ^= 1;
    harmful.put("entry \"package.json\" is damaged or cut off", damaged);
    harmful.put(
        "unpacks to more than 250 times its size",
        zip(file("bomb", "0".repeat(70 << 20), 0100644)));
    for (Map.Entry<String, byte[]> one : harmful.entrySet()) {
      HttpResponse<String> answer = anna.exchange("POST", path + "/harm", upload(one.getValue()));

      JsonNode body = PlatformFromOutside.json(answer.body());
      assertThat(answer.statusCode()).as(one.getKey() + answer.body()).isIn(400, 413);
      assertThat(body.path("code").asText()).isIn("bad-archive", "archive-too-large");
      assertThat(body.path("message").asText()).contains(one.getKey());
      assertThat(kept(one.getValue())).doesNotExist();
    }
    assertThat(anna.call("GET", path + "/harm/versions?details=true", null)).isEmpty();
    assertThat(below(data().resolve("unpacked"), application)).isEmpty();
    assertThat(below(data().resolve("archives/incoming"), ".upload")).isEmpty();
    assertThat(below(data(), canary)).isEmpty();
    assertThat(Path.of("/tmp", canary)).doesNotExist();
    HttpResponse<String> deleted = anna.exchange("DELETE", path + "/harm", Map.of("dropdb", true));
    anna.awaitEnd(deleted.headers().firstValue("Operation-Id").orElseThrow());
    anna.destroy("main");
  }

  @Test
  void oneThatIsTooLargeIsRefusedAndNothingOfItIsKept() throws Exception {
    User anna = outside.register("archivehuge");
    anna.provision("main", "password-of-archives");
    anna.awaitAvailable("main");
    String path = "/v1alpha1/archivehuge/applications";
    anna.call("PUT", path, Map.of("name", "huge", "database", "main", "language", "node"));

    HttpResponse<String> answer = anna.exchange("POST", path + "/huge", megabytes(501));

    assertThat(answer.statusCode()).as(answer.body()).isEqualTo(413);
    JsonNode body = PlatformFromOutside.json(answer.body());
    assertThat(body.path("code").asText()).isEqualTo("archive-too-large");
    assertThat(body.path("message").asText())
        .isEqualTo("the archive is larger than the 500 MB allowed");
    assertThat(below(data().resolve("archives/incoming"), ".upload")).isEmpty();
    assertThat(anna.call("GET", path + "/huge/versions?details=true", null)).isEmpty();
    HttpResponse<String> deleted = anna.exchange("DELETE", path + "/huge", Map.of("dropdb", true));
    anna.awaitEnd(deleted.headers().firstValue("Operation-Id").orElseThrow());
    anna.destroy("main");
  }

  /// A body with an archive of that size, made while it is sent.
  private static HttpRequest.BodyPublisher megabytes(int size) {
    byte[] megabyte = "AAAA".repeat((1 << 20) / 3).getBytes(StandardCharsets.US_ASCII);
    Stream<InputStream> parts =
        Stream.of(
                Stream.of("{\"application_archive\":\"".getBytes(StandardCharsets.US_ASCII)),
                Stream.generate(() -> megabyte).limit(size),
                Stream.of("\"}".getBytes(StandardCharsets.US_ASCII)))
            .flatMap(part -> part)
            .map(ByteArrayInputStream::new);
    return HttpRequest.BodyPublishers.ofInputStream(
        () -> new SequenceInputStream(Collections.enumeration(parts.toList())));
  }

  private record Entry(String name, String content, int mode) {}

  private static Entry file(String name, String content, int mode) {
    return new Entry(name, content, mode);
  }

  private static byte[] zip(Entry... entries) throws IOException {
    var bytes = new ByteArrayOutputStream();
    try (var zip = new ZipArchiveOutputStream(bytes)) {
      for (Entry entry : entries) {
        var header = new ZipArchiveEntry(entry.name());
        header.setUnixMode(entry.mode());
        zip.putArchiveEntry(header);
        zip.write(entry.content().getBytes(StandardCharsets.UTF_8));
        zip.closeArchiveEntry();
      }
    }
    return bytes.toByteArray();
  }

  private static Map<String, String> upload(byte[] archive) {
    return Map.of("application_archive", Base64.getEncoder().encodeToString(archive));
  }

  private static void random(Path file, int size) throws IOException {
    var random = new Random(1);
    byte[] chunk = new byte[1 << 20];
    try (OutputStream out = new BufferedOutputStream(Files.newOutputStream(file))) {
      for (int written = 0; written < size; written += chunk.length) {
        random.nextBytes(chunk);
        out.write(chunk);
      }
    }
  }

  private static Path emptyFolder(PlatformUnderTest platform) throws IOException {
    return Files.createTempDirectory(platform.folder(), "empty");
  }

  /// What a process holds for itself, in bytes: its share of what it has in common with others
  /// included.
  private long memory(String process) {
    try (Stream<String> lines =
        Files.lines(Path.of("/proc", Long.toString(pid(process)), "smaps_rollup"))) {
      return lines
              .filter(line -> line.startsWith("Pss:"))
              .map(line -> line.replaceAll("\\D", ""))
              .mapToLong(Long::parseLong)
              .findFirst()
              .orElseThrow()
          * 1024;
    } catch (IOException failure) {
      throw new IllegalStateException(failure);
    }
  }

  private final Map<String, Long> pids = new ConcurrentHashMap<>();

  private long pid(String process) {
    return pids.computeIfAbsent(process, name -> outside.process(name).pid());
  }

  private Path data() throws IOException {
    return outside.home().resolve("data").toRealPath();
  }

  private Path kept(byte[] archive) throws Exception {
    String digest = HexFormat.of().formatHex(MessageDigest.getInstance("SHA-256").digest(archive));
    return data().resolve("archives/sha256").resolve(digest.substring(0, 2)).resolve(digest);
  }

  private static List<Path> below(Path folder, String named) throws IOException {
    try (Stream<Path> all =
        Files.find(folder, 6, (it, attributes) -> it.getFileName().toString().contains(named))) {
      return all.toList();
    }
  }
}
