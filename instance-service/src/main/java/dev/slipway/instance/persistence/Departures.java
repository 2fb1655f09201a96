package dev.slipway.instance.persistence;

import dev.slipway.common.operation.Transactions;
import dev.slipway.instance.domain.Instances;
import jakarta.enterprise.context.ApplicationScoped;
import jakarta.inject.Inject;
import java.sql.Connection;
import java.sql.PreparedStatement;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.time.Duration;

/// Organizations that their last member is about to leave, in which nothing begins any more: nobody
/// could ever end it.
///
/// Who brings an instance into being holds the organization's lock, shared, until the instance is
/// committed; who counts what the organization has, and notes that it is left, holds it alone.
@ApplicationScoped
public class Departures {

  /// Longer than leaving takes, and than a call is good for that was let in before. Then a
  /// departure that came to nothing is forgotten, and one that did has closed the organization.
  private static final Duration LASTING = Duration.ofMinutes(3);

  private static final String ALONE = "select pg_advisory_xact_lock(2601, hashtext(?))";
  private static final String SHARED = "select pg_advisory_xact_lock_shared(2601, hashtext(?))";

  private final Transactions transactions;
  private final Instances instances;

  @Inject
  Departures(Transactions transactions, Instances instances) {
    this.transactions = transactions;
    this.instances = instances;
  }

  /// Notes that an organization is being left, if it has no instance.
  ///
  /// @return how many it has
  public long begin(String organization) throws SQLException {
    return transactions.inNew(
        connection -> {
          boolean locked = first(connection, ALONE, organization);
          assert locked;
          long owned = instances.count(organization);
          if (owned == 0) {
            note(connection, organization);
          }
          return owned;
        });
  }

  /// Whether an organization is being left. Where it is not, nobody begins to before this
  /// transaction ends.
  public boolean isLeft(Connection connection, String organization) throws SQLException {
    boolean locked = first(connection, SHARED, organization);
    assert locked;
    return first(
        connection,
        "select from departure where organization = ? and until > clock_timestamp()",
        organization);
  }

  private static void note(Connection connection, String organization) throws SQLException {
    try (PreparedStatement note =
        connection.prepareStatement(
            """
            with forgotten as (
              delete from departure where until <= clock_timestamp() and organization <> ?
            )
            insert into departure (organization, until)
            values (?, clock_timestamp() + ? * interval '1 second')
            on conflict (organization) do update set until = excluded.until""")) {
      note.setString(1, organization);
      note.setString(2, organization);
      note.setLong(3, LASTING.toSeconds());
      note.executeUpdate();
    }
  }

  /// Whether there is a row.
  private static boolean first(Connection connection, String sql, String organization)
      throws SQLException {
    try (PreparedStatement select = connection.prepareStatement(sql)) {
      select.setString(1, organization);
      try (ResultSet row = select.executeQuery()) {
        return row.next();
      }
    }
  }
}
