package dev.slipway.common.ledger;

import dev.slipway.common.sql.Pipeline;
import java.sql.Connection;
import java.sql.PreparedStatement;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.Timestamp;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/// Reads and writes the ledger's rows, in the caller's transaction.
///
/// The kernel writes; everybody else reads.
public final class Ledger {

  /// Writes down what a step is about to make; a row it has already is left as it is.
  ///
  /// Running it throws an `SQLException` with state 23505 when another operation has an open row of
  /// this kind and name.
  public void plan(
      Pipeline writes, String subject, String operation, String step, Resource resource) {
    writes.add(
        """
        insert into ledger (subject, operation, step, kind, name, state)
        select ?, ?, ?, ?, ?, 'PLANNED'
        where not exists (
          select 1 from ledger where operation = ? and kind = ? and name = ? and state <> 'GONE')""",
        subject,
        operation,
        step,
        resource.kind(),
        resource.name(),
        operation,
        resource.kind(),
        resource.name());
  }

  /// Notes that a step has made what it planned.
  public void made(Pipeline writes, String operation, String step) {
    writes.add(
        """
        update ledger set state = 'MADE', made_at = clock_timestamp()
        where operation = ? and step = ? and state = 'PLANNED'""",
        operation,
        step);
  }

  /// Strikes out everything a step may have made.
  public void undone(Pipeline writes, String operation, String step, String proof) {
    writes.add(
        """
        update ledger set state = 'GONE', gone_at = clock_timestamp(), proof = ?, gone_by = operation
        where operation = ? and step = ? and state <> 'GONE'""",
        proof,
        operation,
        step);
  }

  /// Strikes out one thing of a subject.
  ///
  /// @param operation the one that has verified it; null when none did, but a person's cleaning
  public void gone(
      Pipeline writes,
      @Nullable String operation,
      String subject,
      Resource resource,
      String proof) {
    writes.add(
        """
        update ledger set state = 'GONE', gone_at = clock_timestamp(), proof = ?, gone_by = ?
        where subject = ? and kind = ? and name = ? and state <> 'GONE'""",
        proof,
        operation,
        subject,
        resource.kind(),
        resource.name());
  }

  /// Makes what one subject has another's. Who planned it stays as it was.
  public void passOn(Connection connection, long number, String subject) throws SQLException {
    try (PreparedStatement update =
        connection.prepareStatement(
            "update ledger set subject = ? where number = ? and state <> 'GONE'")) {
      update.setString(1, subject);
      update.setLong(2, number);
      update.executeUpdate();
    }
  }

  /// The open rows of a subject, newest first.
  public List<LedgerRow> open(Connection connection, String subject) throws SQLException {
    return rows(connection, "where subject = ? and state <> 'GONE' order by number desc", subject);
  }

  /// All rows of a subject, oldest first: what was made for it, and how each thing's absence was
  /// proven.
  public List<LedgerRow> history(Connection connection, String subject) throws SQLException {
    return rows(connection, "where subject = ? order by number", subject);
  }

  /// What an operation has planned, whoever's it is now, and what it has struck out; oldest first.
  public List<LedgerRow> ofOperation(Connection connection, String operation) throws SQLException {
    return rows(connection, "where ? in (operation, gone_by) order by number", operation);
  }

  /// The open rows of a kind, whoever's they are: what is allocated.
  public List<LedgerRow> openOfKind(Connection connection, String kind) throws SQLException {
    return rows(connection, "where kind = ? and state <> 'GONE' order by number", kind);
  }

  private static List<LedgerRow> rows(Connection connection, String where, String argument)
      throws SQLException {
    try (PreparedStatement select =
        connection.prepareStatement(
            """
            select number, subject, operation, step, kind, name, state, planned_at, made_at, gone_at, proof, gone_by
            from ledger\s"""
                + where)) {
      select.setString(1, argument);
      try (ResultSet rows = select.executeQuery()) {
        List<LedgerRow> found = new ArrayList<>();
        while (rows.next()) {
          found.add(
              new LedgerRow(
                  rows.getLong("number"),
                  rows.getString("subject"),
                  rows.getString("operation"),
                  rows.getString("step"),
                  new Resource(rows.getString("kind"), rows.getString("name")),
                  LedgerRow.State.valueOf(rows.getString("state")),
                  rows.getTimestamp("planned_at").toInstant(),
                  instant(rows, "made_at"),
                  instant(rows, "gone_at"),
                  rows.getString("proof"),
                  rows.getString("gone_by")));
        }
        return found;
      }
    }
  }

  private static @Nullable Instant instant(ResultSet row, String column) throws SQLException {
    Timestamp time = row.getTimestamp(column);
    return time == null ? null : time.toInstant();
  }
}
