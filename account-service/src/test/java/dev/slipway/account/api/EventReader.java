package dev.slipway.account.api;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import dev.slipway.common.outbox.Json;
import io.restassured.RestAssured;
import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStream;
import java.io.InputStreamReader;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.concurrent.CopyOnWriteArrayList;
import org.jspecify.annotations.Nullable;

/// Reads a stream of events as it comes.
final class EventReader implements AutoCloseable {

  final List<String> lines = new CopyOnWriteArrayList<>();
  final List<JsonNode> events = new CopyOnWriteArrayList<>();
  volatile String id = "";
  volatile boolean over;

  private final HttpClient client = HttpClient.newHttpClient();
  private final InputStream stream;

  /// @param token of the gateway
  EventReader(String token, String path, @Nullable String lastEventId) throws Exception {
    HttpRequest.Builder request =
        HttpRequest.newBuilder(URI.create("http://localhost:" + RestAssured.port + path))
            .header("Authorization", "Bearer " + token)
            .header("Accept", "text/event-stream");
    if (lastEventId != null) {
      request.header("Last-Event-ID", lastEventId);
    }
    HttpResponse<InputStream> response =
        client.send(request.build(), HttpResponse.BodyHandlers.ofInputStream());
    assertThat(response.statusCode()).isEqualTo(200);
    assertThat(response.headers().firstValue("Content-Type").orElse(""))
        .startsWith("text/event-stream");
    stream = response.body();
    Thread.ofVirtual().start(this::read);
  }

  List<Long> numbers() {
    return events.stream().map(event -> event.path("number").asLong()).toList();
  }

  private void read() {
    try (var reader = new BufferedReader(new InputStreamReader(stream, StandardCharsets.UTF_8))) {
      String line;
      while ((line = reader.readLine()) != null) {
        lines.add(line);
        if (line.startsWith("id: ")) {
          id = line.substring(4);
        }
        if (line.startsWith("data: ")) {
          JsonNode event = Json.tree(line.substring(6));
          assertThat(event.path("number").asText()).isEqualTo(id);
          events.add(event);
        }
      }
    } catch (IOException cut) {
      // By the test.
    }
    over = true;
  }

  @Override
  public void close() throws IOException {
    stream.close();
    client.close();
  }
}
