package dev.slipway.deploy.database;

import dev.slipway.common.operation.DriverFailure;
import dev.slipway.deploy.domain.DatabaseAccess;
import jakarta.inject.Inject;
import jakarta.inject.Singleton;
import java.sql.Array;
import java.sql.Connection;
import java.sql.PreparedStatement;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.time.InstantSource;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/// The workflows of an application, in the SDK's tables. They can be seen and changed although no
/// executor runs, and whatever the SDK's version: what a version does not store is left out.
///
/// Every call throws `unreachable`, transient, when the database does not answer.
@Singleton
public final class Workflows {

  /// More is not listed at once; what they hold is the application's and may be large.
  private static final int MOST = 10_000;

  private static final long LARGEST_LIST = 2L << 20;

  /// What a copy takes over; the rest is its own or begins anew.
  private static final List<String> COPIED =
      List.of(
          "name",
          "class_name",
          "config_name",
          "authenticated_user",
          "assumed_role",
          "authenticated_roles",
          "request",
          "inputs",
          "application_id");

  /// Nobody's: an executor is asked to recover it.
  private static final String NOBODY = "'slipway'";

  private static final String QUEUE = "queue_name";
  private static final String INTERNAL_QUEUE = "'_dbos_internal_queue'";

  private static final String TEXT = "text";
  private static final String NUMBER = "bigint";

  private final JdbcApplicationDatabases databases;
  private final InstantSource clock;

  @Inject
  public Workflows(JdbcApplicationDatabases databases) {
    this(databases, InstantSource.system());
  }

  Workflows(JdbcApplicationDatabases databases, InstantSource clock) {
    this.databases = databases;
    this.clock = clock;
  }

  /// None when the SDK has no tables there.
  public List<Workflow> list(DatabaseAccess access, String systemDatabase, WorkflowFilter filter)
      throws DriverFailure {
    return in(
        access, systemDatabase, (connection, tables) -> select(connection, tables, filter, false));
  }

  /// Those that are in a queue; ENQUEUED and PENDING unless the filter says otherwise.
  public List<Workflow> queued(DatabaseAccess access, String systemDatabase, WorkflowFilter filter)
      throws DriverFailure {
    return in(
        access, systemDatabase, (connection, tables) -> select(connection, tables, filter, true));
  }

  /// PENDING, ENQUEUED and DELAYED become CANCELLED, out of their queue; nothing happens to one
  /// that has ended.
  ///
  /// @throws DriverFailure.Permanent `workflow-not-found`
  public void cancel(DatabaseAccess access, String systemDatabase, String workflow)
      throws DriverFailure {
    in(
        access,
        systemDatabase,
        (connection, tables) -> {
          requireThere(connection, tables, workflow);
          int changed =
              update(
                  connection,
                  tables,
                  workflow,
                  "CANCELLED",
                  Map.of(),
                  "status in ('PENDING', 'ENQUEUED', 'DELAYED')");
          if (changed > 0) {
            leaveQueue(connection, tables, workflow);
          }
          return changed;
        });
  }

  /// Makes it run again from where it was, out of its queue, with no attempts counted; nothing
  /// happens to one that succeeded, failed or is PENDING already. An executor of its version takes
  /// it from the SDK's own queue; where there is none it is PENDING and nobody's, and runs when an
  /// executor next recovers.
  ///
  /// @throws DriverFailure.Permanent `workflow-not-found`
  public void resume(DatabaseAccess access, String systemDatabase, String workflow)
      throws DriverFailure {
    in(
        access,
        systemDatabase,
        (connection, tables) -> {
          requireThere(connection, tables, workflow);
          Map<String, String> values = new TreeMap<>();
          values.put("recovery_attempts", "0");
          values.put("workflow_deadline_epoch_ms", "null");
          values.put("executor_id", NOBODY);
          if (tables.hasInternalQueue()) {
            values.put(QUEUE, INTERNAL_QUEUE);
          }
          int changed =
              update(
                  connection,
                  tables,
                  workflow,
                  toRun(tables),
                  values,
                  "status not in ('SUCCESS', 'ERROR', 'PENDING')");
          if (changed > 0) {
            leaveQueue(connection, tables, workflow);
          }
          return changed;
        });
  }

  /// The status of what is to run, and is nobody's.
  private static String toRun(SystemTables tables) {
    return tables.hasInternalQueue() ? "ENQUEUED" : "PENDING";
  }

