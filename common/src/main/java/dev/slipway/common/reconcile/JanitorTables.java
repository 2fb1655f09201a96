package dev.slipway.common.reconcile;

import dev.slipway.common.driver.Found;
import dev.slipway.common.ledger.Resource;
import dev.slipway.common.operation.Transactions;
import java.sql.Connection;
import java.sql.PreparedStatement;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.stream.Collectors;

/// The janitor's side of the database: the installation it belongs to, what the ledger says, and
/// since when reality disagrees.
///
/// Each service has the tables `installation` and `discrepancy` in its own database.
final class JanitorTables {

  private final Transactions transactions;
  private final SqlBooks books;

  JanitorTables(Transactions transactions, SqlBooks books) {
    this.transactions = transactions;
    this.books = books;
  }

  /// The installation this database knows.
  Optional<String> installation() throws SQLException {
    return transactions.inNew(
        connection -> {
          try (PreparedStatement select =
                  connection.prepareStatement("select id from installation");
              ResultSet row = select.executeQuery()) {
            return row.next() ? Optional.of(row.getString(1)) : Optional.empty();
          }
        });
  }

  /// Writes down the installation, unless another replica has.
  void belongTo(String installation) throws SQLException {
    transactions.inNew(
        connection -> {
          try (PreparedStatement insert =
              connection.prepareStatement(
                  "insert into installation (id) values (?) on conflict do nothing")) {
            insert.setString(1, installation);
            return insert.executeUpdate();
          }
        });
  }

  /// What is known of each subject that something was found of.
  Map<String, Bookkeeping> books(List<Found> reality) throws SQLException {
    Set<String> subjects = reality.stream().map(Found::subject).collect(Collectors.toSet());
    return transactions.inNew(
        connection -> {
          Map<String, Bookkeeping> known = new HashMap<>();
          for (String subject : subjects) {
            known.put(subject, books.read(connection, subject));
          }
          return known;
        });
  }

  /// Rows that say something exists, of subjects that no operation works on. Rows made within the
  /// last minute may be younger than the look at reality.
  Map<String, List<Resource>> settled() throws SQLException {
    return transactions.inNew(
        connection -> {
          try (PreparedStatement select =
                  connection.prepareStatement(
                      """
                      select l.subject, l.kind, l.name from ledger l
                      where l.state <> 'GONE' and l.planned_at < clock_timestamp() - interval '1 minute'
                        and not exists (
                          select 1 from operation o where o.subject = l.subject and o.phase <> 'ENDED')
                      order by l.number""");
              ResultSet rows = select.executeQuery()) {
            Map<String, List<Resource>> settled = new LinkedHashMap<>();
            while (rows.next()) {
              settled
                  .computeIfAbsent(rows.getString("subject"), none -> new ArrayList<>())
                  .add(new Resource(rows.getString("kind"), rows.getString("name")));
            }
            return settled;
          }
        });
  }

  /// Remembers what was just seen and forgets what was not seen any more.
  ///
  /// @param apart what the janitor may remove has to have been seen like that for so long, in time
  ///     the platform runs; the first look is one of the two, and any look that says otherwise
  ///     starts it anew
  /// @return the subjects of which everything found has been removable for so long
  List<String> remember(List<Discrepancy> seen, Duration apart) throws SQLException {
    return transactions.inNew(
        connection -> {
          forgetOthers(connection, seen);
          try (PreparedStatement upsert =
              connection.prepareStatement(
                  """
                  insert into discrepancy as d
                    (side, kind, name, subject, detail, reason, removable_since, removable_looks)
                  values (?, ?, ?, ?, ?, ?, case when ? then platform_now() end, case when ? then 1 else 0 end)
                  on conflict (side, kind, name) do update set
                    detail = excluded.detail, reason = excluded.reason, subject = excluded.subject,
                    removable_since = case
                      when excluded.removable_since is null or d.subject <> excluded.subject
                        then excluded.removable_since
                      else coalesce(d.removable_since, excluded.removable_since) end,
                    removable_looks = case
                      when excluded.removable_since is null or d.subject <> excluded.subject
                        then excluded.removable_looks
                      else d.removable_looks + 1 end""")) {
            for (Discrepancy discrepancy : seen) {
              upsert.setString(1, discrepancy.side().name());
              upsert.setString(2, discrepancy.resource().kind());
              upsert.setString(3, discrepancy.resource().name());
              upsert.setString(4, discrepancy.subject());
              upsert.setString(5, discrepancy.detail());
              upsert.setString(6, discrepancy.reason());
              upsert.setBoolean(7, discrepancy.removable());
              upsert.setBoolean(8, discrepancy.removable());
              upsert.addBatch();
            }
            int[] written = upsert.executeBatch();
            assert written.length == seen.size();
          }
          return ripe(connection, apart);
        });
  }

  private static void forgetOthers(Connection connection, List<Discrepancy> seen)
      throws SQLException {
    String[] keys =
        seen.stream()
            .map(
                discrepancy ->
                    String.join(
                        " ",
                        discrepancy.side().name(),
                        discrepancy.resource().kind(),
                        discrepancy.resource().name()))
            .toArray(String[]::new);
    try (PreparedStatement delete =
        connection.prepareStatement(
            "delete from discrepancy where side || ' ' || kind || ' ' || name <> all (?)")) {
      delete.setArray(1, connection.createArrayOf("text", keys));
      delete.executeUpdate();
    }
  }

  private static List<String> ripe(Connection connection, Duration apart) throws SQLException {
    try (PreparedStatement select =
        connection.prepareStatement(
            """
            select subject from discrepancy
            where side = 'FOUND' and kind <> 'trash'
            group by subject
            having count(*) = count(removable_since) and min(removable_looks) >= 2
               and max(removable_since) + ? <= platform_now()
            order by subject""")) {
      select.setLong(1, apart.toMillis());
      try (ResultSet rows = select.executeQuery()) {
        List<String> ripe = new ArrayList<>();
        while (rows.next()) {
          ripe.add(rows.getString(1));
        }
        return ripe;
      }
    }
  }

  /// After an attempt everything has to be seen twice again.
  void startAnew(String subject) throws SQLException {
    transactions.inNew(
        connection -> {
          try (PreparedStatement update =
              connection.prepareStatement(
                  "update discrepancy set removable_since = null, removable_looks = 0 where subject = ?")) {
            update.setString(1, subject);
            return update.executeUpdate();
          }
        });
  }

  /// Since when the janitor has seen what a caller has just seen; now, when it has not yet.
  List<Discrepancy.Known> since(List<Discrepancy> seen) throws SQLException {
    return transactions.inNew(
        connection -> {
          List<Discrepancy.Known> known = new ArrayList<>();
          try (PreparedStatement select =
              connection.prepareStatement(
                  """
                  select coalesce(
                    (select since from discrepancy where side = ? and kind = ? and name = ? and subject = ?),
                    clock_timestamp())""")) {
            for (Discrepancy discrepancy : seen) {
              select.setString(1, discrepancy.side().name());
              select.setString(2, discrepancy.resource().kind());
              select.setString(3, discrepancy.resource().name());
              select.setString(4, discrepancy.subject());
              try (ResultSet row = select.executeQuery()) {
                row.next();
                Instant since = row.getTimestamp(1).toInstant();
                known.add(new Discrepancy.Known(discrepancy, since));
              }
            }
          }
          return known;
        });
  }
}
