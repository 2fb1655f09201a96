package dev.slipway.common.operation;

import java.sql.Connection;
import java.sql.PreparedStatement;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.util.ArrayList;
import java.util.Collection;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/// Which replica runs an operation, and until when unless it says so again.
final class Leases {

  private final Transactions transactions;
  private final KernelSettings settings;
  private final Turns turns = new Turns();

  Leases(Transactions transactions, KernelSettings settings) {
    this.transactions = transactions;
    this.settings = settings;
  }

  /// Notes that an operation of this organization has been taken as it began.
  void taken(String organization) {
    turns.served(organization);
  }

  /// Claims due operations under a lease, one organization after the other, and raises the epoch of
  /// their subjects.
  ///
  /// @param free how many of each class at most
  List<StoredOperation> claim(Map<Admission, Integer> free) throws SQLException {
    return transactions.inNew(
        connection -> {
          Map<String, String> subjects = new LinkedHashMap<>();
          try (PreparedStatement select =
              connection.prepareStatement(
                  """
                  select s.id, due.admission from (
                    select turns.*, row_number() over (partition by admission order by turn, served, due_at) as place
                    from (
                      select o.id, o.subject, o.admission, o.due_at,
                             coalesce(array_position(?::text[], o.organization), 0) as served,
                             row_number() over (partition by o.admission, o.organization order by o.due_at) as turn
                      from operation o
                      join subject active on active.id = o.subject and active.active_operation = o.id
                      where o.phase in ('RUNNING', 'UNWINDING') and o.due_at <= statement_timestamp()
                        and (o.leased_until is null or o.leased_until < clock_timestamp())
                    ) turns
                  ) due
                  join unnest(?::text[], ?::int[]) as class (name, free) on class.name = due.admission
                  join subject s on s.id = due.subject and s.active_operation = due.id
                  where due.place <= class.free
                  for update of s skip locked""")) {
            select.setArray(1, connection.createArrayOf("text", turns.inOrder().toArray()));
            select.setArray(
                2,
                connection.createArrayOf("text", free.keySet().stream().map(Enum::name).toArray()));
            select.setArray(3, connection.createArrayOf("int4", free.values().toArray()));
            try (ResultSet rows = select.executeQuery()) {
              while (rows.next()) {
                subjects.put(rows.getString(1), rows.getString(2));
              }
            }
          }
          List<StoredOperation> claimed =
              subjects.isEmpty() ? List.of() : claim(connection, subjects);
          claimed.forEach(operation -> turns.served(operation.organization()));
          return claimed;
        });
  }

  /// Claims what is due on these subjects, whose rows are locked. What was read before that lock
  /// may be out of date, so it is read again here, and no epoch is raised without a claim. What
  /// needs a slot of another class by now is left alone.
  ///
  /// @param subjects with the class of what is due on each
  List<StoredOperation> claim(Connection connection, Map<String, String> subjects)
      throws SQLException {
    try (PreparedStatement update =
        connection.prepareStatement(
            """
            with due as (
              select o.id, o.subject from operation o
              join subject s on s.id = o.subject and s.active_operation = o.id
              join unnest(?::text[], ?::text[]) as chosen (subject, admission)
                on chosen.subject = s.id and chosen.admission = o.admission
              where o.phase in ('RUNNING', 'UNWINDING')
                and o.due_at <= clock_timestamp()
                and (o.leased_until is null or o.leased_until < clock_timestamp())
            ), raised as (
              update subject s set epoch = s.epoch + 1 from due where s.id = due.subject
              returning due.id, s.epoch
            )
            update operation o
            set epoch = raised.epoch, leased_by = ?,
                leased_until = clock_timestamp() + ? * interval '1 millisecond'
            from raised
            where o.id = raised.id
            returning\s"""
                + StoredOperation.COLUMNS)) {
      update.setArray(1, connection.createArrayOf("text", subjects.keySet().toArray()));
      update.setArray(2, connection.createArrayOf("text", subjects.values().toArray()));
      update.setString(3, settings.replica());
      update.setLong(4, settings.lease().toMillis());
      try (ResultSet rows = update.executeQuery()) {
        List<StoredOperation> claimed = new ArrayList<>();
        while (rows.next()) {
          claimed.add(StoredOperation.read(rows));
        }
        return claimed;
      }
    }
  }

  /// An act that should come to something.
  ///
  /// @param cancelled whether somebody waits for it to be undone; otherwise it is overdue
  record Unwanted(String operation, String step, boolean cancelled) {}

  /// Renews the leases of operations that this replica runs, and tells which of them are asked to
  /// cancel or overdue.
  List<Unwanted> renew(Collection<String> operations) throws SQLException {
    return transactions.inNew(
        connection -> {
          List<Unwanted> unwanted = new ArrayList<>();
          try (PreparedStatement update =
              connection.prepareStatement(
                  """
                  update operation set leased_until = clock_timestamp() + ? * interval '1 millisecond'
                  where id = any (?) and leased_by = ? and leased_until is not null
                  returning id, step, cancel_requested and not past_pivot and phase = 'RUNNING',
                            platform_now() >= step_deadline""")) {
            update.setLong(1, settings.lease().toMillis());
            update.setArray(2, connection.createArrayOf("text", operations.toArray()));
            update.setString(3, settings.replica());
            try (ResultSet rows = update.executeQuery()) {
              while (rows.next()) {
                if (rows.getBoolean(3) || rows.getBoolean(4)) {
                  unwanted.add(
                      new Unwanted(rows.getString(1), rows.getString(2), rows.getBoolean(3)));
                }
              }
            }
          }
          return unwanted;
        });
  }

  /// Frees what an earlier life of this replica's slot had leased.
  void freeOwn() throws SQLException {
    transactions.inNew(
        connection ->
            Statements.execute(
                connection,
                "update operation set leased_by = null, leased_until = null where leased_by = ? and phase <> 'ENDED'",
                settings.replica()));
  }

  /// Frees the lease of a runner that gives up, unless it has been overtaken.
  void free(StoredOperation claimed) throws SQLException {
    transactions.inNew(
        connection ->
            Statements.execute(
                connection,
                "update operation set leased_by = null, leased_until = null where id = ? and leased_by = ? and epoch = ?",
                claimed.id(),
                settings.replica(),
                claimed.epoch()));
  }
}
