package dev.slipway.account.audit;

import dev.slipway.account.domain.AttemptLimit;
import dev.slipway.account.domain.AuditedAction;
import dev.slipway.common.error.ApiException;
import dev.slipway.common.error.ErrorCode;
import dev.slipway.common.id.Identifiers;
import dev.slipway.common.operation.Transactions;
import io.agroal.api.AgroalDataSource;
import jakarta.enterprise.context.ApplicationScoped;
import java.sql.Connection;
import java.sql.PreparedStatement;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.Timestamp;
import java.time.Clock;
import java.time.Duration;
import java.time.Instant;
import java.time.OffsetDateTime;
import java.time.ZoneOffset;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import org.jboss.logging.Logger;
import org.jspecify.annotations.Nullable;

/// Writes and reads the audit log. The database refuses to change what stands in it, see
/// `V6__audit.sql`.
///
/// Whose log a call is in: the organization's that its path names, whether or not the caller is a
/// member; where there is none of that name, the caller's own; and of people who have none yet, the
/// first one they get.
@ApplicationScoped
public class AuditLog {

  private static final Logger LOG = Logger.getLogger(AuditLog.class);

  /// So that nobody fills the log of others: refusals of one caller in one log within five minutes,
  /// of which more are not written; and as many attempts at what is let in without being a member,
  /// to join and to rename what was renamed already, of which more are refused. The same holds for
  /// who has no organization yet.
  private static final int MOST = 100;

  /// What a person did before having an organization is filed under the first one, as far as this
  /// many of the newest rows; filing more would hold up everybody who registers.
  private static final int MOST_FILED = 1_000;

  /// Rows that are removed in one transaction.
  private static final int RETIRED_AT_ONCE = 10_000;

  private static final String WRITE =
      """
      insert into audit (id, organization, identity, actor, action, method, path, address, agent,
        token, request, status, took_millis)
      values (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?) on conflict (id) do nothing""";

  private static final String WRITE_SIGN_IN =
      """
      insert into audit (id, organization, identity, actor, action, method, path, address, agent,
        token, refresh_token, request, status, took_millis)
      select ?, u.organization, i.id, coalesce(u.name, i.name), ?, 'POST', ?, ?, ?, ?, ?, ?, ?, 0
      from identity i left join account_user u on u.identity = i.id
      where ? in (i.id, i.name) on conflict (id) do nothing""";

  /// A call that the gateway asks about.
  ///
  /// @param id    of its row, the same each time the gateway asks about it
  /// @param path  without the query
  /// @param token the identifier of the access token it came with
  public record Call(String id, String method, String path, Origin origin, String token) {}

  /// Who calls.
  ///
  /// @param organization whose log it is; null when there is none yet
  public record Actor(String identity, String name, @Nullable String organization) {}

  /// What came of a call.
  public record Outcome(String id, int status, @Nullable String operation, long tookMillis) {}

  private final AgroalDataSource database;
  private final Transactions transactions;
  private final Clock clock;
  private final AttemptLimit refusals = new AttemptLimit(MOST, Duration.ofMinutes(5));
  private final AttemptLimit attempts = new AttemptLimit(MOST, Duration.ofMinutes(5));

  AuditLog(AgroalDataSource database, Transactions transactions, Clock clock) {
    this.database = database;
    this.transactions = transactions;
    this.clock = clock;
  }

  // ---- Writing

  /// Writes a call that is let in, if it changes something.
  ///
  /// @param own whether the log is that of the caller's own organization
  /// @return whether somebody has to say what came of it
  /// @throws ApiException when the caller has tried it too often in a log of somebody else, or
  ///     before having one: what is not written is not done
  public boolean attempted(Connection connection, Call call, Actor actor, boolean own)
      throws SQLException {
    String action = AuditedAction.of(call.method(), call.path()).orElse(null);
    if (action == null) {
      return false;
    }
    if (!own) {
      count(attempts, actor)
          .ifPresent(
              wait -> {
                throw ApiException.of(
                        ErrorCode.TOO_MANY_REQUESTS, "this was tried too often; try again later")
                    .header("Retry-After", Long.toString(wait.toSeconds() + 1))
                    .build();
              });
    }
    write(connection, call, actor, action, null);
    return true;
  }

  /// Writes a call that is not let in.
  public void refused(Connection connection, Call call, Actor actor, int status)
      throws SQLException {
    if (count(refusals, actor).isEmpty()) {
      String action = AuditedAction.refused(call.method(), call.path());
      write(connection, call, actor, action, status);
    }
  }

  /// Counts what somebody does in a log.
  ///
  /// @return how long to wait when it was too much before
  private Optional<Duration> count(AttemptLimit limit, Actor actor) {
    String whose = actor.identity() + ' ' + actor.organization();
    return Optional.ofNullable(limit.take(whose, clock.instant()));
  }

