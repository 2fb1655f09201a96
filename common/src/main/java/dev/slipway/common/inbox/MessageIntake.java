package dev.slipway.common.inbox;

import com.fasterxml.jackson.core.JsonProcessingException;
import dev.slipway.common.operation.DatabaseRefusal;
import dev.slipway.common.operation.Transactions;
import dev.slipway.common.outbox.Json;
import dev.slipway.common.outbox.Message;
import java.sql.Connection;
import java.sql.PreparedStatement;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.time.Duration;
import java.util.Optional;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/// Takes messages in, one after the other for each channel.
///
/// `take` returns only when the message has taken effect, was seen before, or is parked, so that
/// the offset may be committed after it; a database that is down holds it up, and the messages
/// behind it. A message that cannot be understood is parked with its key: later ones of that key
/// queue behind it, other keys go on.
public final class MessageIntake {

  /// What to do with a message, in the transaction that notes it as seen.
  @FunctionalInterface
  public interface Handler {

    /// @throws JsonProcessingException when the message cannot be understood
    /// @throws SQLException            when the database has failed; the message is tried again
    void handle(Connection connection, Message message)
        throws JsonProcessingException, SQLException;
  }

  private record Parked(long number, String payload) {}

  private static final Logger LOG = LoggerFactory.getLogger(MessageIntake.class);
  private static final Duration FIRST_PAUSE = Duration.ofMillis(50);
  private static final Duration LONGEST_PAUSE = Duration.ofSeconds(2);

  /// How often a message may fail by what looks like its own fault before it is parked.
  private static final int TRIES = 3;

  /// A deadlock is nobody's fault.
  private static final String ROLLED_BACK = "40";

  private final Transactions transactions;
  private final String topic;
  private final Handler handler;

  public MessageIntake(Transactions transactions, String topic, Handler handler) {
    this.transactions = transactions;
    this.topic = topic;
    this.handler = handler;
  }

  /// Takes one message in.
  ///
  /// @throws InterruptedException when this service is stopping; the message must not be
  ///     acknowledged then
  public void take(@Nullable String key, @Nullable String payload) throws InterruptedException {
    String parkingKey = storable(key);
    String text = storable(payload);
    Duration pause = FIRST_PAUSE;
    for (int refusals = 0; ; ) {
      try {
        takeOnce(parkingKey, text);
        return;
      } catch (SQLException | RuntimeException failure) {
        Optional<String> fault = fault(failure);
        if (fault.isPresent() && ++refusals >= TRIES) {
          parkAlarmed(parkingKey, text, fault.get(), failure);
          return;
        }
        LOG.warn("A message on {} waits: {}", topic, failure.getMessage());
      }
      Thread.sleep(pause);
      pause =
          pause.multipliedBy(2).compareTo(LONGEST_PAUSE) < 0
              ? pause.multipliedBy(2)
              : LONGEST_PAUSE;
    }
  }

  /// Postgres has no character 0 in texts.
  private static String storable(@Nullable String text) {
    return text == null ? "" : text.replace('\u0000', '\ufffd');
  }

  /// What is wrong with the message when taking it has failed; empty when the database is at fault.
  private static Optional<String> fault(Exception failure) {
    if (failure instanceof NotUnderstood) {
      return Optional.of(String.valueOf(failure.getMessage()));
    }
    if (DatabaseRefusal.isOfCode(failure)) {
      return Optional.of("It breaks its handler: " + failure.getClass().getSimpleName());
    }
    return DatabaseRefusal.state(failure)
        .filter(state -> !state.startsWith(ROLLED_BACK))
        .map(state -> "The database refuses it: " + state);
  }

  private void parkAlarmed(String key, String payload, String cause, Exception failure)
      throws InterruptedException {
    LOG.error("alarm=message-parked topic={} key={} cause={}", topic, key, cause, failure);
    while (true) {
      try {
        transactions.inNew(connection -> park(connection, key, payload, cause));
        return;
      } catch (SQLException down) {
        LOG.warn("A message on {} waits to be parked: {}", topic, down.getMessage());
        Thread.sleep(LONGEST_PAUSE);
      }
    }
  }

  private void takeOnce(String key, String payload) throws SQLException {
    try {
      transactions.inNew(
          connection -> {
            if (isParked(connection, key) && isStillParked(connection, key)) {
              park(connection, key, payload, "An earlier message of this key is parked");
            } else {
              apply(connection, payload);
            }
            return true;
          });
    } catch (NotUnderstood poison) {
      LOG.error("alarm=message-parked topic={} key={} cause={}", topic, key, poison.getMessage());
      transactions.inNew(
          connection -> park(connection, key, payload, String.valueOf(poison.getMessage())));
    }
  }

  /// Looks again when no retry is under way, which may just have emptied the queue.
  private boolean isStillParked(Connection connection, String key) throws SQLException {
    lockParked(connection, key);
    return isParked(connection, key);
  }

