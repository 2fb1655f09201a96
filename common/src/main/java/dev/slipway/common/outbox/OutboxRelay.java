package dev.slipway.common.outbox;

import java.sql.Connection;
import java.sql.PreparedStatement;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.time.Duration;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.HashMap;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Queue;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.Semaphore;
import java.util.concurrent.TimeUnit;
import javax.sql.DataSource;
import org.apache.kafka.clients.producer.Producer;
import org.apache.kafka.clients.producer.ProducerRecord;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/// Sends what stands in the outbox to Kafka, in the order of seq for each aggregate, and deletes it
/// when it is acknowledged.
///
/// One replica per database relays: the one that holds a session's advisory lock on a connection of
/// its own. An aggregate has at most one message in flight, so that a failed send stops that
/// aggregate and no other, and nothing overtakes it. After a crash a message may be sent twice;
/// consumers drop what they have seen.
public final class OutboxRelay implements AutoCloseable {

  private static final Logger LOG = LoggerFactory.getLogger(OutboxRelay.class);
  private static final long LOCK = 0x51_19_A7L;
  private static final int BATCH = 500;
  private static final Duration POLL = Duration.ofMillis(100);
  private static final Duration STANDBY = Duration.ofMillis(500);

  /// How long what is written is gathered when something was sent just before: a message by itself
  /// leaves at once, and many share the round trips.
  private static final Duration GATHERING = Duration.ofMillis(4);
  private static final Duration LONGEST_PAUSE = Duration.ofSeconds(30);

  private record Row(long number, String aggregate, String topic, String payload) {}

  /// One batch on its way.
  ///
  /// @param unknown  topics nothing can be sent to
  /// @param sent     the numbers of the rows acknowledged
  /// @param failed   the aggregates that stopped
  /// @param finished counts the aggregates down
  private record Sending(
      Set<String> unknown, Queue<Long> sent, Set<String> failed, CountDownLatch finished) {

    void fail(Row row) {
      failed.add(row.aggregate());
      finished.countDown();
    }
  }

  /// An aggregate whose last message was not taken. It is left alone for a while, so that the
  /// others do not wait for it.
  private record HeldBack(long until, Duration pause) {

    static HeldBack after(@Nullable HeldBack before, boolean away) {
      Duration pause = before == null || away ? STANDBY : before.pause().multipliedBy(2);
      Duration clipped = pause.compareTo(LONGEST_PAUSE) > 0 ? LONGEST_PAUSE : pause;
      return new HeldBack(System.nanoTime() + clipped.toNanos(), clipped);
    }
  }

  private final DataSource database;
  private final Producer<String, String> producer;
  private final Semaphore wake = new Semaphore(0);
  private final CountDownLatch closing = new CountDownLatch(1);
  private @Nullable Thread thread;

  /// @param producer with acks=all and idempotence; closed with the relay
  public OutboxRelay(DataSource database, Producer<String, String> producer) {
    this.database = database;
    this.producer = producer;
  }

  public void start() {
    thread = Thread.ofPlatform().name("outbox-relay").daemon().start(this::relayForever);
  }

  /// Something was written: look now instead of at the next poll.
  public void wake() {
    wake.release();
  }

  private void relayForever() {
    while (closing.getCount() > 0) {
      try (Connection connection = database.getConnection()) {
        connection.setAutoCommit(true);
        if (lock(connection)) {
          relay(connection);
        } else {
          standBy();
        }
      } catch (SQLException failure) {
        LOG.debug("The outbox cannot be read: {}", failure.getMessage());
        standBy();
      } catch (RuntimeException failure) {
        LOG.error("The outbox relay failed", failure);
        standBy();
      }
    }
  }

  private static boolean lock(Connection connection) throws SQLException {
    try (PreparedStatement select = connection.prepareStatement("select pg_try_advisory_lock(?)")) {
      select.setLong(1, LOCK);
      try (ResultSet row = select.executeQuery()) {
        row.next();
        return row.getBoolean(1);
      }
    }
  }

  private static void unlock(Connection connection) throws SQLException {
    try (PreparedStatement select = connection.prepareStatement("select pg_advisory_unlock(?)")) {
      select.setLong(1, LOCK);
      select.execute();
    }
  }

  private void relay(Connection connection) throws SQLException {
    Map<String, HeldBack> heldBack = new HashMap<>();
    boolean busy = false;
    try {
      while (closing.getCount() > 0) {
        if (busy) {
          Thread.sleep(GATHERING);
        }
        wake.drainPermits();
        List<Row> rows = read(connection, heldBack);
        busy = !rows.isEmpty();
        if (!busy) {
          rest(POLL);
          continue;
        }
        Sending sending = send(rows);
        delete(connection, List.copyOf(sending.sent()));
        for (Row row : rows) {
          if (!sending.failed().contains(row.aggregate())) {
            heldBack.remove(row.aggregate());
          }
        }
        // Where nothing could be sent at all, the brokers are away and nothing is wrong with the
        // aggregates.
        boolean away = sending.sent().isEmpty();
        for (String aggregate : sending.failed()) {
          heldBack.compute(aggregate, (name, before) -> HeldBack.after(before, away));
        }
      }
    } catch (InterruptedException stopped) {
      Thread.currentThread().interrupt();
      closing.countDown();
    } finally {
      if (connection.isValid(1)) {
        // The pool may hand this connection to somebody else.
        unlock(connection);
      }
    }
  }

