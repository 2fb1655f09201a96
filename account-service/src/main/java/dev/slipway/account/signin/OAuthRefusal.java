package dev.slipway.account.signin;

/// A grant is refused, in the words of OAuth with Auth0's statuses, which the official client was
/// written for.
public final class OAuthRefusal extends RuntimeException {

  private final String error;
  private final int status;

  private OAuthRefusal(String error, int status, String description) {
    super(description, null, false, false);
    this.error = error;
    this.status = status;
  }

  /// The stable word: `invalid_grant`.
  public String error() {
    return error;
  }

  public int status() {
    return status;
  }

  public static OAuthRefusal invalidRequest(String description) {
    return new OAuthRefusal("invalid_request", 400, description);
  }

  public static OAuthRefusal invalidClient() {
    return new OAuthRefusal("invalid_client", 401, "Unknown client_id");
  }

  public static OAuthRefusal unknownAudience() {
    return new OAuthRefusal(
        "access_denied", 403, "Unknown audience; it is " + AccessTokens.AUDIENCE);
  }

  public static OAuthRefusal unsupportedGrantType() {
    return new OAuthRefusal(
        "unsupported_grant_type",
        403,
        "Unsupported grant_type; supported are password, refresh_token and"
            + " urn:ietf:params:oauth:grant-type:device_code");
  }

  public static OAuthRefusal invalidGrant(String description) {
    return new OAuthRefusal("invalid_grant", 403, description);
  }

  static OAuthRefusal authorizationPending() {
    return new OAuthRefusal("authorization_pending", 403, "User has yet to authorize device code");
  }

  static OAuthRefusal slowDown() {
    return new OAuthRefusal("slow_down", 429, "You are polling faster than the specified interval");
  }

  static OAuthRefusal accessDenied() {
    return new OAuthRefusal("access_denied", 403, "User cancelled the confirmation prompt");
  }

  static OAuthRefusal expiredToken() {
    return new OAuthRefusal("expired_token", 403, "The device code has expired; log in again");
  }
}
