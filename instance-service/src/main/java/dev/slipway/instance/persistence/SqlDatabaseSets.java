package dev.slipway.instance.persistence;

import dev.slipway.common.contract.instance.DatabaseOperations;
import dev.slipway.common.ledger.Ledger;
import dev.slipway.common.ledger.LedgerRow;
import dev.slipway.common.operation.OperationEngine;
import dev.slipway.common.operation.Transactions;
import dev.slipway.instance.domain.DatabaseSets;
import jakarta.enterprise.context.ApplicationScoped;
import jakarta.inject.Inject;
import jakarta.inject.Provider;
import java.sql.Connection;
import java.sql.PreparedStatement;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.util.ArrayList;
import java.util.List;

/// Database sets in the kernel's tables.
@ApplicationScoped
public class SqlDatabaseSets implements DatabaseSets {

  private final Transactions transactions;

  // Asked for late: the engine holds the operations, one of which holds this.
  private final Provider<OperationEngine> engine;

  private final Ledger ledger = new Ledger();

  @Inject
  public SqlDatabaseSets(Transactions transactions, Provider<OperationEngine> engine) {
    this.transactions = transactions;
    this.engine = engine;
  }

  @Override
  public void instanceGone(String instance, String proof) {
    try {
      transactions.joining(
          connection -> {
            // Subjects before what belongs to them.
            for (String operation : stuck(connection, instance)) {
              engine.get().retry(connection, operation);
            }
            int struck = 0;
            for (String kind : List.of("role", "database")) {
              for (LedgerRow row : ledger.openOfKind(connection, kind)) {
                if (row.resource().name().startsWith(instance + '/')) {
                  ledger.gone(connection, row.subject(), row.resource(), proof);
                  struck++;
                }
              }
            }
            return struck;
          });
    } catch (SQLException failure) {
      throw new IllegalStateException("The control database did not answer", failure);
    }
  }

  private static List<String> stuck(Connection connection, String instance) throws SQLException {
    try (PreparedStatement select =
        connection.prepareStatement(
            """
            select id from operation
            where phase = 'STUCK' and kind in (?, ?) and input ->> 'instance' = ?
            order by subject""")) {
      select.setString(1, DatabaseOperations.ENSURE);
      select.setString(2, DatabaseOperations.DROP);
      select.setString(3, instance);
      try (ResultSet rows = select.executeQuery()) {
        List<String> found = new ArrayList<>();
        while (rows.next()) {
          found.add(rows.getString(1));
        }
        return found;
      }
    }
  }
}
