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
    Message message = Message.of(source, subject, organization, 0, clock.instant(), event);
    // The number is known only here, and the envelope's identifier follows from it.
    writes.add(
        """
        with numbered as (
          insert into subject (id, organization, seq) values (?, ?, 1)
          on conflict (id) do update set seq = subject.seq + 1
          returning seq
        )
        insert into outbox (aggregate, seq, topic, payload)
        select ?, seq, ?,
          (?::jsonb || jsonb_build_object('id', ? || seq, 'seq', seq))::text from numbered""",
        subject,
        organization,
        subject,
        topic,
        Json.write(message),
        Message.idBefore(source, subject));
  }
}
