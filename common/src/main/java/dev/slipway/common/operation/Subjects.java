package dev.slipway.common.operation;

import dev.slipway.common.sql.Pipeline;
import java.sql.Connection;
import java.sql.SQLException;
import java.util.List;
import java.util.Objects;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/// Rows of `subject`: what they lock, which operation has them, and the epoch that fences.
final class Subjects {

  /// Locks a subject and tells its epoch and the platform's running time.
  private static final String LOCK =
      "select epoch, platform_now() from subject where id = ? for update";

  private static final String AGE =
      """
      select (extract(epoch from (clock_timestamp() - s.entered_at)) * 1000)::bigint
      from operation o
      join operation_step s on s.operation = o.id and s.step = o.step
        and s.direction = case o.phase when 'UNWINDING' then 'UNDO' else 'DO' end
      where o.id = ?""";

  private final PlatformClock clock;

  Subjects(PlatformClock clock) {
    this.clock = clock;
  }

  /// A subject whose row is locked, made when it was not there.
  ///
  /// @param now the platform's running time in milliseconds
  record Subject(@Nullable String active, long now) {}

  Subject lock(Connection connection, String subject, String organization) throws SQLException {
    Object locked =
        new Pipeline()
            .add(
                "insert into subject (id, organization) values (?, ?) on conflict do nothing",
                subject,
                organization)
            .add(
                "select active_operation, platform_now() from subject where id = ? for update",
                subject)
            .read(connection, row -> new Subject(row.getString(1), row.getLong(2)))
            .getFirst();
    var found = (Subject) Objects.requireNonNull(locked, "A subject that was just made is there");
    clock.seen(found.now());
    return found;
  }

  /// Holds the subject's row while the work is done. Whoever begins something on a subject that
  /// nobody has heard of waits for the row that is made here, and then makes its own.
  static <T> Optional<T> whileIdle(Connection connection, String subject, Transactions.Work<T> work)
      throws SQLException {
    boolean unheardOf =
        Statements.execute(
                connection,
                "insert into subject (id, organization) values (?, '') on conflict do nothing",
                subject)
            == 1;
    Statements.queryText(connection, "select id from subject where id = ? for update", subject);
    String unfinished =
        Statements.queryText(
            connection,
            "select id from operation where subject = ? and phase <> 'ENDED' limit 1",
            subject);
    if (unfinished != null) {
      return Optional.empty();
    }
    T done = work.on(connection);
    if (unheardOf) {
      Statements.execute(connection, "delete from subject where id = ?", subject);
    }
    return Optional.of(done);
  }

  /// An operation that is about to change, its subject's row being locked.
  ///
  /// @param epoch of its subject
  record Held(long epoch, StoredOperation operation, Moment moment) {}

  /// When an operation changes.
  ///
  /// @param now the platform's running time in milliseconds
  /// @param age how long ago the current step was entered, in milliseconds
  record Moment(long now, long age) {}

  /// Locks a subject and reads one of its operations: each statement sees what was committed before
  /// it, and so what was committed before the lock was given.
  Held hold(Connection connection, String subject, String operation) throws SQLException {
    List<@Nullable Object> read =
        new Pipeline()
            .add(LOCK, subject)
            .add(
                "select " + StoredOperation.COLUMNS + " from operation o where o.id = ?", operation)
            .add(AGE, operation)
            .read(
                connection,
                row -> new long[] {row.getLong(1), row.getLong(2)},
                StoredOperation::read,
                row -> row.getLong(1));
    if (read.get(0) instanceof long[] locked && read.get(1) instanceof StoredOperation current) {
      clock.seen(locked[1]);
      long age = read.get(2) instanceof Long millis ? millis : 0;
      return new Held(locked[0], current, new Moment(locked[1], age));
    }
    throw new IllegalStateException("There is no operation " + operation);
  }

  /// Locks the subject of an operation; running it fails with `NOT_AS_SEEN` when the epoch is no
  /// longer the one the operation was claimed with.
  static void lockAsSeen(Pipeline writes, StoredOperation claimed) {
    writes.add(
        "select case when epoch = ? then epoch else not_as_seen() end from subject where id = ? for update",
        claimed.epoch(),
        claimed.subject());
  }

  /// Takes a subject from an operation that has ended; running it fails with `NOT_AS_SEEN` when
  /// another one waits for it.
  static void giveBack(Pipeline writes, StoredOperation ended) {
    writes.add(
        """
        update subject set active_operation = case
          when exists (select from operation where subject = ? and phase = 'QUEUED') then not_as_seen()::text
          else ? end
        where id = ? and active_operation = ?""",
        ended.subject(),
        ended.resumes(),
        ended.subject(),
        ended.id());
  }

  /// How long ago the current step of an operation was entered, in milliseconds.
  static long age(Connection connection, StoredOperation operation) throws SQLException {
    Object age =
        new Pipeline().add(AGE, operation.id()).read(connection, row -> row.getLong(1)).getFirst();
    return age instanceof Long millis ? millis : 0;
  }

  /// Makes an operation the active one of its subject.
  ///
  /// @param taken whether it is leased as well, which raises the epoch
  static void activate(Pipeline writes, String operation, String subject, boolean taken) {
    writes.add(
        "update subject set active_operation = ?, epoch = epoch + ? where id = ?",
        operation,
        taken ? 1 : 0,
        subject);
  }

  /// Takes a subject from whoever has it: what was claimed with the old epoch can no longer act.
  static void takeAway(Connection connection, String subject) throws SQLException {
    Statements.execute(
        connection,
        "update subject set epoch = epoch + 1, active_operation = null where id = ?",
        subject);
  }

  /// Gives the subject of an operation that has ended to the one that waited for it.
  ///
  /// @return false when the subject was another's already
  static boolean handOver(Connection connection, StoredOperation ended) throws SQLException {
    return Statements.execute(
            connection,
            "update subject set active_operation = ? where id = ? and active_operation = ?",
            ended.resumes(),
            ended.subject(),
            ended.id())
        == 1;
  }
}