  private static List<Row> read(Connection connection, Map<String, HeldBack> heldBack)
      throws SQLException {
    long now = System.nanoTime();
    Object[] waiting =
        heldBack.entrySet().stream()
            .filter(held -> held.getValue().until() - now > 0)
            .map(Map.Entry::getKey)
            .toArray();
    try (PreparedStatement select =
        connection.prepareStatement(
            """
            select number, aggregate, topic, payload from outbox
            where not (aggregate = any (?)) order by number limit ?""")) {
      select.setArray(1, connection.createArrayOf("text", waiting));
      select.setInt(2, BATCH);
      try (ResultSet rows = select.executeQuery()) {
        List<Row> found = new ArrayList<>();
        while (rows.next()) {
          found.add(
              new Row(rows.getLong(1), rows.getString(2), rows.getString(3), rows.getString(4)));
        }
        return found;
      }
    }
  }

  private Sending send(List<Row> rows) {
    Map<String, Deque<Row>> byAggregate = new LinkedHashMap<>();
    for (Row row : rows) {
      byAggregate.computeIfAbsent(row.aggregate(), none -> new ArrayDeque<>()).add(row);
    }
    Set<String> unknown = unknownTopics(rows);
    var sending =
        new Sending(
            unknown,
            new ConcurrentLinkedQueue<>(),
            ConcurrentHashMap.newKeySet(),
            new CountDownLatch(byAggregate.size()));
    for (Deque<Row> chain : byAggregate.values()) {
      sendNext(chain, sending);
    }
    try {
      sending.finished().await();
    } catch (InterruptedException stopped) {
      Thread.currentThread().interrupt();
    }
    return sending;
  }

  /// The topics that Kafka does not know. Asking for them here also fetches what the producer needs
  /// to know of the others, which it would else wait for on the very thread that fetches it: the
  /// one that calls back.
  private Set<String> unknownTopics(List<Row> rows) {
    Set<String> unknown = new HashSet<>();
    Set<String> known = new HashSet<>();
    for (Row row : rows) {
      if (known.contains(row.topic()) || unknown.contains(row.topic())) {
        continue;
      }
      try {
        int partitions = producer.partitionsFor(row.topic()).size();
        LOG.trace("{} has {} partitions", row.topic(), partitions);
        known.add(row.topic());
      } catch (RuntimeException failure) {
        LOG.warn("Kafka does not know {}: {}", row.topic(), failure.getMessage());
        unknown.add(row.topic());
      }
    }
    return unknown;
  }

  /// Sends the first of the chain, and the rest when it is acknowledged; the callback, not the
  /// future, tells of both success and failure.
  private void sendNext(Deque<Row> chain, Sending sending) {
    Row row = chain.poll();
    if (row == null) {
      sending.finished().countDown();
      return;
    }
    if (sending.unknown().contains(row.topic())) {
      sending.fail(row);
      return;
    }
    try {
      var unused =
          producer.send(
              new ProducerRecord<>(row.topic(), row.aggregate(), row.payload()),
              (metadata, failure) -> {
                if (failure == null) {
                  sending.sent().add(row.number());
                  sendNext(chain, sending);
                } else {
                  LOG.warn("Kafka did not take message {}: {}", row.number(), failure.getMessage());
                  sending.fail(row);
                }
              });
    } catch (RuntimeException failure) {
      LOG.warn("Kafka did not take message {}: {}", row.number(), failure.getMessage());
      sending.fail(row);
    }
  }

  private static void delete(Connection connection, List<Long> numbers) throws SQLException {
    if (numbers.isEmpty()) {
      return;
    }
    try (PreparedStatement delete =
        connection.prepareStatement("delete from outbox where number = any (?)")) {
      delete.setArray(1, connection.createArrayOf("bigint", numbers.toArray()));
      delete.executeUpdate();
    }
  }

  /// What others relay, or nobody can, is no reason to look again at every commit.
  private void standBy() {
    try {
      boolean closed = closing.await(STANDBY.toMillis(), TimeUnit.MILLISECONDS);
      LOG.trace("closed: {}", closed);
      wake.drainPermits();
    } catch (InterruptedException stopped) {
      Thread.currentThread().interrupt();
      closing.countDown();
    }
  }

  private void rest(Duration time) {
    try {
      boolean woken = wake.tryAcquire(time.toMillis(), TimeUnit.MILLISECONDS);
      LOG.trace("woken: {}", woken);
    } catch (InterruptedException stopped) {
      Thread.currentThread().interrupt();
      closing.countDown();
    }
  }

  /// Stops after the batch in flight; what is left is sent by the next relay.
  @Override
  public void close() {
    closing.countDown();
    wake.release();
    try {
      if (thread != null && !thread.join(Duration.ofSeconds(3))) {
        thread.interrupt();
      }
    } catch (InterruptedException stopped) {
      Thread.currentThread().interrupt();
    }
    producer.close(Duration.ofSeconds(1));
  }
}
