package dev.slipway.instance.reconcile;

import dev.slipway.common.ledger.Resource;
import dev.slipway.common.operation.Transactions;
import dev.slipway.instance.domain.Bookkeeping;
import dev.slipway.instance.domain.Books;
import dev.slipway.instance.operation.DestroyInstance;
import dev.slipway.instance.operation.ProvisionInstance;
import jakarta.enterprise.context.ApplicationScoped;
import jakarta.inject.Inject;
import java.sql.Connection;
import java.sql.PreparedStatement;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.util.HashSet;
import java.util.Set;

/// Reads the books in the database.
@ApplicationScoped
public class SqlBooks implements Books {

  private final Transactions transactions;

  @Inject
  SqlBooks(Transactions transactions) {
    this.transactions = transactions;
  }

  @Override
  public Bookkeeping of(String instance) {
    try {
      return transactions.joining(connection -> read(connection, instance));
    } catch (SQLException failure) {
      throw new IllegalStateException("The control database did not answer", failure);
    }
  }

  /// One statement, so that all of it is of the same moment.
  static Bookkeeping read(Connection connection, String instance) throws SQLException {
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
            select 'RECORDED', id, null from instance where id = ?
            union all
            select 'UNFINISHED', id, null from operation where subject = ? and phase <> 'ENDED'
            union all
            select 'OVER', id, null from operation where subject = ?
              and ((kind = ? and outcome <> 'SUCCEEDED') or (kind = ? and outcome = 'SUCCEEDED'))
            union all
            select case when state = 'GONE' then 'GONE' else 'OPEN' end, kind, name from ledger where subject = ?""")) {
      for (int i = 1; i <= 4; i++) {
        select.setString(i, instance);
      }
      select.setString(5, ProvisionInstance.KIND);
      select.setString(6, DestroyInstance.KIND);
      select.setString(7, instance);
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