  private static void write(
      Connection connection, Call call, Actor actor, String action, @Nullable Integer status)
      throws SQLException {
    try (PreparedStatement insert = connection.prepareStatement(WRITE)) {
      int i = 0;
      insert.setString(++i, call.id());
      insert.setString(++i, actor.organization());
      insert.setString(++i, actor.identity());
      insert.setString(++i, actor.name());
      insert.setString(++i, action);
      insert.setString(++i, call.method());
      insert.setString(++i, Origin.plain(call.path()));
      insert.setString(++i, call.origin().address());
      insert.setString(++i, call.origin().agent());
      insert.setString(++i, call.token());
      insert.setString(++i, call.origin().request());
      insert.setObject(++i, status, java.sql.Types.INTEGER);
      insert.setObject(++i, status == null ? null : 0L, java.sql.Types.BIGINT);
      insert.executeUpdate();
    }
  }

  /// Says what came of calls; what is said a second time changes nothing.
  public void ended(List<Outcome> outcomes) throws SQLException {
    transactions.inNew(
        connection -> {
          try (PreparedStatement update =
              connection.prepareStatement(
                  """
                  update audit set status = ?, operation = ?, took_millis = ?
                  where id = ? and status is null""")) {
            for (Outcome outcome : outcomes) {
              update.setInt(1, outcome.status());
              update.setString(2, outcome.operation());
              update.setLong(3, outcome.tookMillis());
              update.setString(4, outcome.id());
              update.addBatch();
            }
            return update.executeBatch();
          }
        });
  }

  /// What belongs to a person who has no organization yet belongs to the first one; in the
  /// transaction in which the person gets it.
  public void fileUnder(String organization, String identity) {
    try {
      transactions.joining(
          connection -> {
            try (PreparedStatement update =
                connection.prepareStatement(
                    """
                    update audit set organization = ? where id = any (array(
                      select id from audit where identity = ? and organization is null
                      order by at desc limit ?))""")) {
              update.setString(1, organization);
              update.setString(2, identity);
              update.setInt(3, MOST_FILED);
              return update.executeUpdate();
            }
          });
    } catch (SQLException problem) {
      throw new IllegalStateException("the audit log was not written", problem);
    }
  }

  /// What happens to somebody's tokens, and who signs up: account-service's own doing, which
  /// nobody else asks about.
  ///
  /// @param id           of the row; the same again is written once
  /// @param who          the identity, or the name that was tried
  /// @param path         where it was done
  /// @param token        identifier of the access token that was given
  /// @param refreshToken identifier of the refresh token that was given, used or revoked
  public record SignIn(
      String id,
      String who,
      String action,
      String path,
      Origin origin,
      @Nullable String token,
      @Nullable String refreshToken,
      int status) {

    public static SignIn of(
        String who,
        String action,
        Origin origin,
        @Nullable String token,
        @Nullable String refreshToken) {
      return new SignIn(
          Identifiers.next("aud"), who, action, "/oauth/token", origin, token, refreshToken, 200);
    }
  }

  /// Writes it before the answer leaves.
  public void signedIn(SignIn what) {
    try (Connection connection = database.getConnection()) {
      write(connection, what);
    } catch (SQLException problem) {
      throw new IllegalStateException("the audit log was not written", problem);
    }
  }

  /// Writes that somebody has made an identity; the same again is written once.
  public void signedUp(String identity, String path, Origin origin) {
    signedIn(
        new SignIn(
            Identifiers.derived("aud", AuditedAction.SIGN_UP, identity),
            identity,
            AuditedAction.SIGN_UP,
            path,
            origin,
            null,
            null,
            201));
  }

  /// Writes that somebody has let a device sign in.
  public void approvedDevice(String identity, String path, Origin origin) {
    signedIn(
        new SignIn(
            Identifiers.next("aud"),
            identity,
            AuditedAction.APPROVE_DEVICE,
            path,
            origin,
            null,
            null,
            200));
  }

  /// Writes that somebody tried a name with a wrong password, while the answer leaves: whether
  /// there is such a name, and so a log to write into, must not be seen from the time it takes.
  public void failedToSignIn(String name, String path, Origin origin, int status) {
    var failure =
        new SignIn(
            Identifiers.next("aud"), name, AuditedAction.SIGN_IN, path, origin, null, null, status);
    Thread.ofVirtual()
        .name("failed-sign-in")
        .start(
            () -> {
              try (Connection connection = database.getConnection()) {
                write(connection, failure);
              } catch (SQLException problem) {
                LOG.warnf("a failed sign-in is not in the audit log: %s", problem.getMessage());
              }
            });
  }

  private static void write(Connection connection, SignIn what) throws SQLException {
    try (PreparedStatement insert = connection.prepareStatement(WRITE_SIGN_IN)) {
      int i = 0;
      insert.setString(++i, what.id());
      insert.setString(++i, what.action());
      insert.setString(++i, what.path());
      insert.setString(++i, what.origin().address());
      insert.setString(++i, what.origin().agent());
      insert.setString(++i, what.token());
      insert.setString(++i, what.refreshToken());
      insert.setString(++i, what.origin().request());
      insert.setInt(++i, what.status());
      insert.setString(++i, what.who());
      insert.executeUpdate();
    }
  }

