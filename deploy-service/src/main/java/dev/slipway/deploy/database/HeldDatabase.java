package dev.slipway.deploy.database;

import dev.slipway.common.operation.DriverFailure;
import dev.slipway.deploy.domain.ApplicationDatabases.Catalogue;
import dev.slipway.deploy.domain.ApplicationDatabases.Held;
import java.nio.charset.StandardCharsets;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.sql.Connection;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.Statement;
import java.util.ArrayList;
import java.util.HexFormat;
import java.util.List;
import java.util.Set;
import java.util.TreeSet;
import java.util.regex.Pattern;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/// A database under the platform's lock; for one thread. The server frees the lock with the
/// connection, so nothing is left when this process dies.
final class HeldDatabase implements Held {

  private static final Logger LOG = LoggerFactory.getLogger(HeldDatabase.class);

  /// More is no schema that anybody migrates; the digest counts all of them.
  private static final int MOST_ENTRIES = 200_000;

  /// What they may have together, in characters: they are held in memory.
  private static final long LONGEST_ENTRIES = 4L << 20;

  /// White space with the end of a line in it. Begins where white space begins, so that a long run
  /// is looked through once and not once for each of its characters.
  private static final Pattern LINE_END = Pattern.compile("(?<![ \\t])[ \\t]*+\\R\\s*+");

  private static final String OWN =
      """
      n.nspname not in ('dbos', 'slipway', 'information_schema') and n.nspname !~ '^pg_'
      """;

  /// What belongs to an extension is the extension's; its version is an entry of its own.
  private static final String NOT_EXTENSION =
      """
      and not exists (select from pg_catalog.pg_depend d
                       where d.objid = %s.oid and d.classid = '%s'::pg_catalog.regclass
                         and d.deptype = 'e')
      """;

  private static final List<String> THINGS =
      List.of(
          "select 'schema ' || quote_ident(n.nspname) from pg_catalog.pg_namespace n where " + OWN,
          "select 'extension ' || quote_ident(e.extname) || ' ' || e.extversion"
              + " from pg_catalog.pg_extension e",
          """
          select case c.relkind when 'v' then 'view ' when 'm' then 'materialized view '
                      when 'S' then 'sequence ' when 'c' then 'type ' else 'table ' end
                 || quote_ident(n.nspname) || '.' || quote_ident(c.relname)
                 || case when c.relrowsecurity then ' row security' else '' end
                 || coalesce(': ' || case when c.relkind in ('v', 'm')
                      then pg_catalog.pg_get_viewdef(c.oid) end, '')
            from pg_catalog.pg_class c join pg_catalog.pg_namespace n on n.oid = c.relnamespace
           where c.relkind in ('r', 'p', 'v', 'm', 'S', 'f', 'c') and
          """
              + OWN
              + NOT_EXTENSION.formatted("c", "pg_catalog.pg_class"),
          """
          select 'column ' || quote_ident(n.nspname) || '.' || quote_ident(c.relname) || '.'
                 || quote_ident(a.attname) || ' ' || pg_catalog.format_type(a.atttypid, a.atttypmod)
                 || case when a.attnotnull then ' not null' else '' end
                 || case when a.attidentity <> '' then ' identity ' || a.attidentity::text else '' end
                 || coalesce(' default ' || pg_catalog.pg_get_expr(f.adbin, f.adrelid), '')
            from pg_catalog.pg_attribute a
            join pg_catalog.pg_class c on c.oid = a.attrelid
            join pg_catalog.pg_namespace n on n.oid = c.relnamespace
            left join pg_catalog.pg_attrdef f on f.adrelid = a.attrelid and f.adnum = a.attnum
           where a.attnum > 0 and not a.attisdropped and c.relkind in ('r', 'p', 'v', 'm', 'f', 'c')
             and
          """
              + OWN
              + NOT_EXTENSION.formatted("c", "pg_catalog.pg_class"),
          """
          select 'index ' || pg_catalog.pg_get_indexdef(i.indexrelid)
                 || case when i.indisvalid then '' else ' invalid' end
            from pg_catalog.pg_index i
            join pg_catalog.pg_class c on c.oid = i.indexrelid
            join pg_catalog.pg_namespace n on n.oid = c.relnamespace where
          """
              + OWN,
          """
          select 'constraint ' || quote_ident(n.nspname) || '.'
                 || coalesce(quote_ident(c.relname) || '.', '') || quote_ident(k.conname) || ' '
                 || pg_catalog.pg_get_constraintdef(k.oid)
            from pg_catalog.pg_constraint k
            join pg_catalog.pg_namespace n on n.oid = k.connamespace
            left join pg_catalog.pg_class c on c.oid = k.conrelid where
          """
              + OWN,
          """
          select 'trigger ' || pg_catalog.pg_get_triggerdef(t.oid) || ' ' || t.tgenabled::text
            from pg_catalog.pg_trigger t
            join pg_catalog.pg_class c on c.oid = t.tgrelid
            join pg_catalog.pg_namespace n on n.oid = c.relnamespace
           where not t.tgisinternal and
          """
              + OWN,
          """
          select 'policy ' || quote_ident(n.nspname) || '.' || quote_ident(c.relname) || '.'
                 || quote_ident(p.polname) || ' ' || p.polcmd::text || ' '
                 || coalesce(pg_catalog.pg_get_expr(p.polqual, p.polrelid), '') || ' '
                 || coalesce(pg_catalog.pg_get_expr(p.polwithcheck, p.polrelid), '')
            from pg_catalog.pg_policy p
            join pg_catalog.pg_class c on c.oid = p.polrelid
            join pg_catalog.pg_namespace n on n.oid = c.relnamespace where
          """
              + OWN,
          """
          select 'function ' || pg_catalog.pg_get_functiondef(p.oid)
            from pg_catalog.pg_proc p join pg_catalog.pg_namespace n on n.oid = p.pronamespace
           where p.prokind in ('f', 'p') and
          """
              + OWN
              + NOT_EXTENSION.formatted("p", "pg_catalog.pg_proc"),
          """
          select 'type ' || quote_ident(n.nspname) || '.' || quote_ident(t.typname) || ' '
                 || t.typtype::text || coalesce(' ' || (select string_agg(quote_literal(e.enumlabel), ','
                                            order by e.enumsortorder)
                                from pg_catalog.pg_enum e where e.enumtypid = t.oid), '')
            from pg_catalog.pg_type t join pg_catalog.pg_namespace n on n.oid = t.typnamespace
           where t.typtype in ('e', 'd', 'r') and
          """
              + OWN
              + NOT_EXTENSION.formatted("t", "pg_catalog.pg_type"));

