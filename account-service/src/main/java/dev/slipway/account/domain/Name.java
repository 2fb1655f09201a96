package dev.slipway.account.domain;

import java.util.Set;
import java.util.function.Predicate;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;

/// The rule for names of identities, users and organizations.
///
/// There is no dash in them: host names of applications are `organization-application`, split at
/// the first one.
public final class Name {

  public static final String RULE = "must be 3 to 30 characters of a-z, 0-9 and _";
  public static final String RESERVED_RULE = "is a reserved name; choose another one";

  private static final int LONGEST = 30;
  private static final Pattern FORM = Pattern.compile("[a-z0-9_]{3,30}");

  /// Words that stand in paths where the name of an organization or user may stand, and those
  /// that belong to the platform.
  private static final Set<String> RESERVED =
      Set.of(
          "user",
          "users",
          "secret",
          "databases",
          "applications",
          "logs",
          "join",
          "dashboard",
          "organizations",
          "operations",
          "events",
          "audit",
          "postgres",
          "dbosadmin",
          "dbos",
          "admin",
          "slipway");

  private Name() {}

  /// Why this cannot be a name, or null when it can.
  public static @Nullable String problemWith(String name) {
    if (!FORM.matcher(name).matches()) {
      return RULE;
    }
    return RESERVED.contains(name) ? RESERVED_RULE : null;
  }

  /// The name itself when it is free, otherwise the first free of `name_2`, `name_3` …
  public static String firstFree(String name, Predicate<String> taken) {
    String candidate = name;
    for (int number = 2; taken.test(candidate) || RESERVED.contains(candidate); number++) {
      String suffix = "_" + number;
      candidate = name.substring(0, Math.min(name.length(), LONGEST - suffix.length())) + suffix;
    }
    return candidate;
  }
}
