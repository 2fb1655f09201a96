package dev.slipway.account.signin;

import dev.slipway.account.domain.Lifetimes;
import dev.slipway.common.id.Identifiers;
import dev.slipway.common.security.RecentResults;
import io.smallrye.jwt.algorithm.SignatureAlgorithm;
import io.smallrye.jwt.build.Jwt;
import jakarta.enterprise.context.ApplicationScoped;
import java.security.Key;
import java.security.interfaces.RSAPublicKey;
import java.time.Clock;
import java.time.Duration;
import java.time.Instant;
import java.util.Optional;
import org.eclipse.microprofile.config.inject.ConfigProperty;
import org.jose4j.jwa.AlgorithmConstraints;
import org.jose4j.jws.AlgorithmIdentifiers;
import org.jose4j.jws.JsonWebSignature;
import org.jose4j.jwt.JwtClaims;
import org.jose4j.jwt.MalformedClaimException;
import org.jose4j.jwt.NumericDate;
import org.jose4j.jwt.consumer.InvalidJwtException;
import org.jose4j.jwt.consumer.JwtConsumer;
import org.jose4j.jwt.consumer.JwtConsumerBuilder;
import org.jose4j.keys.resolvers.VerificationKeyResolver;
import org.jose4j.lang.UnresolvableKeyException;

/// Access tokens: what a caller shows the gateway. They say who signed in and nothing about what
/// that one may; membership is looked up at each request.
@ApplicationScoped
public class AccessTokens {

  public static final String AUDIENCE = "dbos-cloud-api";

  /// A token that was given out.
  ///
  /// @param id what people see of it
  record Issued(String token, String id) {}

  /// Somebody who has signed in.
  ///
  /// @param token  the identifier of the token that says so
  /// @param endsAt when this sign-in has to be renewed
  public record SignedIn(String identity, String token, Instant endsAt) {}

  private static final Duration SKEW = Duration.ofSeconds(5);

  private final SigningKeys keys;
  private final Clock clock;
  private final String issuer;
  private final VerificationKeyResolver resolver;

  /// Callers come again and again with the same token; its signature is checked once.
  private final RecentResults<String, SignedIn> verified = new RecentResults<>(500);

  AccessTokens(
      SigningKeys keys,
      Clock clock,
      @ConfigProperty(name = "slipway.public.url") String publicUrl) {
    this.keys = keys;
    this.clock = clock;
    this.issuer = publicUrl + "/";
    this.resolver = (signature, contexts) -> keyOf(signature);
  }

  Issued issue(String identity, String client, String scope) {
    SigningKeys.Signing signing = keys.current();
    Instant now = clock.instant();
    String id = Identifiers.next("tok");
    String token =
        Jwt.issuer(issuer)
            .subject(identity)
            .audience(AUDIENCE)
            .claim("azp", client)
            .claim("scope", scope)
            .claim("jti", id)
            .issuedAt(now)
            .expiresAt(now.plus(Lifetimes.ACCESS_TOKEN))
            .jws()
            .algorithm(SignatureAlgorithm.RS256)
            .keyId(signing.id())
            .sign(signing.key());
    return new Issued(token, id);
  }

  /// Whom a token was issued to; none when it is expired, for somebody else, or not
  /// ours. The issuer is not compared: it changes with the platform's address, the keys do not.
  public Optional<SignedIn> signedInBy(String token) {
    SignedIn known = verified.get(token);
    if (known != null) {
      return clock.instant().isBefore(known.endsAt()) ? Optional.of(known) : Optional.empty();
    }
    JwtConsumer consumer =
        new JwtConsumerBuilder()
            .setRequireSubject()
            .setRequireJwtId()
            .setRequireExpirationTime()
            .setAllowedClockSkewInSeconds(Math.toIntExact(SKEW.toSeconds()))
            .setExpectedAudience(AUDIENCE)
            .setJwsAlgorithmConstraints(
                AlgorithmConstraints.ConstraintType.PERMIT, AlgorithmIdentifiers.RSA_USING_SHA256)
            .setVerificationKeyResolver(resolver)
            .setEvaluationTime(NumericDate.fromMilliseconds(clock.millis()))
            .build();
    try {
      JwtClaims claims = consumer.processToClaims(token);
      var found =
          new SignedIn(
              claims.getSubject(),
              claims.getJwtId(),
              Instant.ofEpochMilli(claims.getExpirationTime().getValueInMillis()).plus(SKEW));
      verified.put(token, found);
      return Optional.of(found);
    } catch (InvalidJwtException | MalformedClaimException invalid) {
      return Optional.empty();
    }
  }

  private Key keyOf(JsonWebSignature signature) throws UnresolvableKeyException {
    String id = signature.getKeyIdHeaderValue();
    // An id of ours has this form and length; others are not worth a question to the database.
    RSAPublicKey key =
        id != null && id.startsWith("key_") && id.length() == 30 ? keys.verifying(id) : null;
    if (key == null) {
      throw new UnresolvableKeyException("not a key of this installation");
    }
    return key;
  }
}
