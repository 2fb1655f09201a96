package dev.slipway.common.outbox;

import static java.time.Duration.ofMillis;
import static java.time.Duration.ofMinutes;
import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import dev.slipway.common.operation.KernelDatabase;
import java.sql.SQLException;
import java.time.Clock;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.apache.kafka.clients.consumer.ConsumerRecord;
import org.apache.kafka.clients.producer.KafkaProducer;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/// The relay between a real Postgres and a real Kafka.
final class RelayTest {

  private static final Duration PATIENCE = ofMinutes(2);
  private static final KernelDatabase DATABASE = KernelDatabase.fresh();

  @EventType("slipway.test.counted.v1")
  record Counted(int number) implements Event {}

  private final Outbox outbox = new Outbox("test-service", Clock.systemUTC());
  private final List<OutboxRelay> relays = new ArrayList<>();
  private Topic topic;

  @BeforeEach
  void open() throws Exception {
    topic = Topic.fresh("relay");
  }

  @AfterEach
  void close() {
    relays.forEach(OutboxRelay::close);
    topic.close();
    DATABASE.execute("truncate outbox");
  }

  private OutboxRelay relay() {
    return relay(Topic.producer());
  }

  private OutboxRelay relay(KafkaProducer<String, String> producer) {
    var relay = new OutboxRelay(DATABASE.dataSource(), producer);
    relays.add(relay);
    relay.start();
    return relay;
  }

  private void append(String topicName, String aggregate, int number) throws SQLException {
    DATABASE
        .transactions()
        .inNew(
            connection -> {
              outbox.append(connection, topicName, aggregate, "org_1", new Counted(number));
              return true;
            });
  }

  private static long left() {
    return number("select count(*) from outbox");
  }

  private static long number(String sql) {
    String number = DATABASE.text(sql);
    return number == null ? 0 : Long.parseLong(number);
  }

  /// The numbers received for each aggregate, in the order received.
  private Map<String, List<Integer>> received(int atLeast) {
    Map<String, List<Integer>> byAggregate = new HashMap<>();
    await()
        .atMost(PATIENCE)
        .pollInterval(ofMillis(10))
        .until(
            () -> {
              for (ConsumerRecord<String, String> record : topic.poll()) {
                Message message = Json.readStored(record.value(), Message.class);
                byAggregate
                    .computeIfAbsent(record.key(), none -> new ArrayList<>())
                    .add(message.data().get("number").asInt());
              }
              return byAggregate.values().stream().mapToInt(List::size).sum() >= atLeast;
            });
    return byAggregate;
  }

  private static List<Integer> upTo(int last) {
    List<Integer> numbers = new ArrayList<>();
    for (int i = 1; i <= last; i++) {
      numbers.add(i);
    }
    return numbers;
  }

  @Test
  void messagesOfAnAggregateArriveInOrderAndNothingIsLeft() throws Exception {
    for (int i = 1; i <= 20; i++) {
      append(topic.name(), "one", i);
      append(topic.name(), "two", i);
    }

    relay();

    Map<String, List<Integer>> received = received(40);
    assertThat(received).containsEntry("one", upTo(20)).containsEntry("two", upTo(20));
    await().atMost(PATIENCE).until(() -> left() == 0);
  }

  @Test
  void aMessageIsACloudEventKeyedByItsSubject() throws Exception {
    append(topic.name(), "shape", 7);

    relay();

    List<ConsumerRecord<String, String>> records = new ArrayList<>();
    await()
        .atMost(PATIENCE)
        .until(
            () -> {
              records.addAll(topic.poll());
              return !records.isEmpty();
            });
    Message message = Json.readStored(records.getFirst().value(), Message.class);
    assertThat(records.getFirst().key()).isEqualTo("shape");
    assertThat(message.specversion()).isEqualTo("1.0");
    assertThat(message.source()).isEqualTo("test-service");
    assertThat(message.type()).isEqualTo("slipway.test.counted.v1");
    assertThat(message.id()).isEqualTo("test-service/shape/" + message.seq());
    assertThat(message.organization()).isEqualTo("org_1");
  }

