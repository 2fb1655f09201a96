package dev.slipway.common.operation;

import java.time.Instant;
import java.time.ZoneOffset;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/// Which operations of an organization are asked for, newest first. What is null does not matter.
///
/// @param subject by identifier or name
/// @param active  only those that have not ended
/// @param since   only those begun at or after it
/// @param after   only those after this place in the list
/// @param most    how many at most
public record OperationQuery(
    String organization,
    @Nullable String subject,
    @Nullable String kind,
    @Nullable Phase phase,
    @Nullable Outcome outcome,
    boolean active,
    @Nullable Instant since,
    @Nullable OperationCursor after,
    int most) {

  /// The newest of an organization.
  public static OperationQuery newest(String organization, int most) {
    return new OperationQuery(organization, null, null, null, null, false, null, null, most);
  }

  /// The condition in SQL, for a table called `o`, with the arguments of its question marks.
  record Condition(String sql, List<Object> arguments) {}

  Condition condition() {
    var sql = new StringBuilder("where o.organization = ?");
    List<Object> arguments = new ArrayList<>(List.of(organization));
    if (subject != null) {
      sql.append(" and (o.subject = ? or o.subject_name = ?)");
      arguments.addAll(List.of(subject, subject));
    }
    if (kind != null) {
      sql.append(" and o.kind = ?");
      arguments.add(kind);
    }
    if (phase != null) {
      sql.append(" and o.phase = ?");
      arguments.add(phase.name());
    }
    if (outcome != null) {
      sql.append(" and o.outcome = ?");
      arguments.add(outcome.name());
    }
    if (active) {
      sql.append(" and o.phase <> 'ENDED'");
    }
    if (since != null) {
      sql.append(" and o.created_at >= ?");
      arguments.add(since.atOffset(ZoneOffset.UTC));
    }
    if (after != null) {
      sql.append(" and o.created_at <= ? and (o.created_at, o.id collate \"C\") < (?, ?)");
      arguments.addAll(
          List.of(
              after.createdAt().atOffset(ZoneOffset.UTC),
              after.createdAt().atOffset(ZoneOffset.UTC),
              after.id()));
    }
    // As the gateway compares them, which merges the lists of the services.
    sql.append(" order by o.created_at desc, o.id collate \"C\" desc limit ?");
    arguments.add(most);
    return new Condition(sql.toString(), arguments);
  }
}
