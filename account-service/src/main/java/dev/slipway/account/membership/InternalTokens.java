package dev.slipway.account.membership;

import dev.slipway.account.domain.Lifetimes;
import dev.slipway.common.crypto.InstallationKeys;
import dev.slipway.common.security.InternalToken;
import io.smallrye.jwt.algorithm.SignatureAlgorithm;
import io.smallrye.jwt.build.Jwt;
import io.smallrye.jwt.build.JwtClaimsBuilder;
import jakarta.enterprise.context.ApplicationScoped;
import java.security.interfaces.ECPrivateKey;
import java.time.Clock;
import java.time.Instant;
import org.jspecify.annotations.Nullable;

/// Mints the one-minute token that services accept.
@ApplicationScoped
class InternalTokens {

  private final ECPrivateKey key;
  private final Clock clock;

  InternalTokens(InstallationKeys keys, Clock clock) {
    this.key = keys.internalPrivateKey();
    this.clock = clock;
  }

  String mint(
      String identity,
      @Nullable String user,
      @Nullable String userName,
      @Nullable String organization,
      @Nullable String organizationName,
      boolean admin) {
    Instant now = clock.instant();
    JwtClaimsBuilder claims =
        Jwt.issuer(InternalToken.ISSUER)
            .audience(InternalToken.AUDIENCE)
            .subject(identity)
            .issuedAt(now)
            .expiresAt(now.plus(Lifetimes.INTERNAL_TOKEN));
    if (user != null && userName != null) {
      claims.claim(InternalToken.USER, user).upn(userName);
    }
    if (organization != null && organizationName != null) {
      claims
          .claim(InternalToken.ORGANIZATION, organization)
          .claim(InternalToken.ORGANIZATION_NAME, organizationName)
          .groups(admin ? InternalToken.ADMIN : InternalToken.MEMBER);
    }
    return claims.jws().algorithm(SignatureAlgorithm.ES256).sign(key);
  }
}
