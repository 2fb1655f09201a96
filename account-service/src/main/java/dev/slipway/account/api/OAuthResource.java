package dev.slipway.account.api;

import com.fasterxml.jackson.annotation.JsonProperty;
import dev.slipway.account.audit.Origin;
import dev.slipway.account.domain.Lifetimes;
import dev.slipway.account.signin.DeviceAuthorizations;
import dev.slipway.account.signin.Grants;
import dev.slipway.account.signin.Identities;
import dev.slipway.account.signin.OAuthRefusal;
import dev.slipway.account.signin.Tokens;
import dev.slipway.common.security.Anonymous;
import io.smallrye.common.annotation.RunOnVirtualThread;
import io.vertx.ext.web.RoutingContext;
import jakarta.ws.rs.Consumes;
import jakarta.ws.rs.POST;
import jakarta.ws.rs.Path;
import jakarta.ws.rs.core.HttpHeaders;
import jakarta.ws.rs.core.MediaType;
import jakarta.ws.rs.core.MultivaluedMap;
import jakarta.ws.rs.core.Response;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.eclipse.microprofile.config.inject.ConfigProperty;
import org.eclipse.microprofile.openapi.annotations.Operation;
import org.eclipse.microprofile.openapi.annotations.tags.Tag;
import org.jspecify.annotations.Nullable;

/// OAuth 2.0 as the official client's identity provider speaks it: bodies as forms or as JSON,
/// refusals as `{"error","error_description"}` with that provider's statuses.
@Path("/oauth")
@Tag(name = "sign-in")
@Anonymous
@RunOnVirtualThread
public class OAuthResource {

  static final String DEVICE_CODE = "urn:ietf:params:oauth:grant-type:device_code";
  static final String REFRESH_TOKEN = "refresh_token";
  static final String PASSWORD = "password";

  /// Longer ones are nobody's code, token, name or password.
  private static final int LONGEST_PARAMETER = 4_096;

  /// What a device gets to show and to poll with. Times are in seconds.
  public record DeviceCode(
      @JsonProperty("device_code") String deviceCode,
      @JsonProperty("user_code") String userCode,
      @JsonProperty("verification_uri") String verificationUri,
      @JsonProperty("verification_uri_complete") String verificationUriComplete,
      @JsonProperty("expires_in") long expiresIn,
      @JsonProperty("interval") long interval) {

    /// Keeps the code out of logs.
    @Override
    public String toString() {
      return "DeviceCode[userCode=" + userCode + "]";
    }
  }

  private final DeviceAuthorizations devices;
  private final Grants grants;
  private final Identities identities;
  private final String activationPage;

  OAuthResource(
      DeviceAuthorizations devices,
      Grants grants,
      Identities identities,
      @ConfigProperty(name = "slipway.public.url") String url) {
    this.devices = devices;
    this.grants = grants;
    this.identities = identities;
    this.activationPage = url + "/activate";
  }

  @POST
  @Path("/device/code")
  @Consumes(MediaType.APPLICATION_FORM_URLENCODED)
  @Operation(summary = "Begin the device flow (RFC 8628)")
  public Response deviceCodeByForm(MultivaluedMap<String, String> form, RoutingContext request) {
    return deviceCode(parameters(form), request);
  }

  @POST
  @Path("/device/code")
  @Consumes(MediaType.APPLICATION_JSON)
  @Operation(hidden = true)
  public Response deviceCodeByJson(@Nullable Map<String, Object> body, RoutingContext request) {
    return deviceCode(parameters(body), request);
  }

  @POST
  @Path("/token")
  @Consumes(MediaType.APPLICATION_FORM_URLENCODED)
  @Operation(summary = "Get tokens for a device code, a refresh token, or a name and password")
  public Response tokenByForm(MultivaluedMap<String, String> form, RoutingContext request) {
    return token(parameters(form), request);
  }

  @POST
  @Path("/token")
  @Consumes(MediaType.APPLICATION_JSON)
  @Operation(hidden = true)
  public Response tokenByJson(@Nullable Map<String, Object> body, RoutingContext request) {
    return token(parameters(body), request);
  }

