package dev.slipway.common.outbox;

import dev.slipway.common.sql.Pipeline;
import java.sql.Connection;
import java.sql.SQLException;
import java.time.Clock;
import java.util.ArrayList;
import java.util.List;

/// Writes messages beside the change they tell of. Never send to Kafka directly; the relay does,
/// after the commit.
public final class Outbox {

  private final String source;
  private final Clock clock;

  /// @param source the service that writes: `instance-service`
  public Outbox(String source, Clock clock) {
    this.source = source;
    this.clock = clock;
  }

  /// Appends a message about a subject; takes the subject's lock until the transaction ends, which
  /// orders its messages.
  public void append(
      Connection connection, String topic, String subject, String organization, Event event)
      throws SQLException {
    Pipeline writes = new Pipeline();
    append(writes, topic, subject, organization, event);
    writes.run(connection);
  }

  /// The same, together with other statements.
  public void append(
      Pipeline writes, String topic, String subject, String organization, Event event) {
    writes.add(
        "insert into subject (id, organization) values (?, ?) on conflict do nothing",
        subject,
        organization);
    appendToKnown(writes, topic, subject, organization, List.of(event));
  }

  /// Appends messages about a subject that the database knows.
  public void appendToKnown(
      Pipeline writes, String topic, String subject, String organization, List<Event> events) {
    for (Event event : events) {
      append(writes, "seq + 1", List.of(), topic, subject, organization, event);
    }
  }

  /// The same, if the subject's epoch is still this one; otherwise running it fails with the SQL
  /// state of `not_as_seen()`. The first message takes the lock and looks; without one, nothing
  /// does.
  public void appendAsSeen(
      Pipeline writes,
      long epoch,
      String topic,
      String subject,
      String organization,
      List<Event> events) {
    append(
        writes,
        "case when epoch = ? then seq + 1 else not_as_seen() end",
        List.of(epoch),
        topic,
        subject,
        organization,
        events.getFirst());
    appendToKnown(writes, topic, subject, organization, events.subList(1, events.size()));
  }

  private void append(
      Pipeline writes,
      String next,
      List<Object> assumed,
      String topic,
      String subject,
      String organization,
      Event event) {
    Message.Numberless message = Message.of(source, subject, organization, clock.instant(), event);
    List<Object> arguments = new ArrayList<>(assumed);
    arguments.addAll(
        List.of(subject, topic, message.beforeId(), message.beforeSeq(), message.rest()));
    writes.add(
        """
        with numbered as (update subject set seq = %s where id = ? returning id, seq)
        insert into outbox (aggregate, seq, topic, payload)
        select id, seq, ?, ?::text || seq || ?::text || seq || ?::text from numbered"""
            .formatted(next),
        arguments.toArray());
  }
}
