package dev.slipway.common.outbox;

import dev.slipway.common.sql.Pipeline;
import java.sql.Connection;
import java.sql.SQLException;
import java.time.Clock;

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
    Message.Numberless message = Message.of(source, subject, organization, clock.instant(), event);
    // Nearly always the subject is there; the lock of an upsert would cost more than the update.
    writes.add(
        """
        with known as (
          update subject set seq = seq + 1 where id = ? returning seq
        ), unheard as (
          insert into subject (id, organization, seq)
          select ?, ?, 1 where not exists (select from known)
          on conflict (id) do update set seq = subject.seq + 1
          returning seq
        ), numbered as (select seq from known union all select seq from unheard)
        insert into outbox (aggregate, seq, topic, payload)
        select ?, seq, ?, ?::text || seq || ?::text || seq || ?::text from numbered""",
        subject,
        subject,
        organization,
        subject,
        topic,
        message.beforeId(),
        message.beforeSeq(),
        message.rest());
  }
}
