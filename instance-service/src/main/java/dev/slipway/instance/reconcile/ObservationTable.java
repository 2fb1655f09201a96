package dev.slipway.instance.reconcile;

import dev.slipway.common.contract.instance.InstanceEvent;
import dev.slipway.common.contract.instance.InstanceEvent.InstanceUnavailable;
import dev.slipway.common.driver.Endpoint;
import dev.slipway.common.operation.Transactions;
import dev.slipway.common.outbox.Outbox;
import dev.slipway.instance.domain.InstanceKind;
import dev.slipway.instance.domain.Observations;
import dev.slipway.instance.driver.Observation;
import jakarta.enterprise.context.ApplicationScoped;
import jakarta.inject.Inject;
import java.sql.Connection;
import java.sql.PreparedStatement;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Collection;
import java.util.List;
import java.util.Objects;
import org.jspecify.annotations.Nullable;

/// What was last seen of each instance. Only what is certain stands here: never that something
/// could not be found out.
@ApplicationScoped
public class ObservationTable implements Observations {

  private final Transactions transactions;
  private final Outbox outbox;

  @Inject
  ObservationTable(Transactions transactions, Outbox outbox) {
    this.transactions = transactions;
    this.outbox = outbox;
  }

  /// Every instance that has come into being and that nobody works on at this moment; a stuck
  /// operation does not work.
  ///
  /// @param fresh what was stored within this time need not be confirmed
  List<Watched> watchlist(Duration fresh) throws SQLException {
    return transactions.joining(
        connection -> {
          try (PreparedStatement select =
              connection.prepareStatement(
                  """
                  select i.id, i.organization, i.name, i.kind, i.host, i.port, i.administrator, i.sealed_password,
                         s.epoch, s.active_operation is null as idle, seen.state, seen.reason,
                         coalesce(seen.observed_at < clock_timestamp() - ? * interval '1 millisecond', true) as stale
                  from instance i
                  join operation birth on birth.id = i.operation and birth.outcome = 'SUCCEEDED'
                  join subject s on s.id = i.id
                  left join operation active on active.id = s.active_operation
                  left join observation seen on seen.instance = i.id
                  where i.host is not null and (active.id is null or active.phase = 'STUCK')
                  order by i.id""")) {
            select.setLong(1, fresh.toMillis());
            try (ResultSet rows = select.executeQuery()) {
              List<Watched> watched = new ArrayList<>();
              while (rows.next()) {
                watched.add(read(rows));
              }
              return watched;
            }
          }
        });
  }

  private static Watched read(ResultSet row) throws SQLException {
    String state = row.getString("state");
    return new Watched(
        row.getString("id"),
        row.getString("organization"),
        row.getString("name"),
        InstanceKind.valueOf(row.getString("kind")),
        new Endpoint(row.getString("host"), row.getInt("port")),
        row.getString("administrator"),
        row.getString("sealed_password"),
        row.getLong("epoch"),
        row.getBoolean("idle"),
        state == null ? null : Observation.State.valueOf(state),
        row.getString("reason"),
        row.getBoolean("stale"));
  }

  /// Stores that an instance stands differently, and tells of it when it has gone down.
  ///
  /// @return false when somebody has worked on it since it was looked at, so that what was seen
  ///     says nothing any more
  boolean changed(Watched watched, Observation.State state, @Nullable String reason)
      throws SQLException {
    return transactions.inNew(
        connection -> {
          if (lockedEpoch(connection, watched.id()) != watched.epoch()) {
            return false;
          }
          Observation.State before = stateOf(connection, watched.id());
          write(connection, watched.id(), state, reason);
          if (before == Observation.State.UP && state == Observation.State.DOWN) {
            outbox.append(
                connection,
                InstanceEvent.TOPIC,
                watched.id(),
                watched.organization(),
                new InstanceUnavailable(
                    watched.id(),
                    watched.name(),
                    Objects.requireNonNullElse(reason, "it does not answer")));
          }
          return true;
        });
  }

  /// Notes that these were just seen as they are stored.
  void confirm(Collection<String> instances, Observation.State state) throws SQLException {
    if (instances.isEmpty()) {
      return;
    }
    int confirmed =
        transactions.inNew(
            connection -> {
              try (PreparedStatement update =
                  connection.prepareStatement(
                      """
                      update observation set observed_at = clock_timestamp()
                      where instance = any (?) and state = ?""")) {
                update.setArray(1, connection.createArrayOf("text", instances.toArray()));
                update.setString(2, state.name());
                return update.executeUpdate();
              }
            });
    assert confirmed <= instances.size();
  }

  @Override
  public void up(String instance) {
    store(instance, Observation.State.UP, null);
  }

  @Override
  public void down(String instance, String reason) {
    store(instance, Observation.State.DOWN, reason);
  }

  private void store(String instance, Observation.State state, @Nullable String reason) {
    try {
      transactions.joining(connection -> write(connection, instance, state, reason));
    } catch (SQLException failure) {
      throw new IllegalStateException("The observation cannot be stored", failure);
    }
  }

  /// An instance that is no more has no observation either.
  private static int write(
      Connection connection, String instance, Observation.State state, @Nullable String reason)
      throws SQLException {
    try (PreparedStatement upsert =
        connection.prepareStatement(
            """
            insert into observation as seen (instance, state, reason, since, observed_at)
            select id, ?, ?, clock_timestamp(), clock_timestamp() from instance where id = ?
            on conflict (instance) do update set
              state = excluded.state, reason = excluded.reason, observed_at = excluded.observed_at,
              since = case when seen.state = excluded.state then seen.since else excluded.since end""")) {
      upsert.setString(1, state.name());
      upsert.setString(2, reason);
      upsert.setString(3, instance);
      return upsert.executeUpdate();
    }
  }

  private static Observation.@Nullable State stateOf(Connection connection, String instance)
      throws SQLException {
    try (PreparedStatement select =
        connection.prepareStatement("select state from observation where instance = ?")) {
      select.setString(1, instance);
      try (ResultSet row = select.executeQuery()) {
        return row.next() ? Observation.State.valueOf(row.getString(1)) : null;
      }
    }
  }

  /// Takes the subject's lock, as whoever writes anything of it does first.
  static long lockedEpoch(Connection connection, String subject) throws SQLException {
    try (PreparedStatement select =
        connection.prepareStatement("select epoch from subject where id = ? for update")) {
      select.setString(1, subject);
      try (ResultSet row = select.executeQuery()) {
        return row.next() ? row.getLong(1) : -1;
      }
    }
  }
}
