package dev.slipway.common.contract.instance;

import dev.slipway.common.id.Identifiers;
import java.util.List;

/// What another service may ask instance-service to do with the databases of one application on one
/// instance. Their subject is that set of databases, so two applications' sets do not wait for each
/// other.
public final class DatabaseOperations {

  /// Where commands for instance-service are sent.
  public static final String TOPIC = "slipway.instance.command.v1";

  /// Of operation identifiers that other services choose for instance-service.
  public static final String PREFIX = "iop";

  /// The role and the databases exist, the role owns them and has this verifier.
  public static final String ENSURE = "databases.ensure";

  /// The databases are gone, and the role with them.
  public static final String DROP = "databases.drop";

  private DatabaseOperations() {}

  /// The subject: one application's databases on one instance, `dbs_…`.
  public static String subject(String instance, String application) {
    return Identifiers.derived("dbs", instance, application);
  }

  /// Input of [#ENSURE].
  ///
  /// @param instance    `ins_…`
  /// @param application `app_…`
  /// @param role        owner of the databases, one for each application: `app_…`
  /// @param verifier    of the role's password, as Postgres stores it; the password stays with the
  ///     asker
  /// @param databases   the application's own database first
  public record Ensure(
      String instance, String application, String role, String verifier, List<String> databases) {}

  /// Input of [#DROP].
  public record Drop(String instance, String application, String role, List<String> databases) {}
}