  /// Where migration tools write down what they did. Whole rows, whatever their columns: they
  /// differ between versions of the tools. Only TypeORM's has a name that anybody may give to a
  /// table, so it is known by its columns.
  private static final String HISTORIES =
      """
      select quote_ident(n.nspname) || '.' || quote_ident(c.relname)
        from pg_catalog.pg_class c join pg_catalog.pg_namespace n on n.oid = c.relnamespace
       where c.relkind in ('r', 'p')
         and c.relname in ('knex_migrations', 'migrations', 'typeorm_migrations',
                           '__drizzle_migrations', '_prisma_migrations')
         and (c.relname <> 'migrations'
           or (select array_agg(a.attname::text order by a.attname)
                 from pg_catalog.pg_attribute a
                where a.attrelid = c.oid and a.attnum > 0 and not a.attisdropped)
              = '{id,name,timestamp}'::text[])
         and pg_catalog.has_table_privilege(c.oid, 'select') and
      """
          + OWN
          + " order by 1";

  private static final String KNEX_LOCKS =
      """
      select quote_ident(n.nspname) || '.' || quote_ident(c.relname)
        from pg_catalog.pg_class c join pg_catalog.pg_namespace n on n.oid = c.relnamespace
       where c.relkind = 'r' and c.relname = 'knex_migrations_lock'
         and exists (select from pg_catalog.pg_attribute a
                      where a.attrelid = c.oid and a.attname = 'is_locked' and not a.attisdropped)
         and
      """
          + OWN
          + " order by 1";

  private final Connection connection;

  HeldDatabase(Connection connection) {
    this.connection = connection;
  }

