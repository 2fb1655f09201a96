package dev.slipway.account.messaging;

import dev.slipway.account.feed.Subscriptions;
import dev.slipway.common.inbox.Intakes;
import dev.slipway.common.inbox.MessageIntake;
import dev.slipway.common.operation.OperationEvent;
import dev.slipway.common.operation.Transactions;
import dev.slipway.common.outbox.Json;
import dev.slipway.common.outbox.Message;
import io.smallrye.reactive.messaging.annotations.Blocking;
import jakarta.enterprise.context.ApplicationScoped;
import java.sql.Connection;
import java.sql.PreparedStatement;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.util.Collection;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.function.Function;
import java.util.stream.Collectors;
import org.apache.kafka.clients.consumer.ConsumerRecord;
import org.eclipse.microprofile.config.inject.ConfigProperty;
import org.eclipse.microprofile.reactive.messaging.Incoming;

/// Numbers every event of every service, so that each organization has one list of what happened
/// that can be read on from any place.
///
/// The end of an organization's list is a row that is locked while an event is added: numbers have
/// no gaps, and none appears after a higher one.
@ApplicationScoped
class EventFeed implements Intakes {

  private static final String ENDED = Message.typeOf(OperationEvent.Ended.class);

  private final Transactions transactions;
  private final Subscriptions subscriptions;
  private final Map<String, MessageIntake> intakes;

  EventFeed(
      Transactions transactions,
      Subscriptions subscriptions,
      @ConfigProperty(name = "mp.messaging.incoming.event-feed.topics") List<String> topics) {
    this.transactions = transactions;
    this.subscriptions = subscriptions;
    this.intakes =
        topics.stream()
            .map(topic -> new MessageIntake(transactions, topic, this::append))
            .collect(Collectors.toMap(MessageIntake::topic, Function.identity()));
  }

  /// Returns when the message stands in the feed, was there before, or is parked; only then its
  /// offset is committed.
  @Incoming("event-feed")
  @Blocking
  void take(ConsumerRecord<String, String> record) throws InterruptedException {
    Objects.requireNonNull(intakes.get(record.topic())).take(record.key(), record.value());
  }

  @Override
  public Collection<MessageIntake> intakes() {
    return intakes.values();
  }

  private void append(Connection connection, Message message) throws SQLException {
    if (repeatsEnd(connection, message)) {
      return;
    }
    long number = nextNumber(connection, message.organization());
    try (PreparedStatement insert =
        connection.prepareStatement(
            "insert into event_feed (organization, number, subject, seq, event)"
                + " values (?, ?, ?, ?, ?::jsonb)")) {
      insert.setString(1, message.organization());
      insert.setLong(2, number);
      insert.setString(3, message.subject());
      insert.setLong(4, message.seq());
      insert.setString(5, Json.write(message));
      insert.executeUpdate();
    }
    transactions.afterCommit(() -> subscriptions.reaches(message.organization(), number));
  }

  /// An end is sent again to a service that asks for the operation again, as its answer. Nothing
  /// has happened by that: an operation ends once.
  private static boolean repeatsEnd(Connection connection, Message message) throws SQLException {
    if (!message.type().equals(ENDED)) {
      return false;
    }
    try (PreparedStatement select =
        connection.prepareStatement(
            "select 1 from event_feed"
                + " where organization = ? and operation = ? and event->>'type' = ?")) {
      select.setString(1, message.organization());
      select.setString(2, message.data().path("operation").asText());
      select.setString(3, ENDED);
      try (ResultSet row = select.executeQuery()) {
        return row.next();
      }
    }
  }

  private static long nextNumber(Connection connection, String organization) throws SQLException {
    try (PreparedStatement upsert =
        connection.prepareStatement(
            """
            insert into event_feed_end (organization, number) values (?, 1)
            on conflict (organization) do update set number = event_feed_end.number + 1
            returning number""")) {
      upsert.setString(1, organization);
      try (ResultSet row = upsert.executeQuery()) {
        row.next();
        return row.getLong(1);
      }
    }
  }
}
