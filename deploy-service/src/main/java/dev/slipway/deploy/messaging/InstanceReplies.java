package dev.slipway.deploy.messaging;

import dev.slipway.common.contract.instance.InstanceEvent;
import dev.slipway.common.inbox.Intakes;
import dev.slipway.common.inbox.MessageIntake;
import dev.slipway.common.operation.OperationEngine;
import dev.slipway.common.operation.OperationEvent;
import dev.slipway.common.operation.Transactions;
import dev.slipway.common.outbox.Json;
import dev.slipway.common.outbox.Message;
import dev.slipway.deploy.domain.SchemaRecords;
import io.smallrye.common.annotation.Blocking;
import jakarta.enterprise.context.ApplicationScoped;
import jakarta.inject.Inject;
import java.util.List;
import org.apache.kafka.clients.consumer.ConsumerRecord;
import org.eclipse.microprofile.reactive.messaging.Incoming;

/// Operations of instances that have ended; one of them may be what an operation here waits for.
/// Of instances that are no more, what was known of their databases is forgotten. Whatever else is
/// told of instances is nothing to this service.
@ApplicationScoped
public class InstanceReplies implements Intakes {

  private static final String ENDED = Message.typeOf(OperationEvent.Ended.class);
  private static final String DESTROYED = Message.typeOf(InstanceEvent.InstanceDestroyed.class);
  private static final String UNLINKED = Message.typeOf(InstanceEvent.InstanceUnlinked.class);

  private final MessageIntake intake;

  @Inject
  InstanceReplies(Transactions transactions, OperationEngine engine, SchemaRecords records) {
    intake =
        new MessageIntake(
            transactions,
            InstanceEvent.TOPIC,
            (connection, message) -> {
              if (message.type().equals(ENDED)) {
                engine.hear(
                    connection, Json.read(message.data().toString(), OperationEvent.Ended.class));
              } else if (message.type().equals(DESTROYED)) {
                records.forget(
                    Json.read(message.data().toString(), InstanceEvent.InstanceDestroyed.class)
                        .instance());
              } else if (message.type().equals(UNLINKED)) {
                records.forget(
                    Json.read(message.data().toString(), InstanceEvent.InstanceUnlinked.class)
                        .instance());
              }
            });
  }

  @Incoming("instance-event")
  @Blocking
  void take(ConsumerRecord<String, String> message) throws InterruptedException {
    intake.take(message.key(), message.value());
  }

  @Override
  public List<MessageIntake> intakes() {
    return List.of(intake);
  }
}
