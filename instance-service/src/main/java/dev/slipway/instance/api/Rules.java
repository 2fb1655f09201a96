package dev.slipway.instance.api;

/// What names and passwords may be, in the words of the answer.
final class Rules {

  static final String NAME = "[a-z0-9_]{3,16}";
  static final String NAME_MESSAGE = "must be 3 to 16 characters of a-z, 0-9 and _";

  static final String ROLE =
      "(?!(postgres|dbosadmin|dbos|admin|slipway|public|none)$)(?!pg_)[a-z][a-z0-9_]{2,15}";
  static final String ROLE_MESSAGE =
      "must be 3 to 16 characters of a-z, 0-9 and _, start with a letter, and not be reserved"
          + " (postgres, dbosadmin, dbos, admin, slipway, public, none, pg_…)";

  static final String INSTANCE = "(?!(postgres|dbosadmin|dbos|admin|slipway)$)" + NAME;
  static final String INSTANCE_MESSAGE =
      NAME_MESSAGE + " and not be reserved (postgres, dbosadmin, dbos, admin, slipway)";

  // The official command refuses these characters, because they break connection URLs.
  static final String PASSWORD = "[^/\"@'\\\\\\s\\p{Cntrl}]{8,128}";
  static final String PASSWORD_MESSAGE =
      "must be 8 to 128 characters without white space and without / \" @ ' \\";

  static final String HOST = "[A-Za-z0-9]([A-Za-z0-9._-]{0,251}[A-Za-z0-9])?|[0-9a-fA-F:]{2,39}";
  static final String HOST_MESSAGE = "must be a host name or an address";

  static final String LINKED_ROLE = "[A-Za-z_][A-Za-z0-9_$.-]{0,62}";
  static final String LINKED_ROLE_MESSAGE = "must be the name of a role of at most 63 characters";

  // With `postgres.` before it, it is the name of a role.
  static final String SUPABASE = "[A-Za-z0-9_-]{1,54}";
  static final String SUPABASE_MESSAGE =
      "must be the reference of a Supabase project: at most 54 characters of A-Z, a-z, 0-9, _ and -";

  private Rules() {}
}
