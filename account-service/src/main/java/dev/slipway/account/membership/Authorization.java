package dev.slipway.account.membership;

import dev.slipway.account.audit.AuditLog;
import dev.slipway.account.audit.Origin;
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
/// One plain statement without a Hibernate session, since everything waits for it, and for what
/// changes something or is refused a second one, which writes it into the audit log. Nothing is
/// remembered between requests: a membership that ends, ends.
@ApplicationScoped
public class Authorization {

  /// What the gateway hands on.
  ///
  /// @param recorded whether the call is in the audit log, and somebody has to say what came of it
  public record Granted(
      String token, @Nullable String user, @Nullable String organization, boolean recorded) {}

  /// What the gateway asks about.
  ///
  /// @param entry            of the audit log, the same each time the gateway asks about this call
  /// @param organizationName the one in the path; null for paths without, which anyone who has
  ///     signed in may call
  /// @param any              whether the path's organization may be another one, which its resource
  ///     looks at
  /// @param path             without the query
  public record Asked(
      String entry,
      @Nullable String token,
      @Nullable String organizationName,
      boolean any,
      String method,
      String path,
      Origin origin) {}

  /// @param name  of the user or, before registration, of the identity
  /// @param named the organization that is called like the one in the path
  private record Found(
      String name,
      @Nullable String user,
      @Nullable String userName,
      boolean admin,
      @Nullable String organization,
      @Nullable String organizationName,
      @Nullable String named) {}

  private static final String LOOK_UP =
      """
      select coalesce(u.name, i.name), u.id, u.name, u.admin, o.id, o.name,
        (select t.id from organization t where t.name = ? and t.closed_at is null)
      from identity i
      left join account_user u on u.identity = i.id
      left join organization o on o.id = u.organization
      where i.id = ?\
      """;

  private final AccessTokens accessTokens;
  private final InternalTokens internalTokens;
  private final AuditLog audit;
  private final AgroalDataSource database;

  Authorization(
      AccessTokens accessTokens,
      InternalTokens internalTokens,
      AuditLog audit,
      AgroalDataSource database) {
    this.audit = audit;
    this.accessTokens = accessTokens;
    this.internalTokens = internalTokens;
    this.database = database;
  }

  /// Lets the call in, or refuses it. What changes something, and what is refused, is in the audit
  /// log before this returns.
  public Granted authorize(Asked asked) {
    AccessTokens.SignedIn signedIn =
        Optional.ofNullable(asked.token())
            .flatMap(accessTokens::signedInBy)
            .orElseThrow(Authorization::unauthorized);
    try (Connection connection = database.getConnection()) {
      Found found = find(connection, signedIn.identity(), asked.organizationName());
      if (found == null) {
        throw unauthorized();
      }
      var call =
          new AuditLog.Call(
              asked.entry(), asked.method(), asked.path(), asked.origin(), signedIn.token());
      var actor =
          new AuditLog.Actor(
              signedIn.identity(),
              found.name(),
              found.named() == null ? found.organization() : found.named());
      Optional<ApiException> refusal = refusal(asked, found);
      if (refusal.isPresent()) {
        audit.refused(connection, call, actor, refusal.get().code().status());
        throw refusal.get();
      }
      String whose = actor.organization();
      boolean own = whose != null && whose.equals(found.organization());
      boolean recorded = audit.attempted(connection, call, actor, own);
      return granted(signedIn, found, asked.organizationName() != null, recorded);
    } catch (SQLException problem) {
      throw ApiException.of(
              ErrorCode.UNAVAILABLE, "the platform cannot do this at the moment; try again shortly")
          .header("Retry-After", "1")
          .cause(problem)
          .build();
    }
  }

  private static Optional<ApiException> refusal(Asked asked, Found found) {
    String name = asked.organizationName();
    if (name == null) {
      return Optional.empty();
    }
    if (found.user() == null) {
      return Optional.of(Memberships.notRegistered());
    }
    return asked.any() || name.equals(found.organizationName())
        ? Optional.empty()
        : Optional.of(Memberships.organizationNotFound(name));
  }

  private Granted granted(
      AccessTokens.SignedIn signedIn, Found found, boolean withOrganization, boolean recorded) {
    String minted =
        internalTokens.mint(
            signedIn,
            found.user(),
            found.userName(),
            withOrganization ? found.organization() : null,
            withOrganization ? found.organizationName() : null,
            withOrganization && found.admin());
    return new Granted(
        minted, found.user(), withOrganization ? found.organization() : null, recorded);
  }

  private static @Nullable Found find(
      Connection connection, String identity, @Nullable String organizationName)
      throws SQLException {
    try (PreparedStatement select = connection.prepareStatement(LOOK_UP)) {
      select.setString(1, organizationName);
      select.setString(2, identity);
      try (ResultSet row = select.executeQuery()) {
        return row.next()
            ? new Found(
                row.getString(1),
                row.getString(2),
                row.getString(3),
                row.getBoolean(4),
                row.getString(5),
                row.getString(6),
                row.getString(7))
            : null;
      }
    }
  }

  private static ApiException unauthorized() {
    return ApiException.of(
            ErrorCode.UNAUTHORIZED, "the token is missing, expired or not valid here; log in again")
        .header("WWW-Authenticate", "Bearer")
        .build();
  }
}
