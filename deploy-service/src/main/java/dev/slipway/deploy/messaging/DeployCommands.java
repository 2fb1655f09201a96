package dev.slipway.deploy.messaging;

import dev.slipway.common.inbox.Intakes;
import dev.slipway.common.inbox.MessageIntake;
import dev.slipway.common.operation.OperationCommand;
import dev.slipway.common.operation.OperationEngine;
import dev.slipway.common.operation.Transactions;
import dev.slipway.common.outbox.Json;
import dev.slipway.common.outbox.Message;
import io.smallrye.common.annotation.Blocking;
import jakarta.enterprise.context.ApplicationScoped;
import jakarta.inject.Inject;
import java.util.List;
import org.apache.kafka.clients.consumer.ConsumerRecord;
import org.eclipse.microprofile.reactive.messaging.Incoming;

/// What other services ask of applications: begin this operation, cancel that one.
@ApplicationScoped
public class DeployCommands implements Intakes {

  public static final String TOPIC = "slipway.deploy.command.v1";

  private static final String BEGIN = Message.typeOf(OperationCommand.Begin.class);
  private static final String CANCEL = Message.typeOf(OperationCommand.Cancel.class);

  private final MessageIntake intake;

  @Inject
  DeployCommands(Transactions transactions, OperationEngine engine) {
    intake =
        new MessageIntake(
            transactions,
            TOPIC,
            (connection, message) -> {
              String data = message.data().toString();
              if (message.type().equals(BEGIN)) {
                engine.obey(connection, Json.read(data, OperationCommand.Begin.class));
              } else if (message.type().equals(CANCEL)) {
                engine.obey(connection, Json.read(data, OperationCommand.Cancel.class));
              } else {
                throw new IllegalArgumentException("There is no command " + message.type());
              }
            });
  }

  @Incoming("deploy-command")
  @Blocking
  void take(ConsumerRecord<String, String> message) throws InterruptedException {
    intake.take(message.key(), message.value());
  }

  @Override
  public List<MessageIntake> intakes() {
    return List.of(intake);
  }
}
