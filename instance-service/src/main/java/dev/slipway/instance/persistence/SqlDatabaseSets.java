package dev.slipway.instance.persistence;

import dev.slipway.common.contract.instance.DatabaseOperations;
import dev.slipway.common.ledger.Ledger;
import dev.slipway.common.ledger.LedgerRow;
import dev.slipway.common.ledger.Resource;
import dev.slipway.common.operation.OperationEngine;
import dev.slipway.common.operation.Transactions;
import dev.slipway.common.sql.Pipeline;
import dev.slipway.instance.domain.Bindings;
import dev.slipway.instance.domain.DatabaseSets;
import dev.slipway.instance.domain.KeptDatabases;
import jakarta.enterprise.context.ApplicationScoped;
import jakarta.inject.Inject;
import jakarta.inject.Provider;
import java.sql.Connection;
import java.sql.PreparedStatement;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.util.ArrayList;
import java.util.Collection;
import java.util.List;
import java.util.Set;

/// Database sets in the kernel's tables.
@ApplicationScoped
public class SqlDatabaseSets implements DatabaseSets, KeptDatabases {

  private final Transactions transactions;

  // Asked for late: the engine holds the operations, one of which holds this.
  private final Provider<OperationEngine> engine;

  private final Bindings bindings;
  private final Ledger ledger = new Ledger();

  @Inject
  public SqlDatabaseSets(
      Transactions transactions, Provider<OperationEngine> engine, Bindings bindings) {
    this.transactions = transactions;
    this.engine = engine;
    this.bindings = bindings;
  }

  @Override
  public boolean kept(String instance, String subject) {
    return joining(
        connection -> {
          boolean idle =
              !texts(
                      connection,
                      "select id from subject where id = ? and active_operation is null",
                      subject)
                  .isEmpty();
          // Both commands name the application, and something planned what is there.
          List<String> applications =
              texts(
                  connection,
                  "select distinct input ->> 'application' from operation where subject = ?",
                  subject);
          return idle
              && !applications.isEmpty()
              && applications.stream()
                  .noneMatch(application -> bindings.bound(instance, application));
        });
  }

  @Override
  public void inherit(String instance, String subject, Collection<Resource> resources) {
    joining(
        connection -> {
          List<LedgerRow> left =
              resources.stream()
                  .map(Resource::kind)
                  .distinct()
                  .flatMap(kind -> openOfKind(connection, kind).stream())
                  .filter(row -> resources.contains(row.resource()))
                  .filter(row -> !row.subject().equals(subject))
                  .toList();
          List<String> owners = left.stream().map(LedgerRow::subject).distinct().sorted().toList();
          for (String owner : owners) {
            texts(connection, "select id from subject where id = ? for update", owner);
          }
          // From here on nobody becomes bound and no operation begins on what is left.
          bindings.lockApplicationsOf(instance);
          for (String owner : owners) {
            if (!kept(instance, owner)) {
              throw new IllegalStateException("The databases of %s are in use".formatted(owner));
            }
          }
          for (LedgerRow row : left) {
            ledger.passOn(connection, row.number(), subject);
          }
          return left.size();
        });
  }

  @Override
  public Set<String> ancestors(String instance, String subject, String role) {
    return joining(
        connection ->
            Set.copyOf(
                texts(
                    connection,
                    """
                    select distinct input ->> 'application' from operation
                    where kind = 'databases.ensure' and subject <> ?
                      and input ->> 'instance' = ? and input ->> 'role' = ?
                      and exists (
                        select from ledger join operation planner on planner.id = ledger.operation
                        where ledger.subject = ? and ledger.state <> 'GONE'
                          and planner.subject <> ledger.subject)""",
                    subject,
                    instance,
                    role,
                    subject)));
  }

  private List<LedgerRow> openOfKind(Connection connection, String kind) {
    try {
      return ledger.openOfKind(connection, kind);
    } catch (SQLException failure) {
      throw unavailable(failure);
    }
  }

  private <T> T joining(Transactions.Work<T> work) {
    try {
      return transactions.joining(work);
    } catch (SQLException failure) {
      throw unavailable(failure);
    }
  }

  private static IllegalStateException unavailable(SQLException failure) {
    return new IllegalStateException("The control database did not answer", failure);
  }

  private static List<String> texts(Connection connection, String sql, String... arguments)
      throws SQLException {
    try (PreparedStatement select = connection.prepareStatement(sql)) {
      for (int i = 0; i < arguments.length; i++) {
        select.setString(i + 1, arguments[i]);
      }
      try (ResultSet rows = select.executeQuery()) {
        List<String> found = new ArrayList<>();
        while (rows.next()) {
          found.add(rows.getString(1));
        }
        return found;
      }
    }
  }

  @Override
  public void instanceGone(String operation, String instance, String proof) {
    joining(
        connection -> {
          // Subjects before what belongs to them.
          for (String waiting : stuck(connection, instance)) {
            engine.get().retry(connection, waiting);
          }
          Pipeline writes = new Pipeline();
          int struck = 0;
          for (String kind : List.of("role", "database")) {
            for (LedgerRow row : ledger.openOfKind(connection, kind)) {
              if (row.resource().name().startsWith(instance + '/')) {
                ledger.gone(writes, operation, row.subject(), row.resource(), proof);
                struck++;
              }
            }
          }
          writes.run(connection);
          return struck;
        });
  }

  private static List<String> stuck(Connection connection, String instance) throws SQLException {
    return texts(
        connection,
        """
        select id from operation
        where phase = 'STUCK' and kind in (?, ?) and input ->> 'instance' = ?
        order by subject""",
        DatabaseOperations.ENSURE,
        DatabaseOperations.DROP,
        instance);
  }
}
