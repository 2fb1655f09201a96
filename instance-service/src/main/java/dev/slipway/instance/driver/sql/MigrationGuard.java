package dev.slipway.instance.driver.sql;

import java.sql.Connection;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.Statement;

/// Has a server refuse that a migration drops or renames what was there when it began.
///
/// Only the server can refuse before the damage: the migration's tool may connect as it likes,
/// commit as it likes and hide what it was told. So an event trigger in the application's database
/// looks after every command that changes the schema whether each table and column that was written
/// down is still there by its name, and raises an error otherwise, which takes the command back and
/// the tool's transaction with it. What was refused is kept in the one thing that no rollback takes
/// back, a sequence: the numbers of up to three rows, in 20 bits each.
///
/// All of it belongs to the platform's superuser and is in a schema of its own. Whoever gets into
/// the database, which is the application's role, may call three functions, `guard`, `unguard` and
/// `refused`, and change nothing. It could lift its own guard: this is a net for mistakes and no
/// wall. Nothing is granted to the role itself, which would keep the role from being dropped.
public final class MigrationGuard {

  private static final String SCHEMA_OWNER =
      """
      SELECT coalesce(bool_and(nspowner = current_user::regrole), true)
      FROM pg_namespace WHERE nspname = 'slipway'""";

  private static final String SCRIPT =
      """
      CREATE SCHEMA IF NOT EXISTS slipway;
      GRANT USAGE ON SCHEMA slipway TO PUBLIC;
      CREATE TABLE IF NOT EXISTS slipway.guard_state (
        only_row boolean PRIMARY KEY DEFAULT true CHECK (only_row), armed boolean NOT NULL);
      INSERT INTO slipway.guard_state (armed) VALUES (false) ON CONFLICT DO NOTHING;
      CREATE TABLE IF NOT EXISTS slipway.guarded (
        number int PRIMARY KEY, schema_name name NOT NULL, table_name name NOT NULL, column_name name);
      CREATE SEQUENCE IF NOT EXISTS slipway.refusal;

      CREATE OR REPLACE FUNCTION slipway.present()
      RETURNS TABLE (schema_name name, table_name name, column_name name)
      LANGUAGE sql STABLE SET search_path = pg_catalog, pg_temp AS $$
        SELECT n.nspname, c.relname, a.attname
        FROM pg_class c
        JOIN pg_namespace n ON n.oid = c.relnamespace
        LEFT JOIN LATERAL (
          SELECT NULL::name AS attname
          UNION ALL
          SELECT attname FROM pg_attribute
          WHERE attrelid = c.oid AND attnum > 0 AND NOT attisdropped) a ON true
        WHERE c.relkind IN ('r', 'p', 'f') AND n.nspname !~ '^pg_'
          AND n.nspname NOT IN ('information_schema', 'dbos', 'slipway')
      $$;

      CREATE OR REPLACE FUNCTION slipway.described(slipway.guarded) RETURNS text
      LANGUAGE sql STABLE SET search_path = pg_catalog, pg_temp AS $$
        SELECT CASE WHEN $1.column_name IS NULL THEN format('table %I.%I', $1.schema_name, $1.table_name)
                    ELSE format('column %I of %I.%I', $1.column_name, $1.schema_name, $1.table_name) END
      $$;

      CREATE OR REPLACE FUNCTION slipway.guard() RETURNS void
      LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
      BEGIN
        DELETE FROM slipway.guarded;
        INSERT INTO slipway.guarded
          SELECT row_number() OVER (ORDER BY schema_name, table_name, column_name NULLS FIRST), *
          FROM slipway.present() LIMIT 1048575;
        PERFORM setval('slipway.refusal', 1, false);
        UPDATE slipway.guard_state SET armed = true;
      END $$;

      CREATE OR REPLACE FUNCTION slipway.unguard() RETURNS void
      LANGUAGE sql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
        UPDATE slipway.guard_state SET armed = false
      $$;

      CREATE OR REPLACE FUNCTION slipway.refused() RETURNS SETOF text
      LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
        SELECT slipway.described(g)
        FROM slipway.refusal r
        JOIN slipway.guarded g
          ON g.number IN (r.last_value & 1048575, r.last_value >> 20 & 1048575, r.last_value >> 40)
        WHERE r.is_called
        ORDER BY g.number
      $$;

      CREATE OR REPLACE FUNCTION slipway.refuse() RETURNS event_trigger
      LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
      DECLARE
        broken text;
        numbers bigint[];
      BEGIN
        IF NOT (SELECT armed FROM slipway.guard_state) THEN
          RETURN;
        END IF;
        -- The columns of a table that is gone go without saying.
        SELECT string_agg(slipway.described(g), ', ' ORDER BY g.number), array_agg(g.number ORDER BY g.number)
        INTO broken, numbers
        FROM slipway.guarded g
        WHERE NOT EXISTS (
            SELECT FROM slipway.present() p
            WHERE p.schema_name = g.schema_name AND p.table_name = g.table_name
              AND p.column_name IS NOT DISTINCT FROM g.column_name)
          AND (g.column_name IS NULL OR EXISTS (
            SELECT FROM slipway.present() p
            WHERE p.schema_name = g.schema_name AND p.table_name = g.table_name));
        IF broken IS NULL THEN
          RETURN;
        END IF;
        PERFORM setval('slipway.refusal',
          numbers[1] + (coalesce(numbers[2], 0) << 20) + (coalesce(numbers[3], 0) << 40));
        RAISE EXCEPTION 'Slipway refuses to drop or rename %, which an earlier version with active workflows may use', broken
          USING ERRCODE = 'dependent_objects_still_exist';
      END $$;

      REVOKE ALL ON ALL FUNCTIONS IN SCHEMA slipway FROM PUBLIC;
      GRANT EXECUTE ON FUNCTION slipway.guard(), slipway.unguard(), slipway.refused() TO PUBLIC;
      DROP EVENT TRIGGER IF EXISTS slipway_guard;
      CREATE EVENT TRIGGER slipway_guard ON ddl_command_end EXECUTE FUNCTION slipway.refuse();
      """;

  private MigrationGuard() {}

  /// Makes the guard in a database, or makes it as it has to be. Nothing is guarded before a call
  /// of `guard`. A schema of that name that is somebody else's is left alone, and there is no guard
  /// then.
  ///
  /// @param connection to the application's database, as a superuser
  public static void install(Connection connection) throws SQLException {
    try (Statement statement = connection.createStatement()) {
      // Whatever the database's owner has set for those who come in.
      statement.execute("SET ROLE NONE");
      statement.execute("SET SESSION CHARACTERISTICS AS TRANSACTION READ WRITE");
      connection.setAutoCommit(false);
      try (ResultSet row = statement.executeQuery(SCHEMA_OWNER)) {
        if (!row.next() || !row.getBoolean(1)) {
          connection.rollback();
          return;
        }
      }
      statement.execute(SCRIPT);
      connection.commit();
    }
  }
}
