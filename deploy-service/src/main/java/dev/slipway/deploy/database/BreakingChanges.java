package dev.slipway.deploy.database;

import dev.slipway.deploy.domain.ApplicationDatabases.Catalogue;
import java.util.List;

/// What a migration took away from the code that still runs.
public final class BreakingChanges {

  private BreakingChanges() {}

  /// Tables and columns that were there before and are not any more, renamed ones included, in
  /// words: `column email of public.users is gone`.
  public static List<String> between(Catalogue before, Catalogue after) {
    throw new UnsupportedOperationException();
  }
}