  @Override
  public Catalogue catalogue() throws DriverFailure {
    Set<String> entries = new TreeSet<>();
    try (Statement statement = connection.createStatement()) {
      statement.setFetchSize(1000);
      for (String sql : THINGS) {
        collect(statement, sql, "", entries);
      }
      for (String table : texts(statement, HISTORIES)) {
        collect(
            statement,
            "select pg_catalog.to_jsonb(h)::text from %s h".formatted(table),
            "history " + table + ' ',
            entries);
      }
    } catch (SQLException failure) {
      throw JdbcApplicationDatabases.unreachable(failure);
    }
    return new Catalogue(
        digest(entries),
        List.copyOf(entries),
        entries.stream().allMatch(HeldDatabase::ofTheServer));
  }

  /// A new database has a schema, and what extensions its server puts into each.
  private static boolean ofTheServer(String entry) {
    return entry.equals("schema public") || entry.startsWith("extension ");
  }

  @Override
  public List<String> clearStaleLocks() throws DriverFailure {
    List<String> freed = new ArrayList<>();
    try (Statement statement = connection.createStatement()) {
      for (String table : texts(statement, KNEX_LOCKS)) {
        if (statement.executeUpdate(
                "update %s set is_locked = 0 where is_locked <> 0".formatted(table))
            > 0) {
          freed.add("freed the lock in %s that a killed migration of knex left".formatted(table));
        }
      }
    } catch (SQLException failure) {
      throw JdbcApplicationDatabases.unreachable(failure);
    }
    return freed;
  }

  @Override
  public boolean guard() throws DriverFailure {
    if (!hasGuard()) {
      return false;
    }
    texts("select slipway.guard()");
    return true;
  }

  @Override
  public List<String> refused() throws DriverFailure {
    return hasGuard() ? texts("select slipway.refused()") : List.of();
  }

  @Override
  public void unguard() throws DriverFailure {
    if (hasGuard()) {
      texts("select slipway.unguard()");
    }
  }

  /// Instance-service makes it where it may; a schema of this name that is the application's own
  /// is none.
  private boolean hasGuard() throws DriverFailure {
    return !texts(
            """
            select 1
              from pg_catalog.pg_proc p join pg_catalog.pg_namespace n on n.oid = p.pronamespace
             where n.nspname = 'slipway' and p.proname = 'guard'
               and n.nspowner <> current_user::pg_catalog.regrole
            """)
        .isEmpty();
  }

  private List<String> texts(String sql) throws DriverFailure {
    try (Statement statement = connection.createStatement()) {
      return texts(statement, sql);
    } catch (SQLException failure) {
      throw JdbcApplicationDatabases.unreachable(failure);
    }
  }

  @Override
  public void close() {
    // The end of a connection frees the lock a moment later; whoever comes next may be sooner.
    try (Statement statement = connection.createStatement()) {
      statement.execute("select pg_catalog.pg_advisory_unlock_all()");
    } catch (SQLException lost) {
      LOG.debug("The lock went with its connection", lost);
    }
    JdbcApplicationDatabases.close(connection);
  }

  private static void collect(
      Statement statement, String sql, String beginning, Set<String> entries)
      throws SQLException, DriverFailure {
    long length = entries.stream().mapToLong(String::length).sum();
    try (ResultSet rows = statement.executeQuery(sql)) {
      while (rows.next()) {
        // One line for each thing: a function's text has many.
        String entry = LINE_END.matcher(rows.getString(1).strip()).replaceAll(" ");
        entries.add(beginning + entry);
        length += entry.length();
        if (entries.size() > MOST_ENTRIES || length > LONGEST_ENTRIES) {
          throw new DriverFailure.Permanent(
              "schema-too-large",
              "the schema has more than %,d tables, columns and the like, or their definitions more than %,d characters"
                  .formatted(MOST_ENTRIES, LONGEST_ENTRIES));
        }
      }
    }
  }

  private static List<String> texts(Statement statement, String sql) throws SQLException {
    List<String> texts = new ArrayList<>();
    try (ResultSet rows = statement.executeQuery(sql)) {
      while (rows.next()) {
        texts.add(rows.getString(1));
      }
    }
    return texts;
  }

  private static String digest(Iterable<String> entries) {
    try {
      MessageDigest digest = MessageDigest.getInstance("SHA-256");
      for (String entry : entries) {
        digest.update(entry.getBytes(StandardCharsets.UTF_8));
        digest.update((byte) '\n');
      }
      return HexFormat.of().formatHex(digest.digest());
    } catch (NoSuchAlgorithmException impossible) {
      throw new IllegalStateException("every JDK has SHA-256", impossible);
    }
  }
}
