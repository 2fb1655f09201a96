package dev.slipway.account.membership;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import dev.slipway.account.domain.Owned;
import dev.slipway.common.crypto.InstallationKeys;
import dev.slipway.common.error.ApiException;
import dev.slipway.common.error.ErrorCode;
import dev.slipway.common.security.InternalToken;
import jakarta.enterprise.context.ApplicationScoped;
import java.io.IOException;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpRequest.BodyPublishers;
import java.net.http.HttpResponse;
import java.time.Duration;
import org.eclipse.microprofile.config.inject.ConfigProperty;
import org.jspecify.annotations.Nullable;

/// Asks every service that owns something of an organization. No answer means no: the caller tries
/// again, and nothing has changed.
@ApplicationScoped
class OwnersUsage implements OrganizationUsage {

  private static final Duration PATIENCE = Duration.ofSeconds(3);

  private final String instanceService;
  private final String deployService;
  private final InstallationKeys keys;
  private final ObjectMapper json;

  // Made at first use: joining is rare, and a client holds threads.
  private @Nullable HttpClient client;

  OwnersUsage(
      @ConfigProperty(name = "slipway.instance.url") String instanceService,
      @ConfigProperty(name = "slipway.deploy.url") String deployService,
      InstallationKeys keys,
      ObjectMapper json) {
    this.instanceService = instanceService;
    this.deployService = deployService;
    this.keys = keys;
    this.json = json;
  }

  @Override
  public Owned ofOneBeingLeft(String organization) {
    String path = "/internal/organizations/" + organization;
    // No application begins where no instance is.
    return new Owned(
        count(
            asking(instanceService + path + "/departure").POST(BodyPublishers.noBody()),
            "instances"),
        count(asking(deployService + path + "/usage").GET(), "applications"));
  }

  private HttpRequest.Builder asking(String url) {
    return HttpRequest.newBuilder(URI.create(url))
        .timeout(PATIENCE)
        .header(InternalToken.SECRET_HEADER, keys.internalSecret())
        .header("Accept", "application/json");
  }

  private long count(HttpRequest.Builder asking, String what) {
    HttpRequest request = asking.build();
    try {
      HttpResponse<String> response = client().send(request, HttpResponse.BodyHandlers.ofString());
      if (response.statusCode() != 200) {
        throw unavailable(what + " are answered with " + response.statusCode(), null);
      }
      JsonNode number = json.readTree(response.body()).get(what);
      if (number == null || !number.isIntegralNumber()) {
        throw unavailable("the answer has no number of " + what, null);
      }
      return number.longValue();
    } catch (IOException problem) {
      throw unavailable("the owner of " + what + " cannot be asked", problem);
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
            .internally(context);
    if (cause != null) {
      refusal.cause(cause);
    }
    return refusal.build();
  }
}