  @POST
  @Path("/revoke")
  @Consumes(MediaType.APPLICATION_FORM_URLENCODED)
  @Operation(summary = "Revoke a refresh token (RFC 7009)")
  public Response revokeByForm(MultivaluedMap<String, String> form, RoutingContext request) {
    return revoke(parameters(form), request);
  }

  @POST
  @Path("/revoke")
  @Consumes(MediaType.APPLICATION_JSON)
  @Operation(hidden = true)
  public Response revokeByJson(@Nullable Map<String, Object> body, RoutingContext request) {
    return revoke(parameters(body), request);
  }

  private Response deviceCode(Map<String, String> parameters, RoutingContext request) {
    identities.countRequest(CallerAddress.of(request));
    DeviceAuthorizations.Begun begun =
        devices.begin(
            required(parameters, "client_id"), parameters.get("scope"), parameters.get("audience"));
    return uncached(
        new DeviceCode(
            begun.deviceCode(),
            begun.userCode(),
            activationPage,
            activationPage + "?user_code=" + begun.userCode(),
            Lifetimes.DEVICE_CODE.toSeconds(),
            Lifetimes.DEVICE_POLL.toSeconds()));
  }

  private Response token(Map<String, String> parameters, RoutingContext request) {
    String grantType = required(parameters, "grant_type");
    String client = required(parameters, "client_id");
    Origin origin = CallerAddress.origin(request);
    Tokens tokens =
        switch (grantType) {
          case DEVICE_CODE ->
              grants.byDeviceCode(client, required(parameters, "device_code"), origin);
          case REFRESH_TOKEN ->
              grants.byRefreshToken(client, required(parameters, "refresh_token"), origin);
          case PASSWORD ->
              grants.byPassword(
                  client,
                  required(parameters, "username"),
                  required(parameters, "password"),
                  parameters.get("scope"),
                  origin);
          default -> throw OAuthRefusal.unsupportedGrantType();
        };
    return uncached(tokens);
  }

  private Response revoke(Map<String, String> parameters, RoutingContext request) {
    grants.revoke(
        required(parameters, "client_id"),
        required(parameters, "token"),
        CallerAddress.origin(request));
    return uncached(Map.of());
  }

  private static Response uncached(Object entity) {
    return Response.ok(entity, MediaType.APPLICATION_JSON_TYPE)
        .header(HttpHeaders.CACHE_CONTROL, "no-store")
        .build();
  }

  private static String required(Map<String, String> parameters, String name) {
    String value = parameters.get(name);
    if (value == null || value.isEmpty()) {
      throw OAuthRefusal.invalidRequest("Missing required parameter: " + name);
    }
    return value;
  }

  private static Map<String, String> parameters(MultivaluedMap<String, String> form) {
    Map<String, String> parameters = new HashMap<>();
    for (Map.Entry<String, List<String>> entry : form.entrySet()) {
      if (entry.getValue().size() > 1) {
        throw OAuthRefusal.invalidRequest("A parameter is given more than once");
      }
      put(parameters, entry.getKey(), entry.getValue().getFirst());
    }
    return parameters;
  }

  private static Map<String, String> parameters(@Nullable Map<String, Object> body) {
    Map<String, String> parameters = new HashMap<>();
    if (body != null) {
      body.forEach(
          (name, value) -> {
            if (value instanceof String text) {
              put(parameters, name, text);
            } else if (value != null) {
              throw OAuthRefusal.invalidRequest("Parameters are strings");
            }
          });
    }
    return parameters;
  }

  private static void put(Map<String, String> parameters, String name, String value) {
    if (value.length() > LONGEST_PARAMETER) {
      throw OAuthRefusal.invalidRequest("A parameter is too long");
    }
    if (value.indexOf('\0') >= 0) {
      throw OAuthRefusal.invalidRequest("A parameter contains a NUL character");
    }
    parameters.put(name, value);
  }
}
