package dev.slipway.account.membership;

import dev.slipway.account.domain.Lifetimes;
import dev.slipway.account.signin.AccessTokens;
import dev.slipway.common.crypto.InstallationKeys;
import dev.slipway.common.security.InternalToken;
import dev.slipway.common.security.RecentResults;
import io.smallrye.jwt.algorithm.SignatureAlgorithm;
import io.smallrye.jwt.build.Jwt;
import io.smallrye.jwt.build.JwtClaimsBuilder;
import jakarta.enterprise.context.ApplicationScoped;
import java.security.interfaces.ECPrivateKey;
import java.time.Clock;
import java.time.Duration;
import java.time.Instant;
import org.jspecify.annotations.Nullable;

/// Mints the one-minute token that services accept.
///
/// To sign takes a millisecond and to verify four, so a caller whose membership is found unchanged
/// gets the same token for a while. The membership itself is looked up at each request.
@ApplicationScoped
class InternalTokens {

  private record Subject(
      AccessTokens.SignedIn signedIn,
      @Nullable String user,
      @Nullable String userName,
      @Nullable String organization,
      @Nullable String organizationName,
      boolean admin) {}

  private record Minted(String token, Instant at) {

    /// Keeps the token out of logs.
    @Override
    public String toString() {
      return "Minted[at=" + at + "]";
    }
  }

  private static final Duration REUSED = Duration.ofSeconds(20);

  private final RecentResults<Subject, Minted> minted = new RecentResults<>(500);
  private final ECPrivateKey key;
  private final Clock clock;

  InternalTokens(InstallationKeys keys, Clock clock) {
    this.key = keys.internalPrivateKey();
    this.clock = clock;
  }

  /// A token for this caller that is good for 40 seconds or more.
  String mint(
      AccessTokens.SignedIn signedIn,
      @Nullable String user,
      @Nullable String userName,
      @Nullable String organization,
      @Nullable String organizationName,
      boolean admin) {
    var subject = new Subject(signedIn, user, userName, organization, organizationName, admin);
    Instant now = clock.instant();
    Minted recent = minted.get(subject);
    if (recent != null && !now.isBefore(recent.at()) && now.isBefore(recent.at().plus(REUSED))) {
      return recent.token();
    }
    String token = sign(subject, now);
    minted.put(subject, new Minted(token, now));
    return token;
  }

  private String sign(Subject subject, Instant now) {
    JwtClaimsBuilder claims =
        Jwt.issuer(InternalToken.ISSUER)
            .audience(InternalToken.AUDIENCE)
            .subject(subject.signedIn().identity())
            .claim(InternalToken.SIGNED_IN_UNTIL, subject.signedIn().endsAt().toString())
            .issuedAt(now)
            .expiresAt(now.plus(Lifetimes.INTERNAL_TOKEN));
    if (subject.user() != null && subject.userName() != null) {
      claims.claim(InternalToken.USER, subject.user()).upn(subject.userName());
    }
    if (subject.organization() != null && subject.organizationName() != null) {
      claims
          .claim(InternalToken.ORGANIZATION, subject.organization())
          .claim(InternalToken.ORGANIZATION_NAME, subject.organizationName())
          .groups(subject.admin() ? InternalToken.ADMIN : InternalToken.MEMBER);
    }
    return claims.jws().algorithm(SignatureAlgorithm.ES256).sign(key);
  }
}
