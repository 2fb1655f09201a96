package dev.slipway.account.signin;

import dev.slipway.account.domain.Lifetimes;
import dev.slipway.account.domain.Secret;
import dev.slipway.account.persistence.RefreshToken;
import io.quarkus.narayana.jta.QuarkusTransaction;
import jakarta.enterprise.context.ApplicationScoped;
import java.time.Clock;
import java.time.Instant;
import java.util.List;
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
  private final Clock clock;

  Grants(
      Identities identities, AccessTokens accessTokens, DeviceAuthorizations devices, Clock clock) {
    this.identities = identities;
    this.accessTokens = accessTokens;
    this.devices = devices;
    this.clock = clock;
  }

  public Tokens byPassword(
      String client, String name, String password, @Nullable String scope, String address) {
    requireClient(client);
    String identity =
        identities
            .signIn(name, password, address)
            .orElseThrow(() -> OAuthRefusal.invalidGrant("Wrong name or password"));
    return issue(identity, client, known(scope));
  }

  public Tokens byDeviceCode(String client, String deviceCode) {
    requireClient(client);
    DeviceAuthorizations.Approved approved = devices.poll(client, deviceCode);
    return issue(approved.identity(), client, approved.scope());
  }

  public Tokens byRefreshToken(String client, String token) {
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
    return tokens(found.identity, client, found.scope, null);
  }

  /// Always succeeds, as RFC 7009 asks: an unknown token is as dead as a revoked one.
  public void revoke(String client, String token) {
    requireClient(client);
    Instant now = clock.instant();
    QuarkusTransaction.requiringNew()
        .run(
            () -> {
              RefreshToken row = RefreshToken.lock(Secret.hash(token));
              if (row != null && row.client.equals(client) && row.revokedAt == null) {
                row.revokedAt = now;
              }
            });
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

  private Tokens issue(String identity, String client, String scope) {
    if (!List.of(scope.split(" ", -1)).contains(OFFLINE_ACCESS)) {
      return tokens(identity, client, scope, null);
    }
    String token = Secret.refreshToken();
    Instant now = clock.instant();
    QuarkusTransaction.requiringNew()
        .run(
            () -> {
              RefreshToken.delete("usedAt < ?1", now.minus(Lifetimes.REFRESH_TOKEN_IDLE));
              new RefreshToken(Secret.hash(token), identity, client, scope, now).persist();
            });
    return tokens(identity, client, scope, token);
  }

  private Tokens tokens(
      String identity, String client, String scope, @Nullable String refreshToken) {
    return new Tokens(
        accessTokens.issue(identity, client, scope),
        refreshToken,
        scope,
        Lifetimes.ACCESS_TOKEN.toSeconds(),
        "Bearer");
  }
}
