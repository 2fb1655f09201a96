package dev.slipway.deploy.api;

import com.fasterxml.jackson.annotation.JsonProperty;
import dev.slipway.common.crypto.InstallationKeys;
import dev.slipway.common.error.ApiException;
import dev.slipway.common.operation.api.KeyedCalls;
import dev.slipway.common.security.Caller;
import dev.slipway.deploy.configuration.SecretNames;
import dev.slipway.deploy.domain.Application;
import dev.slipway.deploy.domain.Secrets;
import dev.slipway.deploy.persistence.ApplicationViews;
import io.smallrye.common.annotation.RunOnVirtualThread;
import jakarta.inject.Inject;
import jakarta.validation.Valid;
import jakarta.validation.constraints.NotNull;
import jakarta.ws.rs.DELETE;
import jakarta.ws.rs.GET;
import jakarta.ws.rs.HeaderParam;
import jakarta.ws.rs.POST;
import jakarta.ws.rs.Path;
import jakarta.ws.rs.PathParam;
import jakarta.ws.rs.Produces;
import jakarta.ws.rs.core.MediaType;
import jakarta.ws.rs.core.Response;
import java.nio.charset.StandardCharsets;
import java.sql.SQLException;
import java.util.Base64;
import java.util.List;
import org.jspecify.annotations.Nullable;

/// Secrets of applications, by name: a value that was put is encrypted on arrival, and nobody reads
/// it here again. They are in force from the next deploy on.
///
/// The statuses are exact: the official command takes every other one for a failure.
@Path("/v1alpha1/{org}")
@Produces(MediaType.APPLICATION_JSON)
@RunOnVirtualThread
public class SecretsResource {

  /// A secret to add or to replace.
  ///
  /// @param value may be empty
  public record SecretRequest(
      @JsonProperty("ApplicationName") @NotNull(message = "is missing") String application,
      @JsonProperty("SecretName") @NotNull(message = "is missing") String name,
      @JsonProperty("ClearSecretValue") @NotNull(message = "is missing") String value) {

    @Override
    public String toString() {
      return "SecretRequest[" + application + ' ' + name + ']';
    }
  }

  private final ApplicationRequests requests;
  private final ApplicationViews views;
  private final Secrets secrets;
  private final KeyedCalls calls;
  private final Caller caller;
  private final InstallationKeys keys;

  @Inject
  SecretsResource(
      ApplicationRequests requests,
      ApplicationViews views,
      Secrets secrets,
      KeyedCalls calls,
      Caller caller,
      InstallationKeys keys) {
    this.requests = requests;
    this.views = views;
    this.secrets = secrets;
    this.calls = calls;
    this.caller = caller;
    this.keys = keys;
  }

  @POST
  @Path("applications/secrets")
  public Response put(
      @NotNull @Valid SecretRequest body, @HeaderParam("Idempotency-Key") @Nullable String key)
      throws SQLException {
    SecretNames.problem(body.name())
        .ifPresent(
            problem -> {
              throw ApplicationErrors.invalid("SecretName", problem);
            });
    byte[] value = body.value().getBytes(StandardCharsets.UTF_8);
    if (value.length > Rules.MOST_SECRET_BYTES || body.value().indexOf('\0') >= 0) {
      throw ApplicationErrors.invalid(
          "ClearSecretValue",
          "must be at most %d bytes, and without NUL".formatted(Rules.MOST_SECRET_BYTES));
    }
    calls.change(
        caller.organization(),
        calls.key("POST applications/secrets", key, body),
        connection -> {
          Application application = requests.existing(body.application());
          // Two at once could otherwise both be the last that has room.
          views.lock(application.id());
          List<String> names = secrets.names(application.id());
          if (names.size() >= Rules.MOST_SECRETS && !names.contains(body.name())) {
            throw new ApiException(
                ApplicationErrors.TOO_MANY_SECRETS,
                "application %s has %d secrets already, and there is no room for more"
                    .formatted(application.name(), names.size()));
          }
          String purpose = Secrets.purpose(application.id(), body.name());
          secrets.put(
              application.id(),
              body.name(),
              Base64.getEncoder().encodeToString(keys.encrypt(value, purpose)));
          return application.id();
        });
    return Response.ok().build();
  }

  @GET
  @Path("applications/{app}/secrets")
  public List<String> list(@PathParam("app") String name) {
    return secrets.names(requests.existing(name).id());
  }

  @DELETE
  @Path("applications/{app}/secrets/{secret}")
  public Response remove(
      @PathParam("app") String name,
      @PathParam("secret") String secret,
      @HeaderParam("Idempotency-Key") @Nullable String key)
      throws SQLException {
    calls.change(
        caller.organization(),
        calls.key("DELETE applications/%s/secrets/%s".formatted(name, secret), key, ""),
        connection -> {
          Application application = requests.existing(name);
          if (!secrets.remove(application.id(), secret)) {
            throw new ApiException(
                ApplicationErrors.SECRET_NOT_FOUND,
                "secret %s of application %s not found".formatted(secret, name));
          }
          return application.id();
        });
    return Response.noContent().build();
  }
}
