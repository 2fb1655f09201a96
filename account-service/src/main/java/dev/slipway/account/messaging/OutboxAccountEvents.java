package dev.slipway.account.messaging;

import dev.slipway.account.membership.AccountEvents;
import dev.slipway.common.contract.account.AccountEvent;
import dev.slipway.common.operation.Transactions;
import dev.slipway.common.outbox.Outbox;
import dev.slipway.common.outbox.OutboxRelay;
import jakarta.enterprise.context.ApplicationScoped;
import java.sql.SQLException;

/// Writes each fact to the outbox, on the connection of the transaction that makes it true.
@ApplicationScoped
class OutboxAccountEvents implements AccountEvents {

  private final Transactions transactions;
  private final Outbox outbox;
  private final OutboxRelay relay;

  OutboxAccountEvents(Transactions transactions, Outbox outbox, OutboxRelay relay) {
    this.transactions = transactions;
    this.outbox = outbox;
    this.relay = relay;
  }

  @Override
  public void tell(String subject, String organization, AccountEvent event) {
    try {
      transactions.joining(
          connection -> {
            outbox.append(connection, AccountEvent.TOPIC, subject, organization, event);
            return true;
          });
    } catch (SQLException problem) {
      throw new IllegalStateException("the outbox did not take an event", problem);
    }
    transactions.afterCommit(relay::wake);
  }
}
