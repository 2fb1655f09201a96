package dev.slipway.common.outbox;

import java.sql.Connection;
import java.sql.PreparedStatement;
import java.sql.ResultSet;
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
    long seq = nextSeq(connection, subject, organization);
    Message message = Message.of(source, subject, organization, seq, clock.instant(), event);
    try (PreparedStatement insert =
        connection.prepareStatement(
            "insert into outbox (aggregate, seq, topic, payload) values (?, ?, ?, ?)")) {
      insert.setString(1, subject);
      insert.setLong(2, seq);
      insert.setString(3, topic);
      insert.setString(4, Json.write(message));
      insert.executeUpdate();
    }
  }

  private static long nextSeq(Connection connection, String subject, String organization)
      throws SQLException {
    try (PreparedStatement upsert =
        connection.prepareStatement(
            """
            insert into subject (id, organization, seq) values (?, ?, 1)
            on conflict (id) do update set seq = subject.seq + 1
            returning seq""")) {
      upsert.setString(1, subject);
      upsert.setString(2, organization);
      try (ResultSet row = upsert.executeQuery()) {
        row.next();
        return row.getLong(1);
      }
    }
  }
}
