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
  public static final String GROUPS = "groups";
  public static final String ADMIN = "admin";
  public static final String MEMBER = "member";

  private InternalToken() {}
}
