package dev.slipway.account;

import dev.slipway.common.contract.account.AccountEvent;
import dev.slipway.common.outbox.MessageSchemas;
import org.junit.jupiter.api.Test;

/// What is generated from the messages of this service is as it was released.
final class GeneratedTest {

  @Test
  void theEventsAreAsPublished() {
    MessageSchemas.verify(AccountEvent.class);
  }
}
