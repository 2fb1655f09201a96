package dev.slipway.account.signin;

import dev.slipway.account.audit.AuditLog;
import dev.slipway.account.audit.AuditLog.SignIn;
import dev.slipway.account.audit.Origin;
import dev.slipway.account.domain.AuditedAction;
import dev.slipway.account.domain.Lifetimes;
import dev.slipway.account.domain.Secret;
import dev.slipway.account.persistence.RefreshToken;
import dev.slipway.common.id.Identifiers;
import io.quarkus.narayana.jta.QuarkusTransaction;
import jakarta.enterprise.context.ApplicationScoped;
import java.time.Clock;
import java.time.Instant;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/// Exchanges proof of a sign-in for tokens.
@ApplicationScoped
public class Grants {

  /// The official client's two ids, which it picks by the domain it talks to, and our own.
  public static final Set<String> CLIENTS =
      Set.of("6p7Sjxf13cyLMkdwn14MxlH7JdhILled", "G38fLmVErczEo9ioCFjVIHea6yd0qMZu", "slipway");

  private static final String OFFLINE_ACCESS = "offline_access";
  private static final Set<String> SCOPES =
      Set.of("sub", "openid", "profile", "email", OFFLINE_ACCESS);

  private final Identities identities;
  private final AccessTokens accessTokens;
  private final DeviceAuthorizations devices;
  private final AuditLog audit;
  private final Clock clock;

  Grants(
      Identities identities,
      AccessTokens accessTokens,
      DeviceAuthorizations devices,
      AuditLog audit,
      Clock clock) {
    this.audit = audit;
    this.identities = identities;
    this.accessTokens = accessTokens;
    this.devices = devices;
    this.clock = clock;
  }

  public Tokens byPassword(
      String client, String name, String password, @Nullable String scope, Origin origin) {
    requireClient(client);
    Optional<String> identity = identities.signIn(name, password, origin.address());
    if (identity.isEmpty()) {
      OAuthRefusal refusal = OAuthRefusal.invalidGrant("Wrong name or password");
      audit.failedToSignIn(name, "/oauth/token", origin, refusal.status());
      throw refusal;
    }
    return issue(identity.get(), client, known(scope), origin);
  }

  public Tokens byDeviceCode(String client, String deviceCode, Origin origin) {
    requireClient(client);
    DeviceAuthorizations.Approved approved = devices.poll(client, deviceCode);
    return issue(approved.identity(), client, approved.scope(), origin);
  }

  public Tokens byRefreshToken(String client, String token, Origin origin) {
    requireClient(client);
    Instant now = clock.instant();
    RefreshToken found =
        QuarkusTransaction.requiringNew()
            .call(
                () -> {
                  RefreshToken row = RefreshToken.lock(Secret.hash(token));
                  if (row == null
                      || !row.client.equals(client)
                      || row.revokedAt != null
                      || !Lifetimes.refreshTokenLives(row.madeAt, row.usedAt, now)) {
                    throw OAuthRefusal.invalidGrant("Unknown or invalid refresh token");
                  }
                  row.usedAt = now;
                  return row;
                });
    AccessTokens.Issued issued = accessTokens.issue(found.identity, client, found.scope);
    audit.signedIn(
        SignIn.of(found.identity, AuditedAction.RENEW_TOKEN, origin, issued.id(), found.id));
    return tokens(issued, found.scope, null);
  }

  /// Always succeeds, as RFC 7009 asks: an unknown token is as dead as a revoked one.
  public void revoke(String client, String token, Origin origin) {
    requireClient(client);
    Instant now = clock.instant();
    Optional<RefreshToken> revoked =
        QuarkusTransaction.requiringNew()
            .call(
                () -> {
                  RefreshToken row = RefreshToken.lock(Secret.hash(token));
                  if (row == null || !row.client.equals(client) || row.revokedAt != null) {
                    return Optional.empty();
                  }
                  row.revokedAt = now;
                  return Optional.of(row);
                });
    revoked.ifPresent(
        row ->
            audit.signedIn(
                SignIn.of(row.identity, AuditedAction.REVOKE_TOKEN, origin, null, row.id)));
  }

  static void requireClient(String client) {
    if (!CLIENTS.contains(client)) {
      throw OAuthRefusal.invalidClient();
    }
  }

  /// The scopes we know, others are left out; the answer says which were granted.
  static String known(@Nullable String scope) {
    if (scope == null) {
      return "";
    }
    return String.join(
        " ", List.of(scope.split(" ", -1)).stream().filter(SCOPES::contains).distinct().toList());
  }

  private Tokens issue(String identity, String client, String scope, Origin origin) {
    AccessTokens.Issued issued = accessTokens.issue(identity, client, scope);
    if (!List.of(scope.split(" ", -1)).contains(OFFLINE_ACCESS)) {
      audit.signedIn(SignIn.of(identity, AuditedAction.SIGN_IN, origin, issued.id(), null));
      return tokens(issued, scope, null);
    }
    String id = Identifiers.next("rft");
    String token = Secret.refreshToken();
    Instant now = clock.instant();
    QuarkusTransaction.requiringNew()
        .run(
            () -> {
              RefreshToken.delete("usedAt < ?1", now.minus(Lifetimes.REFRESH_TOKEN_IDLE));
              new RefreshToken(Secret.hash(token), id, identity, client, scope, now).persist();
            });
    audit.signedIn(SignIn.of(identity, AuditedAction.SIGN_IN, origin, issued.id(), id));
    return tokens(issued, scope, token);
  }

  private static Tokens tokens(
      AccessTokens.Issued issued, String scope, @Nullable String refreshToken) {
    return new Tokens(
        issued.token(), refreshToken, scope, Lifetimes.ACCESS_TOKEN.toSeconds(), "Bearer");
  }
}
