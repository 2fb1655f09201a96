package dev.slipway.instance.driver.docker;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;
import static org.awaitility.Awaitility.await;

import com.sun.net.httpserver.HttpExchange;
import com.sun.net.httpserver.HttpServer;
import dev.slipway.common.operation.DriverFailure;
import java.io.IOException;
import java.io.OutputStream;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.time.Duration;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.Executors;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/// An image that is not there, on an engine that answers what the interface's documentation has, a
/// line whenever the test says so.
@Timeout(value = 15, unit = TimeUnit.MINUTES)
final class PulledImageTest {

  private static final String IMAGE = "registry.example/postgres:18";
  private static final Duration PATIENCE = Duration.ofMinutes(2);
  private static final String END = "";

  private final BlockingQueue<String> lines = new LinkedBlockingQueue<>();
  private final AtomicInteger pulls = new AtomicInteger();
  private volatile boolean there;

  @SuppressWarnings("NullAway.Init") // set before each test
  private HttpServer engine;

  @SuppressWarnings("NullAway.Init") // set before each test
  private DockerInstanceDriver driver;

  @BeforeEach
  void open(@TempDir Path folder) throws IOException {
    engine = HttpServer.create(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0), 0);
    engine.setExecutor(Executors.newVirtualThreadPerTaskExecutor());
    engine.createContext("/", this::answer);
    engine.start();
    driver = DockerStage.at("tcp://127.0.0.1:" + engine.getAddress().getPort(), IMAGE, folder);
  }

  @AfterEach
  void close() {
    lines.add(END);
    driver.close();
    engine.stop(0);
  }

  private void answer(HttpExchange exchange) throws IOException {
    String path = exchange.getRequestURI().getPath();
    try (exchange) {
      if (path.endsWith("/images/create")) {
        pulls.incrementAndGet();
        exchange.getResponseHeaders().add("Content-Type", "application/json");
        exchange.sendResponseHeaders(200, 0);
        stream(exchange.getResponseBody());
      } else if (path.contains("/images/")) {
        say(exchange, there ? 200 : 404, there ? "{\"Id\":\"sha256:1\"}" : "no such image");
      } else if (path.endsWith("/info")) {
        say(exchange, 200, "{\"NCPU\":2}");
      } else {
        say(exchange, 200, "[]");
      }
    }
  }

  private static void say(HttpExchange exchange, int status, String text) throws IOException {
    String body = status == 200 ? text : "{\"message\":\"%s: %s\"}".formatted(text, IMAGE);
    byte[] bytes = body.getBytes(StandardCharsets.UTF_8);
    exchange.getResponseHeaders().add("Content-Type", "application/json");
    exchange.sendResponseHeaders(status, bytes.length);
    exchange.getResponseBody().write(bytes);
  }

  private void stream(OutputStream out) throws IOException {
    try {
      for (String line = lines.take(); !line.equals(END); line = lines.take()) {
        out.write((line + "\r\n").getBytes(StandardCharsets.UTF_8));
        out.flush();
      }
    } catch (InterruptedException stopped) {
      Thread.currentThread().interrupt();
    }
  }

  private void pulling(String words) {
    assertThatExceptionOfType(DriverFailure.Transient.class)
        .isThrownBy(driver::prepare)
        .withMessage(words)
        .extracting(DriverFailure::code)
        .isEqualTo("image-pulling");
  }

  @Test
  void progressIsToldUntilTheImageIsThere() throws Exception {
    pulling("pulling the image " + IMAGE);
    lines.add("{\"status\":\"Pulling from postgres\",\"id\":\"18\"}");
    lines.add("{\"status\":\"Pulling fs layer\",\"progressDetail\":{},\"id\":\"a1\"}");
    lines.add(
        "{\"status\":\"Downloading\",\"progressDetail\":{\"current\":1048576,\"total\":8388608},\"progress\":\"[=>    ]\",\"id\":\"a1\"}");
    lines.add(
        "{\"status\":\"Downloading\",\"progressDetail\":{\"current\":2097152,\"total\":4194304},\"progress\":\"[==>   ]\",\"id\":\"b2\"}");
    await()
        .atMost(PATIENCE)
        .untilAsserted(() -> pulling("pulling the image %s: 3 of 12 MB".formatted(IMAGE)));
    lines.add(
        "{\"status\":\"Downloading\",\"progressDetail\":{\"current\":8388608,\"total\":8388608},\"progress\":\"[=====>]\",\"id\":\"a1\"}");
    lines.add("{\"status\":\"Download complete\",\"progressDetail\":{},\"id\":\"a1\"}");
    lines.add(
        "{\"status\":\"Extracting\",\"progressDetail\":{\"current\":65536,\"total\":8388608},\"id\":\"a1\"}");
    await()
        .atMost(PATIENCE)
        .untilAsserted(() -> pulling("pulling the image %s: 10 of 12 MB".formatted(IMAGE)));
    there = true;
    lines.add("{\"status\":\"Status: Downloaded newer image for %s\"}".formatted(IMAGE));
    lines.add(END);

    driver.prepare();

    assertThat(pulls).as("whoever asks, it is pulled once").hasValue(1);
  }

  @Test
  void errorOfTheRegistryIsSaidWithWhatToDo() {
    pulling("pulling the image " + IMAGE);
    lines.add("{\"status\":\"Pulling from postgres\",\"id\":\"18\"}");
    lines.add(
        "{\"errorDetail\":{\"message\":\"manifest for %1$s not found\"},\"error\":\"manifest for %1$s not found\"}"
            .formatted(IMAGE));
    lines.add(END);

    await()
        .atMost(PATIENCE)
        .untilAsserted(
            () ->
                assertThatExceptionOfType(DriverFailure.Permanent.class)
                    .isThrownBy(driver::prepare)
                    .withMessageContaining("manifest for %s not found".formatted(IMAGE))
                    .withMessageContaining("docker pull " + IMAGE)
                    .extracting(DriverFailure::code)
                    .isEqualTo("image-missing"));
  }
}
