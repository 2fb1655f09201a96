package dev.slipway.account.membership;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import dev.slipway.common.crypto.InstallationKeys;
import dev.slipway.common.error.ApiException;
import dev.slipway.common.error.ErrorCode;
import dev.slipway.common.security.InternalToken;
import jakarta.enterprise.context.ApplicationScoped;
import java.io.IOException;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.time.Duration;
import org.eclipse.microprofile.config.inject.ConfigProperty;
import org.jspecify.annotations.Nullable;

/// Asks instance-service. No answer means no: the caller tries again, and nothing has changed.
@ApplicationScoped
class InstanceServiceUsage implements OrganizationUsage {

  private static final Duration PATIENCE = Duration.ofSeconds(3);

  private final String url;
  private final InstallationKeys keys;
  private final ObjectMapper json;

  // Made at first use: joining is rare, and a client holds threads.
  private @Nullable HttpClient client;

  InstanceServiceUsage(
      @ConfigProperty(name = "slipway.instance.url") String url,
      InstallationKeys keys,
      ObjectMapper json) {
    this.url = url;
    this.keys = keys;
    this.json = json;
  }

  @Override
  public long instancesOf(String organization) {
    HttpRequest request =
        HttpRequest.newBuilder(
                URI.create(url + "/internal/organizations/" + organization + "/usage"))
            .timeout(PATIENCE)
            .header(InternalToken.SECRET_HEADER, keys.internalSecret())
            .header("Accept", "application/json")
            .GET()
            .build();
    try {
      HttpResponse<String> response = client().send(request, HttpResponse.BodyHandlers.ofString());
      if (response.statusCode() != 200) {
        throw unavailable("it answered " + response.statusCode(), null);
      }
      JsonNode instances = json.readTree(response.body()).get("instances");
      if (instances == null || !instances.isIntegralNumber()) {
        throw unavailable("it answered without a number of instances", null);
      }
      return instances.longValue();
    } catch (IOException problem) {
      throw unavailable("it cannot be asked", problem);
    } catch (InterruptedException interrupted) {
      Thread.currentThread().interrupt();
      throw unavailable("interrupted", interrupted);
    }
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

  private static ApiException unavailable(String context, @Nullable Throwable cause) {
    var refusal =
        ApiException.of(
                ErrorCode.UNAVAILABLE,
                "what your organization owns cannot be found out at the moment, and nothing was changed;"
                    + " try again shortly")
            .header("Retry-After", "2")
            .internally("instance-service: " + context);
    if (cause != null) {
      refusal.cause(cause);
    }
    return refusal.build();
  }
}
