package dev.slipway.common.operation;

import dev.slipway.common.outbox.Outbox;
import dev.slipway.common.outbox.OutboxRelay;
import io.quarkus.arc.All;
import io.quarkus.arc.DefaultBean;
import io.quarkus.runtime.ShutdownEvent;
import io.quarkus.runtime.StartupEvent;
import io.smallrye.common.annotation.Identifier;
import jakarta.enterprise.context.ApplicationScoped;
import jakarta.enterprise.event.Observes;
import jakarta.enterprise.inject.Produces;
import jakarta.inject.Singleton;
import java.time.Clock;
import java.time.Duration;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import javax.sql.DataSource;
import org.apache.kafka.clients.producer.KafkaProducer;
import org.apache.kafka.clients.producer.ProducerConfig;
import org.apache.kafka.common.serialization.StringSerializer;
import org.eclipse.microprofile.config.inject.ConfigProperty;

/// Makes the kernel from a service's configuration, and starts and stops it with the service.
@ApplicationScoped
class KernelLifecycle {

  @Produces
  @Singleton
  Outbox outbox(@ConfigProperty(name = "slipway.service") String service) {
    return new Outbox(service, Clock.systemUTC());
  }

  @Produces
  @Singleton
  @DefaultBean
  OperationEngine.Interruptions interruptions() {
    return OperationEngine.Interruptions.NONE;
  }

  @Produces
  @Singleton
  OperationCatalog catalog(@All List<Operation<?, ?>> operations) {
    return new OperationCatalog(operations);
  }

  @Produces
  @Singleton
  KernelSettings settings(
      @ConfigProperty(name = "slipway.service") String service,
      @ConfigProperty(name = "slipway.replica") String replica,
      @ConfigProperty(name = "slipway.operations.prefix") String prefix,
      @ConfigProperty(name = "slipway.operations.event-topic") String eventTopic,
      @ConfigProperty(name = "slipway.operations.lease", defaultValue = "10s") Duration lease,
      @ConfigProperty(name = "slipway.operations.light", defaultValue = "32") int light,
      @ConfigProperty(name = "slipway.operations.start", defaultValue = "4") int start,
      @ConfigProperty(name = "slipway.operations.build", defaultValue = "1") int build) {
    return new KernelSettings(
        service,
        replica,
        prefix,
        eventTopic,
        lease,
        Map.of(Admission.LIGHT, light, Admission.START, start, Admission.BUILD, build));
  }

  @Produces
  @Singleton
  OperationEngine engine(
      Transactions transactions,
      OperationCatalog catalog,
      KernelSettings settings,
      Outbox outbox,
      OperationEngine.Interruptions interruptions) {
    return new OperationEngine(transactions, catalog, settings, outbox, interruptions);
  }

  @Produces
  @Singleton
  OutboxRelay relay(
      DataSource database, @Identifier("default-kafka-broker") Map<String, Object> kafka) {
    Map<String, Object> settings = new HashMap<>(kafka);
    settings.put(ProducerConfig.ACKS_CONFIG, "all");
    settings.put(ProducerConfig.ENABLE_IDEMPOTENCE_CONFIG, true);
    settings.put(ProducerConfig.LINGER_MS_CONFIG, 0);
    settings.put(ProducerConfig.DELIVERY_TIMEOUT_MS_CONFIG, 10_000);
    settings.put(ProducerConfig.REQUEST_TIMEOUT_MS_CONFIG, 5_000);
    settings.put(ProducerConfig.MAX_BLOCK_MS_CONFIG, 5_000);
    settings.put(ProducerConfig.BUFFER_MEMORY_CONFIG, 4 << 20);
    return new OutboxRelay(
        database, new KafkaProducer<>(settings, new StringSerializer(), new StringSerializer()));
  }

  void start(@Observes StartupEvent event, OperationEngine engine, OutboxRelay relay) {
    engine.onCommit(relay::wake);
    relay.start();
    engine.start();
  }

  void stop(@Observes ShutdownEvent event, OperationEngine engine, OutboxRelay relay) {
    engine.close();
    relay.close();
  }
}
