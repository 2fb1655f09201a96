package dev.slipway.deploy.reconcile;

import dev.slipway.common.driver.Found;
import dev.slipway.common.ledger.Ledger;
import dev.slipway.common.ledger.LedgerRow;
import dev.slipway.common.operation.DriverFailure;
import dev.slipway.common.operation.OperationEngine;
import dev.slipway.common.operation.Transactions;
import dev.slipway.deploy.driver.ApplicationRuntime;
import jakarta.enterprise.context.ApplicationScoped;
import jakarta.inject.Inject;
import java.sql.SQLException;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;

/// Reality against the ledger. It only reports: a delete, which knows what it may remove, is what
/// removes.
///
/// Reality is listed first and the books are read second, so that what comes into being while it
/// looks is in the books.
@ApplicationScoped
class Stocktaking {

  private final ApplicationRuntime runtime;
  private final Transactions transactions;
  private final OperationEngine engine;
  private final Ledger ledger = new Ledger();

  @Inject
  Stocktaking(ApplicationRuntime runtime, Transactions transactions, OperationEngine engine) {
    this.runtime = runtime;
    this.transactions = transactions;
    this.engine = engine;
  }

  /// Something that exists without the ledger having it.
  record Orphan(String application, String kind, String name, String detail, String reason) {}

  List<Orphan> orphans() throws SQLException, InterruptedException {
    List<Found> reality;
    try {
      reality = runtime.inventory();
    } catch (DriverFailure failure) {
      // Half a look is none.
      throw new SQLException("Reality cannot be listed: " + failure.getMessage(), failure);
    }
    List<Orphan> orphans = new ArrayList<>();
    for (Found found : reality) {
      reason(found)
          .ifPresent(
              reason ->
                  orphans.add(
                      new Orphan(
                          found.subject(),
                          found.resource().kind(),
                          found.resource().name(),
                          found.detail(),
                          reason)));
    }
    return orphans;
  }

  private Optional<String> reason(Found found) throws SQLException {
    List<LedgerRow> rows =
        transactions.joining(connection -> ledger.history(connection, found.subject())).stream()
            .filter(row -> row.resource().equals(found.resource()))
            .toList();
    if (rows.stream().anyMatch(LedgerRow::open) || engine.activeOn(found.subject()).isPresent()) {
      return Optional.empty();
    }
    return Optional.of(
        rows.isEmpty()
            ? "this control database never heard of it"
            : "the ledger says that it is gone");
  }
}
