package dev.slipway.deploy.domain;

import java.time.Instant;
import org.jspecify.annotations.Nullable;

/// One application. How it stands is not part of it: that is derived, see [ApplicationStatus].
///
/// @param id               `app_…`, also the subject of its operations
/// @param organization     `org_…`, the key for everything it owns
/// @param organizationName a label that follows renamings, and the first part of the host
/// @param name             unique in its organization while it exists
/// @param instance         `ins_…`, where its databases are
/// @param instanceName     a label
/// @param database         name of its own database; that of the SDK is this with `_dbos_sys`
/// @param memoryMib        of each executor, from the next deploy on
/// @param minimumExecutors how many run, from the next deploy on
/// @param serving          the version that requests go to; absent while none does
/// @param routeRevision    of the last route told
/// @param operation        the operation that registered it
/// @param createdBy        the user's name
public record Application(
    String id,
    String organization,
    String organizationName,
    String name,
    Language language,
    String instance,
    String instanceName,
    String database,
    int memoryMib,
    int minimumExecutors,
    @Nullable String serving,
    long routeRevision,
    String operation,
    String createdBy,
    Instant createdAt) {

  /// The SDK's own database, beside the application's.
  public String systemDatabase() {
    return database + "_dbos_sys";
  }

  /// The role that owns both databases.
  public String role() {
    return database;
  }

  @Override
  public String toString() {
    return "Application[" + id + ' ' + name + ']';
  }
}
