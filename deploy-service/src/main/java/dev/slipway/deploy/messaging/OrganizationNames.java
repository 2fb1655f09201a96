package dev.slipway.deploy.messaging;

import dev.slipway.common.contract.account.AccountEvent;
import dev.slipway.common.inbox.Intakes;
import dev.slipway.common.inbox.MessageIntake;
import dev.slipway.common.operation.Transactions;
import dev.slipway.common.outbox.Json;
import dev.slipway.common.outbox.Message;
import dev.slipway.deploy.domain.Application;
import dev.slipway.deploy.domain.Applications;
import dev.slipway.deploy.domain.Executor;
import dev.slipway.deploy.domain.Executors;
import dev.slipway.deploy.domain.Routes;
import io.smallrye.common.annotation.Blocking;
import jakarta.enterprise.context.ApplicationScoped;
import jakarta.inject.Inject;
import java.util.List;
import org.apache.kafka.clients.consumer.ConsumerRecord;
import org.eclipse.microprofile.reactive.messaging.Incoming;

/// The first part of every host is an organization's name: when it is renamed, its applications
/// follow, and the gateways are told.
@ApplicationScoped
public class OrganizationNames implements Intakes {

  private static final String RENAMED = Message.typeOf(AccountEvent.OrganizationRenamed.class);

  private final Applications applications;
  private final Executors executors;
  private final Routes routes;
  private final MessageIntake intake;

  @Inject
  OrganizationNames(
      Transactions transactions, Applications applications, Executors executors, Routes routes) {
    this.applications = applications;
    this.executors = executors;
    this.routes = routes;
    intake =
        new MessageIntake(
            transactions,
            AccountEvent.TOPIC,
            (connection, message) -> {
              if (message.type().equals(RENAMED)) {
                follow(
                    Json.read(message.data().toString(), AccountEvent.OrganizationRenamed.class));
              }
            });
  }

  /// In the transaction in which the message is noted as taken in.
  private void follow(AccountEvent.OrganizationRenamed renamed) {
    for (Application application :
        applications.renamed(renamed.organization(), renamed.newName())) {
      routes.tell(
          application,
          application.routeRevision(),
          executors.of(application.id()).stream()
              .filter(executor -> executor.duty() == Executor.Duty.SERVING)
              .filter(executor -> executor.version().equals(application.serving()))
              .toList());
    }
  }

  @Incoming("account-event")
  @Blocking
  void take(ConsumerRecord<String, String> message) throws InterruptedException {
    intake.take(message.key(), message.value());
  }

  @Override
  public List<MessageIntake> intakes() {
    return List.of(intake);
  }
}
