package dev.slipway.deploy;

import static io.restassured.RestAssured.given;

import dev.slipway.common.crypto.InstallationKeys;
import dev.slipway.common.security.InternalToken;
import io.restassured.http.ContentType;
import io.restassured.specification.RequestSpecification;
import io.smallrye.jwt.algorithm.SignatureAlgorithm;
import io.smallrye.jwt.build.Jwt;
import jakarta.inject.Singleton;
import java.time.Duration;
import java.time.Instant;
import java.util.concurrent.atomic.AtomicInteger;

/// Callers with the token that the gateway would have brought.
@Singleton
public class Members {

  private static final AtomicInteger NUMBER = new AtomicInteger();

  /// Somebody in an organization of its own.
  ///
  /// @param organization     `org_…`
  /// @param organizationName the first part of paths
  public record Member(String organization, String organizationName, String token) {

    /// As the official command asks: with a type, also where there is no body.
    public RequestSpecification asks() {
      return given()
          .header("Authorization", "Bearer " + token)
          .header("X-Request-Id", "test-request")
          .contentType(ContentType.JSON)
          .pathParam("org", organizationName);
    }

    @Override
    public String toString() {
      return "Member[" + organizationName + ']';
    }
  }

  private final InstallationKeys keys;

  Members(InstallationKeys keys) {
    this.keys = keys;
  }

  public Member join() {
    String name = "acme_" + NUMBER.incrementAndGet();
    Instant now = Instant.now();
    String token =
        Jwt.issuer(InternalToken.ISSUER)
            .audience(InternalToken.AUDIENCE)
            .subject("idn_" + name)
            .issuedAt(now)
            .expiresAt(now.plus(Duration.ofMinutes(10)))
            .claim(InternalToken.USER, "usr_" + name)
            .upn("anna")
            .claim(InternalToken.ORGANIZATION, "org_" + name)
            .claim(InternalToken.ORGANIZATION_NAME, name)
            .groups(InternalToken.MEMBER)
            .jws()
            .algorithm(SignatureAlgorithm.ES256)
            .sign(keys.internalPrivateKey());
    return new Member("org_" + name, name, token);
  }

  /// As another process of the installation asks.
  public RequestSpecification internally() {
    return given()
        .header(InternalToken.SECRET_HEADER, keys.internalSecret())
        .contentType(ContentType.JSON);
  }
}