  /// Begins a copy of it with the same inputs, from its first step, which runs as one that is
  /// resumed. Where the copy is there already, nothing happens.
  ///
  /// @param copy    the identifier of the copy
  /// @param version of which the copy is to be; absent for that of the original
  /// @throws DriverFailure.Permanent `workflow-not-found`
  public void restart(
      DatabaseAccess access,
      String systemDatabase,
      String workflow,
      String copy,
      @Nullable String version)
      throws DriverFailure {
    in(
        access,
        systemDatabase,
        (connection, tables) -> {
          requireThere(connection, tables, workflow);
          String columns =
              COPIED.stream()
                  .filter(tables::has)
                  .map(column -> ", " + column)
                  .collect(Collectors.joining());
          String own =
              Stream.of("recovery_attempts", "executor_id", "application_version")
                      .filter(tables::has)
                      .map(column -> ", " + column)
                      .collect(Collectors.joining())
                  + (tables.hasInternalQueue() ? ", " + QUEUE : "");
          boolean versions = tables.has("application_version");
          String values =
              (tables.has("recovery_attempts") ? ", 0" : "")
                  + (tables.has("executor_id") ? ", " + NOBODY : "")
                  + (versions ? ", coalesce(?, application_version)" : "")
                  + (tables.hasInternalQueue() ? ", " + INTERNAL_QUEUE : "");
          try (PreparedStatement insert =
              connection.prepareStatement(
                  "insert into dbos.workflow_status"
                      + " (workflow_uuid, status, created_at, updated_at%s%s)"
                          .formatted(own, columns)
                      + " select ?, '%s', ?, ?%s%s from dbos.workflow_status"
                          .formatted(toRun(tables), values, columns)
                      + " where workflow_uuid = ? on conflict do nothing")) {
            insert.setString(1, copy);
            insert.setLong(2, clock.millis());
            insert.setLong(3, clock.millis());
            if (versions) {
              insert.setString(4, version);
            }
            insert.setString(versions ? 5 : 4, workflow);
            if (insert.executeUpdate() == 0) {
              return copy;
            }
          }
          if (tables.has("workflow_inputs", "inputs")) {
            try (PreparedStatement insert =
                connection.prepareStatement(
                    "insert into dbos.workflow_inputs (workflow_uuid, inputs)"
                        + " select ?, inputs from dbos.workflow_inputs where workflow_uuid = ?")) {
              insert.setString(1, copy);
              insert.setString(2, workflow);
              insert.executeUpdate();
            }
          }
          return copy;
        });
  }

  private static void requireThere(Connection connection, SystemTables tables, String workflow)
      throws SQLException, DriverFailure {
    if (tables.has("status") && workflow.indexOf('\0') < 0) {
      // Locked, so that what is decided next is decided about this state.
      try (PreparedStatement select =
          connection.prepareStatement(
              "select from dbos.workflow_status where workflow_uuid = ? for update")) {
        select.setString(1, workflow);
        try (ResultSet row = select.executeQuery()) {
          if (row.next()) {
            return;
          }
        }
      }
    }
    throw new DriverFailure.Permanent("workflow-not-found", "there is no such workflow");
  }

  private int update(
      Connection connection,
      SystemTables tables,
      String workflow,
      String status,
      Map<String, String> values,
      String condition)
      throws SQLException {
    var changes = new TreeMap<>(values);
    // What keeps a workflow in a queue since 2.10; before, a table of its own did.
    Stream.of(QUEUE, "deduplication_id", "started_at_epoch_ms")
        .forEach(column -> changes.putIfAbsent(column, "null"));
    String set =
        changes.entrySet().stream()
            .filter(change -> tables.has(change.getKey()))
            .map(change -> ", " + change.getKey() + " = " + change.getValue())
            .collect(Collectors.joining());
    try (PreparedStatement update =
        connection.prepareStatement(
            "update dbos.workflow_status set status = ?, updated_at = ?%s".formatted(set)
                + " where workflow_uuid = ? and "
                + condition)) {
      update.setString(1, status);
      update.setLong(2, clock.millis());
      update.setString(3, workflow);
      return update.executeUpdate();
    }
  }

  private static void leaveQueue(Connection connection, SystemTables tables, String workflow)
      throws SQLException {
    if (tables.has("workflow_queue", "workflow_uuid")) {
      try (PreparedStatement delete =
          connection.prepareStatement("delete from dbos.workflow_queue where workflow_uuid = ?")) {
        delete.setString(1, workflow);
        delete.executeUpdate();
      }
    }
  }

  private static List<Workflow> select(
      Connection connection, SystemTables tables, WorkflowFilter filter, boolean queued)
      throws SQLException {
    if (!tables.has("status") || (queued && !tables.has("queue_name"))) {
      return List.of();
    }
    List<String> statuses =
        queued && filter.statuses().isEmpty() ? List.of("ENQUEUED", "PENDING") : filter.statuses();
    var conditions = new Conditions();
    conditions.anyOf(tables.has("workflow_uuid"), "workflow_uuid", filter.ids());
    conditions.anyOf(true, "status", statuses);
    conditions.equal(tables.has("authenticated_user"), "authenticated_user", filter.user());
    conditions.equal(tables.has("application_version"), "application_version", filter.version());
    conditions.equal(tables.has("name"), "name", filter.name());
    conditions.equal(tables.has("queue_name"), "queue_name", filter.queue());
    if (filter.from() != null) {
      conditions.add("w.created_at >= ?", filter.from().toEpochMilli());
    }
    if (filter.to() != null) {
      conditions.add("w.created_at <= ?", filter.to().toEpochMilli());
    }
    if (queued) {
      conditions.add("w.queue_name is not null");
    }
    String order = filter.newestFirst() ? "desc" : "asc";
    int limit = filter.limit() == null ? MOST : Math.min(filter.limit(), MOST);
    int offset = filter.offset() == null ? 0 : filter.offset();
    String sql =
        "select %s from dbos.workflow_status w where %s order by w.created_at %s, w.workflow_uuid %s"
                .formatted(columns(tables), conditions.sql(), order, order)
            + " limit %d offset %d".formatted(limit, offset);
    List<Workflow> workflows = new ArrayList<>();
    try (PreparedStatement select = connection.prepareStatement(sql)) {
      select.setFetchSize(20);
      conditions.bind(connection, select);
      try (ResultSet row = select.executeQuery()) {
        long size = 0;
        while (size < LARGEST_LIST && row.next()) {
          Workflow workflow = workflow(row);
          size += length(workflow.input()) + length(workflow.output()) + length(workflow.error());
          workflows.add(workflow);
        }
      }
    }
    return workflows;
  }

