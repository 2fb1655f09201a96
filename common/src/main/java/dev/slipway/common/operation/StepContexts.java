package dev.slipway.common.operation;

import dev.slipway.common.ledger.Ledger;
import dev.slipway.common.ledger.LedgerRow;
import dev.slipway.common.outbox.Json;
import java.sql.SQLException;
import java.util.List;

/// Makes what a step sees.
final class StepContexts {

  private final Transactions transactions;
  private final Ledger ledger;

  StepContexts(Transactions transactions, Ledger ledger) {
    this.transactions = transactions;
    this.ledger = ledger;
  }

  /// What a step of this operation sees.
  <I extends Record, S extends Record> StepContext<I, S> of(
      OperationCatalog.Entry<I, S> entry, StoredOperation operation) {
    var open = new OpenLedger(operation.subject());
    return new StepContext<>(
        operation.id(),
        operation.progress().step(),
        operation.fence(),
        operation.organization(),
        operation.requestedBy(),
        operation.progress().attempts(),
        Json.readStored(operation.input(), entry.input()),
        Json.readStored(operation.state(), entry.state()),
        operation.progress().childEnd(),
        open,
        operation.progress().generation());
  }

  private final class OpenLedger implements StepContext.OpenLedger {

    private final String subject;

    OpenLedger(String subject) {
      this.subject = subject;
    }

    @Override
    public List<LedgerRow> ofSubject() {
      return read(connection -> ledger.open(connection, subject));
    }

    @Override
    public List<LedgerRow> ofKind(String kind) {
      return read(connection -> ledger.openOfKind(connection, kind));
    }

    private List<LedgerRow> read(Transactions.Work<List<LedgerRow>> query) {
      try {
        return transactions.reading(query);
      } catch (SQLException failure) {
        throw new DatabaseUnavailable(failure);
      }
    }
  }

  /// The control database did not answer while a step asked it; the step is tried again.
  static final class DatabaseUnavailable extends RuntimeException {
    DatabaseUnavailable(SQLException cause) {
      super("The control database did not answer", cause);
    }
  }
}
