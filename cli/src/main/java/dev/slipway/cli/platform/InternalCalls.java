package dev.slipway.cli.platform;

import com.fasterxml.jackson.databind.JsonNode;
import dev.slipway.cli.console.CommandFailure;
import dev.slipway.cli.console.Json;
import dev.slipway.cli.console.Surroundings;
import java.io.IOException;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpRequest.BodyPublishers;
import java.net.http.HttpResponse;
import java.net.http.HttpResponse.BodyHandlers;
import java.nio.file.Files;
import java.time.Duration;
import org.jspecify.annotations.Nullable;

/// What whoever runs the platform may ask its services, around the gateway: on this machine, with
/// the secret in the platform's home, which nobody else can read.
public final class InternalCalls {

  private static final Duration PATIENCE = Duration.ofMinutes(2);

  private final PlatformHome home;
  private final PlatformSettings settings;
  private final Duration patience;
  private final HttpClient http =
      HttpClient.newBuilder().connectTimeout(Duration.ofSeconds(2)).build();

  private InternalCalls(PlatformHome home, PlatformSettings settings, Duration patience) {
    this.home = home;
    this.settings = settings;
    this.patience = patience;
  }

  /// @throws CommandFailure when no platform was ever started in this home
  public static InternalCalls of(Surroundings surroundings) {
    return of(surroundings, PATIENCE);
  }

  /// @param patience with each call
  /// @throws CommandFailure when no platform was ever started in this home
  public static InternalCalls of(Surroundings surroundings, Duration patience) {
    PlatformHome home = PlatformHome.of(surroundings);
    return new InternalCalls(
        home, PlatformSettings.read(home).orElseThrow(() -> notRunning(home)), patience);
  }

  public PlatformHome home() {
    return home;
  }

  /// Calls `/internal` of a service, if it lives: whoever has its port since must not get to know
  /// the secret.
  public JsonNode call(String service, String method, String path, @Nullable JsonNode body)
      throws IOException, InterruptedException {
    if (RunFile.read(home.run(service)).filter(it -> it.identity().alive()).isEmpty()) {
      throw PlatformStatus.read(home, false).running() ? silent(service, null) : notRunning(home);
    }
    HttpRequest request =
        HttpRequest.newBuilder(
                URI.create(
                    "http://127.0.0.1:%d/internal%s".formatted(settings.port(service), path)))
            .timeout(patience)
            .header("X-Slipway-Internal", secret())
            .header("Content-Type", "application/json")
            .method(
                method,
                body == null ? BodyPublishers.noBody() : BodyPublishers.ofString(body.toString()))
            .build();
    HttpResponse<String> answer;
    try {
      answer = http.send(request, BodyHandlers.ofString());
    } catch (IOException silent) {
      throw silent(service, silent);
    }
    @Nullable JsonNode said = json(answer.body());
    if (answer.statusCode() >= 300) {
      @Nullable String message = said == null ? null : Json.text(said, "message");
      @Nullable String code = said == null ? null : Json.text(said, "code");
      throw CommandFailure.failed(
              code == null ? "status-" + answer.statusCode() : code,
              message == null
                  ? "%s answered with status %d".formatted(service, answer.statusCode())
                  : message)
          .status(answer.statusCode())
          .build();
    }
    if (said == null) {
      throw CommandFailure.failed("no-json", "%s gave an answer that is no JSON".formatted(service))
          .next("See `slipway status`.")
          .build();
    }
    return said;
  }

  private static @Nullable JsonNode json(String body) {
    try {
      return Json.MAPPER.readTree(body);
    } catch (IOException other) {
      return null;
    }
  }

  private String secret() {
    try {
      return Files.readString(home.keys().resolve("internal.secret")).strip();
    } catch (IOException closed) {
      throw CommandFailure.failed(
              "not-the-operator", "the keys in %s cannot be read".formatted(home.keys()))
          .next("This is for whoever runs the platform, on its machine.")
          .cause(closed)
          .build();
    }
  }

  private static CommandFailure silent(String service, @Nullable Throwable cause) {
    CommandFailure.Builder failure =
        CommandFailure.failed("not-answering", "%s does not answer".formatted(service))
            .next("Try again in a moment; see `slipway status`.");
    return cause == null ? failure.build() : failure.cause(cause).build();
  }

  private static CommandFailure notRunning(PlatformHome home) {
    return CommandFailure.failed("not-running", "no platform runs in %s".formatted(home.path()))
        .next("Start it with `slipway up --detach`; see `slipway status`.")
        .build();
  }
}