  /// Forgets what is older than a year.
  int retire() throws SQLException {
    int retired = 0;
    int portion;
    do {
      portion =
          transactions.inNew(
              connection -> {
                try (PreparedStatement delete =
                    connection.prepareStatement(
                        """
                        delete from audit where id = any (array(
                          select id from audit
                          where at < clock_timestamp() - interval '365 days 1 hour' limit ?))""")) {
                  delete.setInt(1, RETIRED_AT_ONCE);
                  return delete.executeUpdate();
                }
              });
      retired += portion;
    } while (portion == RETIRED_AT_ONCE);
    return retired;
  }

  // ---- Reading

  /// A row.
  ///
  /// @param status null while nobody has said what came of it
  public record Entry(
      String id,
      Instant at,
      String actor,
      String action,
      String method,
      String path,
      String address,
      String agent,
      @Nullable String token,
      @Nullable String refreshToken,
      String request,
      @Nullable Integer status,
      @Nullable String operation,
      @Nullable Long tookMillis) {}

  /// Which rows are wanted.
  ///
  /// @param actor  by this name
  /// @param action of this word, or of any that begins with it and a dot
  /// @param after  beyond this place, in the order that is asked for
  public record Wanted(
      @Nullable String actor,
      @Nullable String action,
      @Nullable Instant since,
      boolean oldestFirst,
      @Nullable Place after,
      int most) {}

  /// A place in the log.
  public record Place(Instant at, String id) {}

  /// Rows of an organization's log.
  ///
  /// A row has its time before it can be seen, and a later one may be seen before it. So whoever
  /// reads on from the oldest, and would never come back to it, gets what is settled: rows from
  /// before every transaction that goes on. The newest ones are there at the next reading.
  public List<Entry> read(String organization, Wanted wanted) throws SQLException {
    StringBuilder sql =
        new StringBuilder(
            """
            select id, at, actor, action, method, path, address, agent, token, refresh_token, request,
              status, operation, took_millis
            from audit where organization = ?""");
    List<Object> arguments = new ArrayList<>(List.of(organization));
    if (wanted.actor() != null) {
      sql.append(" and actor = ?");
      arguments.add(wanted.actor());
    }
    if (wanted.action() != null) {
      sql.append(" and (action = ? or starts_with(action, ?))");
      arguments.add(wanted.action());
      arguments.add(wanted.action() + '.');
    }
    if (wanted.since() != null) {
      sql.append(" and at >= ?");
      arguments.add(wanted.since().atOffset(ZoneOffset.UTC));
    }
    Place after = wanted.after();
    if (after != null) {
      sql.append(" and (at, id) ").append(wanted.oldestFirst() ? '>' : '<').append(" (?, ?)");
      arguments.add(after.at().atOffset(ZoneOffset.UTC));
      arguments.add(after.id());
    }
    if (wanted.oldestFirst()) {
      sql.append(" and at < ?");
      arguments.add(settled());
    }
    String order = wanted.oldestFirst() ? "asc" : "desc";
    sql.append(" order by at ").append(order).append(", id ").append(order).append(" limit ?");
    arguments.add(wanted.most());
    try (Connection connection = database.getConnection();
        PreparedStatement select = connection.prepareStatement(sql.toString())) {
      for (int i = 0; i < arguments.size(); i++) {
        select.setObject(i + 1, arguments.get(i));
      }
      try (ResultSet rows = select.executeQuery()) {
        List<Entry> found = new ArrayList<>();
        while (rows.next()) {
          found.add(entry(rows));
        }
        return found;
      }
    }
  }

  /// Every row from before is committed or never will be: a row's time is later than the beginning
  /// of its transaction, and what begins after this look is later than the look. It is a statement
  /// of its own, before the one that reads, so that what was committed meanwhile is seen by that.
  private OffsetDateTime settled() throws SQLException {
    try (Connection connection = database.getConnection();
        PreparedStatement select =
            connection.prepareStatement(
                """
                select least(statement_timestamp(), min(xact_start)) from pg_stat_activity
                where datname = current_database() and usename = current_user
                  and pid <> pg_backend_pid()""");
        ResultSet row = select.executeQuery()) {
      row.next();
      return row.getObject(1, OffsetDateTime.class);
    }
  }

  private static Entry entry(ResultSet row) throws SQLException {
    Timestamp at = row.getTimestamp("at");
    return new Entry(
        row.getString("id"),
        at.toInstant(),
        row.getString("actor"),
        row.getString("action"),
        row.getString("method"),
        row.getString("path"),
        row.getString("address"),
        row.getString("agent"),
        row.getString("token"),
        row.getString("refresh_token"),
        row.getString("request"),
        row.getObject("status", Integer.class),
        row.getString("operation"),
        row.getObject("took_millis", Long.class));
  }
}
