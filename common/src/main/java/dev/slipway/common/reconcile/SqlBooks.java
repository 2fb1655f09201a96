package dev.slipway.common.reconcile;

import dev.slipway.common.ledger.Resource;
import dev.slipway.common.operation.Transactions;
import java.sql.Connection;
import java.sql.PreparedStatement;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.util.HashSet;
import java.util.Set;

/// Reads the books in a service's database.
public final class SqlBooks implements Books {

  private final Transactions transactions;
  private final String table;
  private final String brings;
  private final String removes;

  /// @param table   where the subjects are recorded, by their `id`
  /// @param brings  the kind of the operation that brings a subject
  /// @param removes the kind of the one that removes it
  public SqlBooks(Transactions transactions, String table, String brings, String removes) {
    this.transactions = transactions;
    this.table = table;
    this.brings = brings;
    this.removes = removes;
  }

  @Override
  public Bookkeeping of(String subject) {
    try {
      return transactions.joining(connection -> read(connection, subject));
    } catch (SQLException failure) {
      throw new IllegalStateException("The control database did not answer", failure);
    }
  }

  /// One statement, so that all of it is of the same moment.
  Bookkeeping read(Connection connection, String subject) throws SQLException {
    boolean known = false;
    boolean recorded = false;
    boolean over = false;
    Set<String> unfinished = new HashSet<>();
    Set<Resource> open = new HashSet<>();
    Set<Resource> gone = new HashSet<>();
    try (PreparedStatement select =
        connection.prepareStatement(
            """
            select 'KNOWN' as what, id as kind, null as name from subject where id = ?
            union all
            select 'RECORDED', id, null from %s where id = ?
            union all
            select 'UNFINISHED', id, null from operation where subject = ? and phase <> 'ENDED'
            union all
            select 'OVER', id, null from operation where subject = ?
              and ((kind = ? and outcome <> 'SUCCEEDED') or (kind = ? and outcome = 'SUCCEEDED'))
            union all
            select case when state = 'GONE' then 'GONE' else 'OPEN' end, kind, name from ledger where subject = ?"""
                .formatted(table))) {
      for (int i = 1; i <= 4; i++) {
        select.setString(i, subject);
      }
      select.setString(5, brings);
      select.setString(6, removes);
      select.setString(7, subject);
      try (ResultSet rows = select.executeQuery()) {
        while (rows.next()) {
          switch (rows.getString("what")) {
            case "KNOWN" -> known = true;
            case "RECORDED" -> recorded = true;
            case "OVER" -> over = true;
            case "UNFINISHED" -> unfinished.add(rows.getString("kind"));
            case "OPEN" -> open.add(new Resource(rows.getString("kind"), rows.getString("name")));
            default -> gone.add(new Resource(rows.getString("kind"), rows.getString("name")));
          }
        }
      }
    }
    gone.removeAll(open);
    return new Bookkeeping(known, recorded, unfinished, open, gone, over);
  }
}
