package dev.slipway.deploy.messaging;

import dev.slipway.common.contract.instance.InstanceEvent;
import dev.slipway.common.inbox.MessageIntake;
import dev.slipway.common.operation.OperationEngine;
import dev.slipway.common.operation.OperationEvent;
import dev.slipway.common.operation.Transactions;
import dev.slipway.common.outbox.Json;
import dev.slipway.common.outbox.Message;
import io.smallrye.common.annotation.Blocking;
import jakarta.enterprise.context.ApplicationScoped;
import jakarta.inject.Inject;
import org.apache.kafka.clients.consumer.ConsumerRecord;
import org.eclipse.microprofile.reactive.messaging.Incoming;

/// Operations of instances that have ended; one of them may be what an operation here waits for.
/// Whatever else is told of instances is nothing to this service.
@ApplicationScoped
public class InstanceReplies {

  private static final String ENDED = Message.typeOf(OperationEvent.Ended.class);

  private final MessageIntake intake;

  @Inject
  InstanceReplies(Transactions transactions, OperationEngine engine) {
    intake =
        new MessageIntake(
            transactions,
            InstanceEvent.TOPIC,
            (connection, message) -> {
              if (message.type().equals(ENDED)) {
                engine.hear(
                    connection, Json.read(message.data().toString(), OperationEvent.Ended.class));
              }
            });
  }

  @Incoming("instance-event")
  @Blocking
  void take(ConsumerRecord<String, String> message) throws InterruptedException {
    intake.take(message.key(), message.value());
  }
}