  @Test
  void aFailedSendStopsItsAggregateOnly() throws Exception {
    // No broker takes a message for a topic whose name is not allowed.
    append("not a topic", "broken", 1);
    append(topic.name(), "broken", 2);
    relay();
    for (int i = 1; i <= 5; i++) {
      append(topic.name(), "sound", i);
    }

    Map<String, List<Integer>> received = received(5);

    assertThat(received).containsOnlyKeys("sound").containsEntry("sound", upTo(5));
    await().atMost(PATIENCE).until(() -> left() == 2);
  }

  @Test
  void aLongQueueOfABrokenAggregateDoesNotStopTheOthers() throws Exception {
    append("not a topic", "broken", 0);
    DATABASE.execute(
        """
        insert into outbox (aggregate, seq, topic, payload)
        select 'broken', 1000 + n, '%s', '{}' from generate_series(1, 1500) n"""
            .formatted(topic.name()));
    append(topic.name(), "sound", 1);

    relay();

    assertThat(received(1)).containsOnlyKeys("sound");
  }

  @Test
  void whatFailedIsSentAgainBeforeWhatFollows() throws Exception {
    append("not a topic", "mended", 1);
    append(topic.name(), "mended", 2);
    relay();
    append(topic.name(), "other", 1);
    received(1);

    DATABASE.execute("update outbox set topic = '%s'".formatted(topic.name()));

    assertThat(received(2)).containsEntry("mended", List.of(1, 2));
  }

  @Test
  void whatWasSentBeforeACrashIsSentAgain() throws Exception {
    append(topic.name(), "twice", 1);
    // As if the relay had been killed between the acknowledgement and the deletion.
    DATABASE.execute(
        """
        create function keep() returns trigger language plpgsql as
        $$ begin raise exception 'killed'; end $$;
        create trigger keep before delete on outbox execute function keep()""");
    OutboxRelay killed = relay();
    assertThat(received(1)).containsEntry("twice", List.of(1));
    killed.close();
    assertThat(left()).isEqualTo(1);
    DATABASE.execute("drop trigger keep on outbox; drop function keep()");

    relay();

    assertThat(received(1).get("twice")).contains(1);
    await().atMost(PATIENCE).until(() -> left() == 0);
  }

  private static final String HOLDER =
      """
      from pg_locks where locktype = 'advisory' and granted
        and database = (select oid from pg_database where datname = current_database())""";

  @Test
  void oneOfTwoRelaysSendsAndTheOtherTakesOverWhenItsConnectionDies() throws Exception {
    relay();
    relay();
    await().atMost(PATIENCE).until(() -> number("select count(*) " + HOLDER) == 1);
    long first = number("select pid " + HOLDER);
    for (int i = 1; i <= 10; i++) {
      append(topic.name(), "before", i);
    }
    assertThat(received(10)).containsEntry("before", upTo(10));

    DATABASE.execute("select pg_terminate_backend(%d)".formatted(first));
    for (int i = 1; i <= 10; i++) {
      append(topic.name(), "after", i);
    }

    assertThat(received(10)).containsEntry("after", upTo(10));
    await().atMost(PATIENCE).until(() -> number("select count(*) " + HOLDER) == 1);
    assertThat(number("select pid " + HOLDER)).isNotEqualTo(first);
  }

  @Test
  void aRelayGoesOnByItselfWhenItsConnectionDies() throws Exception {
    relay();
    await().atMost(PATIENCE).until(() -> number("select count(*) " + HOLDER) == 1);

    for (int i = 1; i <= 3; i++) {
      long holder = number("select pid " + HOLDER);
      DATABASE.execute("select pg_terminate_backend(%d)".formatted(holder));
      await()
          .atMost(PATIENCE)
          .until(
              () ->
                  number("select count(*) " + HOLDER) == 1
                      && number("select pid " + HOLDER) != holder);
    }
    append(topic.name(), "still", 1);

    assertThat(received(1)).containsEntry("still", List.of(1));
  }
}
