package dev.slipway.common.inbox;

import dev.slipway.common.operation.Transactions;
import io.quarkus.arc.All;
import jakarta.inject.Inject;
import jakarta.inject.Singleton;
import java.sql.Connection;
import java.sql.PreparedStatement;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.time.Instant;
import java.time.OffsetDateTime;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/// The messages that this service could not understand, and those that queue behind them. They
/// stay until somebody who has removed the cause has them tried again.
@Singleton
public class ParkedMessages {

  /// What is parked of one key. What the messages say is not told: it may hold secrets.
  ///
  /// @param key      empty for messages that have none
  /// @param messages how many wait, the first included
  /// @param cause    why the first cannot be understood
  /// @param since    when the first was parked
  public record ParkedKey(String topic, String key, long messages, String cause, Instant since) {}

  /// What came of trying those of a key again.
  ///
  /// @param taken how many took effect
  /// @param left  how many are still parked
  /// @param cause why the first of these cannot be understood
  public record Retried(String topic, String key, int taken, long left, @Nullable String cause) {}

  private record TopicKey(String topic, String key) {
    static TopicKey of(ParkedKey parked) {
      return new TopicKey(parked.topic(), parked.key());
    }
  }

  private final Transactions transactions;
  private final List<Intakes> takers;

  @Inject
  ParkedMessages(Transactions transactions, @All List<Intakes> takers) {
    this.transactions = transactions;
    this.takers = takers;
  }

  /// In the order in which the first of each key came.
  public List<ParkedKey> list() throws SQLException {
    return transactions.reading(ParkedMessages::read);
  }

  private static List<ParkedKey> read(Connection connection) throws SQLException {
    try (PreparedStatement select =
            connection.prepareStatement(
                """
                select first.topic, first.message_key, messages, cause, parked_at
                from (select topic, message_key, min(number) as number, count(*) as messages
                      from parked_message group by topic, message_key) as first
                join parked_message using (number) order by number""");
        ResultSet row = select.executeQuery()) {
      List<ParkedKey> keys = new ArrayList<>();
      while (row.next()) {
        keys.add(
            new ParkedKey(
                row.getString(1),
                row.getString(2),
                row.getLong(3),
                row.getString(4),
                row.getObject(5, OffsetDateTime.class).toInstant()));
      }
      return keys;
    }
  }

  /// Tries them again, each key for itself. What nobody here takes in any more stays.
  ///
  /// @param key of which; null for all
  public List<Retried> retry(@Nullable String key) throws SQLException {
    Map<TopicKey, Integer> taken = new LinkedHashMap<>();
    for (ParkedKey parked : list()) {
      if (key == null || key.equals(parked.key())) {
        taken.put(TopicKey.of(parked), retryOne(parked));
      }
    }
    Map<TopicKey, ParkedKey> left = new HashMap<>();
    list().forEach(parked -> left.put(TopicKey.of(parked), parked));
    List<Retried> retried = new ArrayList<>();
    taken.forEach(
        (of, count) -> {
          ParkedKey still = left.get(of);
          retried.add(
              new Retried(
                  of.topic(),
                  of.key(),
                  count,
                  still == null ? 0 : still.messages(),
                  still == null ? null : still.cause()));
        });
    return retried;
  }

  private int retryOne(ParkedKey parked) throws SQLException {
    int taken = 0;
    for (Intakes taker : takers) {
      for (MessageIntake intake : taker.intakes()) {
        if (intake.topic().equals(parked.topic())) {
          taken += intake.retryParked(parked.key());
        }
      }
    }
    return taken;
  }
}
