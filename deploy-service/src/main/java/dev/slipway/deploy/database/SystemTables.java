package dev.slipway.deploy.database;

import java.sql.Connection;
import java.sql.PreparedStatement;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.util.HashSet;
import java.util.Set;

/// Which columns the SDK's tables have; they differ from version to version.
record SystemTables(Set<String> columns) {

  SystemTables {
    columns = Set.copyOf(columns);
  }

  static SystemTables look(Connection connection) throws SQLException {
    Set<String> columns = new HashSet<>();
    try (PreparedStatement select =
            connection.prepareStatement(
                """
                select c.relname, a.attname
                  from pg_catalog.pg_attribute a
                  join pg_catalog.pg_class c on c.oid = a.attrelid
                  join pg_catalog.pg_namespace n on n.oid = c.relnamespace
                 where n.nspname = 'dbos' and c.relkind in ('r', 'p')
                   and a.attnum > 0 and not a.attisdropped
                """);
        ResultSet rows = select.executeQuery()) {
      while (rows.next()) {
        columns.add(rows.getString(1) + '.' + rows.getString(2));
      }
    }
    return new SystemTables(columns);
  }

  /// A column of `workflow_status`.
  boolean has(String column) {
    return has("workflow_status", column);
  }

  boolean has(String table, String column) {
    return columns.contains(table + '.' + column);
  }

  /// Whether every executor takes from a queue of the SDK's own, as since 2.10, which has put away
  /// the table of queues. Before, what is nobody's runs when an executor recovers.
  boolean hasInternalQueue() {
    return has("started_at_epoch_ms") && !has("workflow_queue", "workflow_uuid");
  }
}