  private static long length(@Nullable String text) {
    return text == null ? 0 : text.length();
  }

  /// In the order of [Workflow].
  private static String columns(SystemTables tables) {
    String input =
        tables.has("inputs")
            ? "w.inputs"
            : tables.has("workflow_inputs", "inputs")
                ? "(select i.inputs from dbos.workflow_inputs i"
                    + " where i.workflow_uuid = w.workflow_uuid)"
                : "null::text";
    return Stream.of(
            "w.workflow_uuid",
            column(tables, "status", TEXT),
            column(tables, "name", TEXT),
            column(tables, "class_name", TEXT),
            column(tables, "config_name", TEXT),
            column(tables, "queue_name", TEXT),
            column(tables, "authenticated_user", TEXT),
            column(tables, "assumed_role", TEXT),
            column(tables, "authenticated_roles", TEXT),
            column(tables, "output", TEXT),
            column(tables, "error", TEXT),
            input,
            column(tables, "executor_id", TEXT),
            column(tables, "application_version", TEXT),
            column(tables, "application_id", TEXT),
            column(tables, "recovery_attempts", NUMBER),
            column(tables, "created_at", NUMBER),
            column(tables, "updated_at", NUMBER),
            column(tables, "workflow_timeout_ms", NUMBER),
            column(tables, "workflow_deadline_epoch_ms", NUMBER))
        .collect(Collectors.joining(", "));
  }

  private static String column(SystemTables tables, String name, String type) {
    return tables.has(name) ? "w." + name : "null::" + type;
  }

  private static Workflow workflow(ResultSet row) throws SQLException {
    return new Workflow(
        row.getString(1),
        row.getString(2),
        row.getString(3),
        row.getString(4),
        row.getString(5),
        row.getString(6),
        row.getString(7),
        row.getString(8),
        row.getString(9),
        row.getString(10),
        row.getString(11),
        row.getString(12),
        row.getString(13),
        row.getString(14),
        row.getString(15),
        row.getObject(16, Long.class),
        row.getObject(17, Long.class),
        row.getObject(18, Long.class),
        row.getObject(19, Long.class),
        row.getObject(20, Long.class));
  }

  private <T> T in(DatabaseAccess access, String systemDatabase, Work<T> work)
      throws DriverFailure {
    try (Connection connection = databases.connect(access, systemDatabase)) {
      // One transaction: rows come in portions, and changes together or not at all.
      connection.setAutoCommit(false);
      T result = work.in(connection, SystemTables.look(connection));
      connection.commit();
      return result;
    } catch (SQLException failure) {
      throw JdbcApplicationDatabases.unreachable(failure);
    }
  }

  @FunctionalInterface
  private interface Work<T> {
    T in(Connection connection, SystemTables tables) throws SQLException, DriverFailure;
  }

  /// What rows must be, and the values to compare with.
  private static final class Conditions {

    private final List<String> conditions = new ArrayList<>(List.of("true"));
    private final List<Object> values = new ArrayList<>();

    void add(String condition, Object... compared) {
      conditions.add(condition);
      values.addAll(List.of(compared));
    }

    /// Where an SDK stores no such thing, no row can have this value.
    void equal(boolean there, String column, @Nullable String value) {
      if (value != null) {
        if (there) {
          add("w." + column + " = ?", value);
        } else {
          add("false");
        }
      }
    }

    void anyOf(boolean there, String column, List<String> allowed) {
      if (!allowed.isEmpty()) {
        if (there) {
          add("w." + column + " = any (?)", allowed);
        } else {
          add("false");
        }
      }
    }

    String sql() {
      return String.join(" and ", conditions);
    }

    void bind(Connection connection, PreparedStatement statement) throws SQLException {
      for (int index = 0; index < values.size(); index++) {
        Object value = values.get(index);
        if (value instanceof List<?> list) {
          Array array = connection.createArrayOf(TEXT, list.toArray());
          statement.setArray(index + 1, array);
        } else {
          statement.setObject(index + 1, value);
        }
      }
    }
  }
}
