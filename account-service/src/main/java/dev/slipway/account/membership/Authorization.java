package dev.slipway.account.membership;

import dev.slipway.account.signin.AccessTokens;
import dev.slipway.common.error.ApiException;
import dev.slipway.common.error.ErrorCode;
import io.agroal.api.AgroalDataSource;
import jakarta.enterprise.context.ApplicationScoped;
import java.sql.Connection;
import java.sql.PreparedStatement;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/// Answers the gateway's question at each request: who is this, and is the organization in the path
/// its own?
///
/// One plain statement without a Hibernate session, since everything waits for it. Nothing is
/// remembered between requests: a membership that ends, ends.
@ApplicationScoped
public class Authorization {

  /// What the gateway hands on.
  public record Granted(String token, @Nullable String user, @Nullable String organization) {}

  private record Found(
      @Nullable String user,
      @Nullable String userName,
      boolean admin,
      @Nullable String organization,
      @Nullable String organizationName) {}

  private static final String LOOK_UP =
      """
      select u.id, u.name, u.admin, o.id, o.name
      from identity i
      left join account_user u on u.identity = i.id
      left join organization o on o.id = u.organization
      where i.id = ?\
      """;

  private final AccessTokens accessTokens;
  private final InternalTokens internalTokens;
  private final AgroalDataSource database;

  Authorization(
      AccessTokens accessTokens, InternalTokens internalTokens, AgroalDataSource database) {
    this.accessTokens = accessTokens;
    this.internalTokens = internalTokens;
    this.database = database;
  }

  /// @param organizationName the one in the path; null for paths without, which anyone who has
  ///     signed in may call
  /// @param any whether the path's organization may be another one, which its resource looks at
  public Granted authorize(@Nullable String token, @Nullable String organizationName, boolean any) {
    AccessTokens.SignedIn signedIn =
        Optional.ofNullable(token)
            .flatMap(accessTokens::signedInBy)
            .orElseThrow(Authorization::unauthorized);
    Found found = find(signedIn.identity());
    if (found == null) {
      throw unauthorized();
    }
    if (organizationName == null) {
      return granted(signedIn, found, false);
    }
    if (found.user() == null) {
      throw Memberships.notRegistered();
    }
    if (!any && !organizationName.equals(found.organizationName())) {
      throw Memberships.organizationNotFound(organizationName);
    }
    return granted(signedIn, found, true);
  }

  private Granted granted(AccessTokens.SignedIn signedIn, Found found, boolean withOrganization) {
    String minted =
        internalTokens.mint(
            signedIn,
            found.user(),
            found.userName(),
            withOrganization ? found.organization() : null,
            withOrganization ? found.organizationName() : null,
            withOrganization && found.admin());
    return new Granted(minted, found.user(), withOrganization ? found.organization() : null);
  }

  private @Nullable Found find(String identity) {
    try (Connection connection = database.getConnection();
        PreparedStatement select = connection.prepareStatement(LOOK_UP)) {
      select.setString(1, identity);
      try (ResultSet row = select.executeQuery()) {
        return row.next()
            ? new Found(
                row.getString(1),
                row.getString(2),
                row.getBoolean(3),
                row.getString(4),
                row.getString(5))
            : null;
      }
    } catch (SQLException problem) {
      throw ApiException.of(
              ErrorCode.UNAVAILABLE, "the platform cannot do this at the moment; try again shortly")
          .header("Retry-After", "1")
          .cause(problem)
          .build();
    }
  }

  private static ApiException unauthorized() {
    return ApiException.of(
            ErrorCode.UNAUTHORIZED, "the token is missing, expired or not valid here; log in again")
        .header("WWW-Authenticate", "Bearer")
        .build();
  }
}
