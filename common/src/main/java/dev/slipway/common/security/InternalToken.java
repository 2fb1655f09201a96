package dev.slipway.common.security;

/// The words of the one-minute token that account-service signs and every service verifies.
public final class InternalToken {

  public static final String ISSUER = "slipway-account";
  public static final String AUDIENCE = "slipway-internal";

  /// The header that carries the shared secret between processes of one installation.
  public static final String SECRET_HEADER = "X-Slipway-Internal";

  public static final String ORGANIZATION = "organization";
  public static final String ORGANIZATION_NAME = "organization_name";
  public static final String USER = "user";
  public static final String USER_NAME = "upn";

  /// When the caller's own token ends, as RFC 3339.
  public static final String SIGNED_IN_UNTIL = "signed_in_until";

  public static final String GROUPS = "groups";
  public static final String ADMIN = "admin";
  public static final String MEMBER = "member";

  private InternalToken() {}
}
