package dev.slipway.account.api;

import com.fasterxml.jackson.annotation.JsonProperty;
import dev.slipway.account.signin.SigningKeys;
import dev.slipway.common.security.Anonymous;
import io.smallrye.common.annotation.RunOnVirtualThread;
import jakarta.ws.rs.GET;
import jakarta.ws.rs.Path;
import java.math.BigInteger;
import java.util.Arrays;
import java.util.Base64;
import java.util.List;
import org.eclipse.microprofile.config.inject.ConfigProperty;
import org.eclipse.microprofile.openapi.annotations.Operation;
import org.eclipse.microprofile.openapi.annotations.tags.Tag;

/// What verifiers of access tokens need to know.
@Path("/.well-known")
@Tag(name = "sign-in")
@Anonymous
@RunOnVirtualThread
public class WellKnownResource {

  /// A public key (RFC 7517).
  public record Jwk(
      @JsonProperty("kty") String type,
      @JsonProperty("use") String use,
      @JsonProperty("alg") String algorithm,
      @JsonProperty("kid") String id,
      @JsonProperty("n") String modulus,
      @JsonProperty("e") String exponent) {}

  /// The keys of all access tokens that may be valid.
  public record KeySet(List<Jwk> keys) {}

  /// Discovery (OpenID Connect), as far as there is something to discover.
  public record Discovery(
      @JsonProperty("issuer") String issuer,
      @JsonProperty("device_authorization_endpoint") String deviceAuthorization,
      @JsonProperty("token_endpoint") String token,
      @JsonProperty("revocation_endpoint") String revocation,
      @JsonProperty("jwks_uri") String keys,
      @JsonProperty("grant_types_supported") List<String> grantTypes,
      @JsonProperty("response_types_supported") List<String> responseTypes,
      @JsonProperty("scopes_supported") List<String> scopes,
      @JsonProperty("token_endpoint_auth_methods_supported") List<String> authentication,
      @JsonProperty("subject_types_supported") List<String> subjects,
      @JsonProperty("id_token_signing_alg_values_supported") List<String> algorithms) {}

  private final SigningKeys keys;
  private final String url;

  WellKnownResource(SigningKeys keys, @ConfigProperty(name = "slipway.public.url") String url) {
    this.keys = keys;
    this.url = url;
  }

  @GET
  @Path("/jwks.json")
  @Operation(summary = "The public keys of access tokens")
  public KeySet keySet() {
    return new KeySet(
        keys.published().stream()
            .map(
                key ->
                    new Jwk(
                        "RSA",
                        "sig",
                        "RS256",
                        key.id(),
                        encode(key.key().getModulus()),
                        encode(key.key().getPublicExponent())))
            .toList());
  }

  @GET
  @Path("/openid-configuration")
  @Operation(summary = "Where sign-in takes place")
  public Discovery discovery() {
    return new Discovery(
        url + "/",
        url + "/oauth/device/code",
        url + "/oauth/token",
        url + "/oauth/revoke",
        url + "/.well-known/jwks.json",
        List.of(OAuthResource.DEVICE_CODE, OAuthResource.REFRESH_TOKEN, OAuthResource.PASSWORD),
        List.of(),
        List.of("sub", "openid", "profile", "email", "offline_access"),
        List.of("none"),
        List.of("public"),
        List.of("RS256"));
  }

  /// Unsigned and big-endian, without the sign byte that Java puts before it.
  private static String encode(BigInteger number) {
    byte[] bytes = number.toByteArray();
    byte[] unsigned =
        bytes.length > 1 && bytes[0] == 0 ? Arrays.copyOfRange(bytes, 1, bytes.length) : bytes;
    return Base64.getUrlEncoder().withoutPadding().encodeToString(unsigned);
  }
}
