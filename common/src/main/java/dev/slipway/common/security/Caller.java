package dev.slipway.common.security;

import dev.slipway.common.error.ApiException;
import dev.slipway.common.error.ErrorCode;
import jakarta.enterprise.context.RequestScoped;
import java.time.Instant;
import org.eclipse.microprofile.jwt.JsonWebToken;
import org.jspecify.annotations.Nullable;

/// Who calls, as account-service vouched for a moment ago. Inject it into a resource; it lives as
/// long as the request.
///
/// Whoever has signed in has an [#identity]. The rest exists from registration on; asked for
/// earlier, the request is refused with the words by which the official client knows that it should
/// register.
@RequestScoped
public class Caller {

  private @Nullable JsonWebToken token;

  void vouchedForBy(JsonWebToken verified) {
    this.token = verified;
  }

  /// The id of the identity that signed in, `idn_…`.
  public String identity() {
    return verified().getSubject();
  }

  /// Whether the identity is a registered user.
  public boolean registered() {
    return verified().containsClaim(InternalToken.USER);
  }

  /// The id of the user, `usr_…`.
  public String user() {
    return claim(InternalToken.USER);
  }

  /// The name of the user. A label: never a key.
  public String userName() {
    return claim(InternalToken.USER_NAME);
  }

  /// The id of the organization, `org_…`. The key for everything an organization owns.
  public String organization() {
    return claim(InternalToken.ORGANIZATION);
  }

  /// The name of the organization at the moment of the call. A label: never a key.
  public String organizationName() {
    return claim(InternalToken.ORGANIZATION_NAME);
  }

  /// Whether the caller owns the organization.
  public boolean admin() {
    return verified().getGroups().contains(InternalToken.ADMIN);
  }

  /// When the caller's own token ends; what takes longer than this call must not outlive it.
  public Instant signedInUntil() {
    return Instant.parse(claim(InternalToken.SIGNED_IN_UNTIL));
  }

  private String claim(String name) {
    String value = verified().getClaim(name);
    if (value == null) {
      throw new ApiException(ErrorCode.USER_NOT_REGISTERED, "user not found in DBOS Cloud");
    }
    return value;
  }

  private JsonWebToken verified() {
    if (token == null) {
      throw new IllegalStateException("asked who calls in a resource that anyone may call");
    }
    return token;
  }
}
