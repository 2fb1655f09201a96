package dev.slipway.deploy.binding;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.JsonNode;
import dev.slipway.common.crypto.InstallationKeys;
import dev.slipway.common.operation.DriverFailure;
import dev.slipway.common.outbox.Json;
import dev.slipway.common.security.InternalToken;
import dev.slipway.deploy.domain.Bindings;
import jakarta.enterprise.context.ApplicationScoped;
import jakarta.inject.Inject;
import java.io.IOException;
import java.net.URI;
import java.net.URLEncoder;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.Set;
import org.eclipse.microprofile.config.inject.ConfigProperty;
import org.jspecify.annotations.Nullable;

/// Bindings over HTTP. Every call may be repeated, so whatever is not an answer is worth another
/// try; only what instance-service says itself is final.
@ApplicationScoped
public class InstanceServiceBindings implements Bindings {

  private static final Duration PATIENCE = Duration.ofSeconds(5);
  private static final Set<String> FINAL =
      Set.of("application-not-found", "instance-not-found", "instance-unavailable");

  private final String url;
  private final InstallationKeys keys;

  // Made at first use: binding is rare, and a client holds threads.
  private @Nullable HttpClient client;

  @Inject
  InstanceServiceBindings(
      @ConfigProperty(name = "slipway.instance.url") String url, InstallationKeys keys) {
    this.url = url;
    this.keys = keys;
  }

  /// What is asked for.
  record Wanted(String organization, String instanceName, String applicationName) {}

  @Override
  public Bound bind(
      String organization, String instanceName, String application, String applicationName)
      throws DriverFailure, InterruptedException {
    HttpResponse<String> response =
        send(
            request("/internal/bindings/" + encoded(application))
                .header("Content-Type", "application/json")
                .PUT(
                    HttpRequest.BodyPublishers.ofString(
                        Json.write(new Wanted(organization, instanceName, applicationName))))
                .build());
    return switch (response.statusCode()) {
      case 200 -> bound(response.body());
      case 404, 409 -> throw refused(response.body());
      default -> throw silent("it answered " + response.statusCode(), null);
    };
  }

  @Override
  public void release(String instance, String application)
      throws DriverFailure, InterruptedException {
    delete("/internal/bindings/%s?instance=%s".formatted(encoded(application), encoded(instance)));
  }

  @Override
  public void releaseForGood(String application) throws DriverFailure, InterruptedException {
    delete("/internal/bindings/" + encoded(application));
  }

  private void delete(String path) throws DriverFailure, InterruptedException {
    HttpResponse<String> response = send(request(path).DELETE().build());
    if (response.statusCode() != 204) {
      throw silent("it answered " + response.statusCode(), null);
    }
  }

  private static Bound bound(String body) throws DriverFailure {
    try {
      return Json.read(body, Bound.class);
    } catch (JsonProcessingException notUnderstood) {
      throw silent("its answer is not understood", notUnderstood);
    }
  }

  /// The words are those the official command looks for.
  private static DriverFailure refused(String body) {
    try {
      JsonNode answer = Json.tree(body);
      String code = answer.path("code").asText();
      String message = answer.path("message").asText();
      return FINAL.contains(code)
          ? new DriverFailure.Permanent(code, message)
          : silent("it refused with the code '" + code + "'", null);
    } catch (JsonProcessingException notUnderstood) {
      return silent("its refusal is not understood", notUnderstood);
    }
  }

  private HttpRequest.Builder request(String path) {
    return HttpRequest.newBuilder(URI.create(url + path))
        .timeout(PATIENCE)
        .header(InternalToken.SECRET_HEADER, keys.internalSecret())
        .header("Accept", "application/json");
  }

  private HttpResponse<String> send(HttpRequest request)
      throws DriverFailure, InterruptedException {
    try {
      return client().send(request, HttpResponse.BodyHandlers.ofString());
    } catch (IOException problem) {
      throw silent("it cannot be asked", problem);
    }
  }

  private static DriverFailure silent(String context, @Nullable Throwable cause) {
    return new DriverFailure.Transient(
        "instance-service-unavailable",
        "The instances cannot be asked at the moment",
        new IOException("instance-service: " + context, cause));
  }

  private synchronized HttpClient client() {
    HttpClient made = client;
    if (made == null) {
      made =
          HttpClient.newBuilder()
              .version(HttpClient.Version.HTTP_1_1)
              .connectTimeout(PATIENCE)
              .build();
      client = made;
    }
    return made;
  }

  private static String encoded(String text) {
    return URLEncoder.encode(text, StandardCharsets.UTF_8);
  }
}
