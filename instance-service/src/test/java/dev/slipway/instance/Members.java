package dev.slipway.instance;

import static io.restassured.RestAssured.given;

import dev.slipway.common.crypto.InstallationKeys;
import dev.slipway.common.security.InternalToken;
import io.restassured.http.ContentType;
import io.restassured.specification.RequestSpecification;
import io.smallrye.jwt.algorithm.SignatureAlgorithm;
import io.smallrye.jwt.build.Jwt;
import jakarta.inject.Singleton;
import java.time.Duration;

/// Callers with the token that the gateway would have brought.
@Singleton
public class Members {

  private final InstallationKeys keys;

  Members(InstallationKeys keys) {
    this.keys = keys;
  }

  /// `demo`, a member of an organization whose name is `one`.
  ///
  /// @param organization `org_…`
  public RequestSpecification of(String organization) {
    String token =
        Jwt.issuer(InternalToken.ISSUER)
            .audience(InternalToken.AUDIENCE)
            .subject("idn_one")
            .expiresIn(Duration.ofMinutes(1))
            .claim(InternalToken.USER, "usr_one")
            .upn("demo")
            .claim(InternalToken.ORGANIZATION, organization)
            .claim(InternalToken.ORGANIZATION_NAME, "one")
            .jws()
            .algorithm(SignatureAlgorithm.ES256)
            .sign(keys.internalPrivateKey());
    return given().header("Authorization", "Bearer " + token).contentType(ContentType.JSON);
  }

  /// As another process of the installation asks.
  public RequestSpecification internally() {
    return given()
        .header(InternalToken.SECRET_HEADER, keys.internalSecret())
        .contentType(ContentType.JSON);
  }
}
