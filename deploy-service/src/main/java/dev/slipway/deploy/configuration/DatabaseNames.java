package dev.slipway.deploy.configuration;

import java.util.Locale;
import java.util.Optional;
import java.util.Set;
import java.util.regex.Pattern;

/// The names of an application's databases, which are also that of its role.
public final class DatabaseNames {

  /// Postgres allows 63; the SDK's own database adds `_dbos_sys`.
  private static final int LONGEST = 63 - "_dbos_sys".length();

  private static final Pattern NAME = Pattern.compile("[a-z_][a-z0-9_]*");

  /// Databases and roles that every server has or that are the platform's, and words that Postgres
  /// takes for no role.
  private static final Set<String> RESERVED =
      Set.of("postgres", "template0", "template1", "slipway", "public", "none", "dbosadmin");

  private static final Set<String> RESERVED_BEGINNINGS = Set.of("pg_", "slipway_", "dbos_");

  private DatabaseNames() {}

  /// In lower case, `-` and spaces as `_`, an `_` before a leading digit.
  public static String derived(String application) {
    String name = application.toLowerCase(Locale.ROOT).replace('-', '_').replace(' ', '_');
    return !name.isEmpty() && name.charAt(0) >= '0' && name.charAt(0) <= '9' ? '_' + name : name;
  }

  /// What is wrong with a name, in public words; empty when it may be used.
  public static Optional<String> problem(String database) {
    if (!NAME.matcher(database).matches()) {
      return Optional.of(
          "a database's name has lower-case letters, digits and _, and begins with no digit");
    }
    if (database.length() > LONGEST) {
      return Optional.of("a database's name has at most %d characters".formatted(LONGEST));
    }
    if (RESERVED.contains(database)
        || RESERVED_BEGINNINGS.stream().anyMatch(database::startsWith)
        || database.endsWith("_dbos_sys")
        || database.endsWith("_dbos_prov")) {
      return Optional.of("the database name %s is reserved".formatted(database));
    }
    return Optional.empty();
  }
}