  private void lockParked(Connection connection, String key) throws SQLException {
    try (PreparedStatement lock =
        connection.prepareStatement("select pg_advisory_xact_lock(hashtextextended(?, 0))")) {
      lock.setString(1, topic + '\n' + key);
      lock.execute();
    }
  }

  private void apply(Connection connection, String payload) throws SQLException {
    try {
      Message message = Json.read(payload, Message.class);
      if (message.type() == null || message.subject() == null || message.source() == null) {
        throw new NotUnderstood("It is not a CloudEvent with type, source and subject", null);
      }
      if (isNew(connection, message)) {
        handler.handle(connection, message);
      }
    } catch (JsonProcessingException unreadable) {
      throw NotUnderstood.because(unreadable);
    } catch (IllegalArgumentException | IllegalStateException failure) {
      // A database that fails under the handler says nothing of the message.
      throw DatabaseRefusal.isOfCode(failure) ? NotUnderstood.because(failure) : failure;
    }
  }

  private boolean isNew(Connection connection, Message message) throws SQLException {
    try (PreparedStatement upsert =
        connection.prepareStatement(
            """
            insert into inbox (topic, source, aggregate, seq) values (?, ?, ?, ?)
            on conflict (topic, source, aggregate)
            do update set seq = excluded.seq, seen_at = clock_timestamp() where inbox.seq < excluded.seq""")) {
      upsert.setString(1, topic);
      upsert.setString(2, message.source());
      upsert.setString(3, message.subject());
      upsert.setLong(4, message.seq());
      return upsert.executeUpdate() == 1;
    }
  }

  private boolean isParked(Connection connection, String key) throws SQLException {
    try (PreparedStatement select =
        connection.prepareStatement(
            "select 1 from parked_message where topic = ? and message_key = ? limit 1")) {
      select.setString(1, topic);
      select.setString(2, key);
      try (ResultSet row = select.executeQuery()) {
        return row.next();
      }
    }
  }

  private int park(Connection connection, String key, String payload, String cause)
      throws SQLException {
    try (PreparedStatement insert =
        connection.prepareStatement(
            "insert into parked_message (topic, message_key, payload, cause) values (?, ?, ?, ?)")) {
      insert.setString(1, topic);
      insert.setString(2, key);
      insert.setString(3, payload);
      insert.setString(4, cause);
      return insert.executeUpdate();
    }
  }

  public String topic() {
    return topic;
  }

  /// Tries the parked messages of a key again, oldest first, up to the first that still cannot be
  /// understood. Why it cannot be is noted with it.
  ///
  /// @return how many took effect
  public int retryParked(String key) throws SQLException {
    int taken = 0;
    while (true) {
      Optional<Parked> first = transactions.reading(connection -> firstParked(connection, key));
      if (first.isEmpty()) {
        return taken;
      }
      long number = first.get().number();
      try {
        boolean took =
            transactions.inNew(
                connection -> {
                  lockParked(connection, key);
                  // Another retry may have taken it in meanwhile.
                  boolean still = unpark(connection, number);
                  if (still) {
                    apply(connection, first.get().payload());
                  }
                  return still;
                });
        taken += took ? 1 : 0;
      } catch (SQLException | RuntimeException failure) {
        Optional<String> fault = fault(failure);
        if (fault.isEmpty()) {
          throw failure;
        }
        LOG.error("alarm=message-parked topic={} key={} cause={}", topic, key, fault.get());
        transactions.inNew(connection -> noteCause(connection, number, fault.get()));
        return taken;
      }
    }
  }

  private Optional<Parked> firstParked(Connection connection, String key) throws SQLException {
    try (PreparedStatement select =
        connection.prepareStatement(
            """
            select number, payload from parked_message where topic = ? and message_key = ?
            order by number limit 1""")) {
      select.setString(1, topic);
      select.setString(2, key);
      try (ResultSet row = select.executeQuery()) {
        return row.next()
            ? Optional.of(new Parked(row.getLong(1), row.getString(2)))
            : Optional.empty();
      }
    }
  }

  private static boolean unpark(Connection connection, long number) throws SQLException {
    try (PreparedStatement delete =
        connection.prepareStatement("delete from parked_message where number = ?")) {
      delete.setLong(1, number);
      return delete.executeUpdate() == 1;
    }
  }

  private static int noteCause(Connection connection, long number, String cause)
      throws SQLException {
    try (PreparedStatement update =
        connection.prepareStatement("update parked_message set cause = ? where number = ?")) {
      update.setString(1, cause);
      update.setLong(2, number);
      return update.executeUpdate();
    }
  }

  private static final class NotUnderstood extends RuntimeException {
    NotUnderstood(String message, @Nullable Throwable cause) {
      super(message, cause);
    }

    static NotUnderstood because(Exception failure) {
      return new NotUnderstood("It cannot be read: " + failure.getClass().getSimpleName(), failure);
    }
  }
}
