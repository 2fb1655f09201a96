package dev.slipway.deploy.database;

import dev.slipway.deploy.domain.ApplicationDatabases.Catalogue;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import java.util.TreeSet;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/// What a migration took away from the code that still runs.
public final class BreakingChanges {

  /// A name in quotes may hold anything, a quote twice.
  private static final String NAME = "(?:[a-z_][a-z0-9_$]*|\"(?:[^\"]|\"\")+\")";

  private static final Pattern TABLE =
      Pattern.compile("(?:table|view|materialized view) (" + NAME + "\\." + NAME + ")(?: .*|:.*)?");
  private static final Pattern COLUMN =
      Pattern.compile("column (" + NAME + "\\." + NAME + ")\\.(" + NAME + ") .*");

  private BreakingChanges() {}

  /// Tables and columns that were there before and are not any more, renamed ones included, in
  /// words: `column email of public.users is gone`. The columns of a table that is gone go without
  /// saying.
  public static List<String> between(Catalogue before, Catalogue after) {
    Set<String> tables = tables(before);
    tables.removeAll(tables(after));
    Set<Column> columns = columns(before);
    columns.removeAll(columns(after));
    List<String> gone = new ArrayList<>();
    tables.forEach(table -> gone.add("table %s is gone".formatted(table)));
    columns.stream()
        .filter(column -> !tables.contains(column.table()))
        .map(column -> "column %s of %s is gone".formatted(column.name(), column.table()))
        .forEach(gone::add);
    return List.copyOf(gone);
  }

  private static Set<String> tables(Catalogue catalogue) {
    Set<String> tables = new TreeSet<>();
    for (String entry : catalogue.entries()) {
      Matcher table = TABLE.matcher(entry);
      if (table.matches()) {
        tables.add(table.group(1));
      }
    }
    return tables;
  }

  private static Set<Column> columns(Catalogue catalogue) {
    Set<Column> columns = new TreeSet<>();
    for (String entry : catalogue.entries()) {
      Matcher column = COLUMN.matcher(entry);
      if (column.matches()) {
        columns.add(new Column(column.group(1), column.group(2)));
      }
    }
    return columns;
  }

  private record Column(String table, String name) implements Comparable<Column> {

    @Override
    public int compareTo(Column other) {
      int byTable = table.compareTo(other.table);
      return byTable != 0 ? byTable : name.compareTo(other.name);
    }
  }
}
