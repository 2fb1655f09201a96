package dev.slipway.deploy.messaging;

import static org.assertj.core.api.Assertions.assertThat;

import dev.slipway.common.contract.instance.InstanceEvent;
import dev.slipway.common.contract.instance.InstanceEvent.InstanceDestroyed;
import dev.slipway.common.contract.instance.InstanceEvent.InstanceUnavailable;
import dev.slipway.common.contract.instance.InstanceEvent.InstanceUnlinked;
import dev.slipway.common.id.Identifiers;
import dev.slipway.common.operation.KernelDatabase;
import dev.slipway.common.operation.OperationEngine;
import dev.slipway.common.operation.OperationKit;
import dev.slipway.common.outbox.Json;
import dev.slipway.common.outbox.Message;
import dev.slipway.deploy.domain.Application;
import dev.slipway.deploy.domain.Applications;
import dev.slipway.deploy.domain.SchemaRecord;
import dev.slipway.deploy.domain.SchemaRecords;
import dev.slipway.deploy.persistence.ApplicationTable;
import dev.slipway.deploy.persistence.Samples;
import dev.slipway.deploy.persistence.SchemaRecordTable;
import java.time.Instant;
import java.util.List;
import java.util.Map;
import org.apache.kafka.clients.consumer.ConsumerRecord;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/// What is known of the databases of an instance ends with it, and with nothing else.
final class InstanceRepliesTest {

  private static final KernelDatabase DATABASE = KernelDatabase.fresh("classpath:db/migration");
  private static final OperationEngine ENGINE =
      OperationKit.engine(DATABASE, List.of(), "one", OperationEngine.Interruptions.NONE);
  private static final Applications APPLICATIONS = new ApplicationTable(DATABASE.transactions());
  private static final SchemaRecords RECORDS = new SchemaRecordTable(DATABASE.transactions());
  private static final SchemaRecord APPLIED = SchemaRecord.NONE.ran("17", true, "digest");

  private final InstanceReplies replies =
      new InstanceReplies(DATABASE.transactions(), ENGINE, RECORDS);
  private final String main = Identifiers.next("ins");
  private final String other = Identifiers.next("ins");
  private final Application shop = Samples.application(Identifiers.next("org"), "shop", main, "a");
  private final Application cafe = Samples.application(Identifiers.next("org"), "cafe", main, "b");

  @AfterAll
  static void stop() {
    ENGINE.close();
  }

  @BeforeEach
  void apply() {
    for (Application application : List.of(shop, cafe)) {
      APPLICATIONS.add(application);
      RECORDS.put(application.id(), main, APPLIED);
    }
    RECORDS.put(shop.id(), other, APPLIED);
  }

  @Test
  void whatWasAppliedOnAnInstanceThatIsDestroyedIsForgotten() throws Exception {
    take(1, new InstanceDestroyed(main, "main"));

    assertThat(RECORDS.of(shop.id())).isEqualTo(Map.of(other, APPLIED));
    assertThat(RECORDS.of(cafe.id())).isEmpty();
  }

  @Test
  void whatWasAppliedOnAServerThatIsUnlinkedIsForgotten() throws Exception {
    take(1, new InstanceUnlinked(other, "other"));

    assertThat(RECORDS.of(shop.id())).isEqualTo(Map.of(main, APPLIED));
    assertThat(RECORDS.of(cafe.id())).isEqualTo(Map.of(main, APPLIED));
  }

  @Test
  void anInstanceThatIsDownForgetsNothing() throws Exception {
    take(1, new InstanceUnavailable(main, "main", "it does not answer"));

    assertThat(RECORDS.of(shop.id())).containsOnlyKeys(main, other);
  }

  /// A message that comes again is no second end: the same server may be linked anew meanwhile.
  @Test
  void anEndThatIsToldAgainForgetsNothingMore() throws Exception {
    take(1, new InstanceUnlinked(main, "main"));
    RECORDS.put(shop.id(), main, APPLIED);

    take(1, new InstanceUnlinked(main, "main"));

    assertThat(RECORDS.at(shop.id(), main)).isEqualTo(APPLIED);
  }

  private void take(long seq, InstanceEvent event) throws InterruptedException {
    String instance = event.instance();
    String message =
        Json.write(
            new Message(
                "1.0",
                "instance-service/" + instance + '/' + seq,
                "instance-service",
                Message.typeOf(event.getClass()),
                instance,
                Instant.EPOCH,
                "application/json",
                "org_1",
                seq,
                Json.treeOf(event)));
    replies.take(new ConsumerRecord<>(InstanceEvent.TOPIC, 0, seq, instance, message));
  }
}
