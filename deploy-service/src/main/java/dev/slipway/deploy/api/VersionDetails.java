package dev.slipway.deploy.api;

import com.fasterxml.jackson.annotation.JsonInclude;
import com.fasterxml.jackson.annotation.JsonProperty;
import dev.slipway.deploy.domain.Application;
import dev.slipway.deploy.domain.Executor;
import dev.slipway.deploy.domain.SchemaRecord;
import dev.slipway.deploy.domain.Version;
import java.time.Instant;
import java.util.List;
import org.jspecify.annotations.Nullable;

/// A version that is kept, those that never served included, with all that is known of it.
///
/// @param serving       whether requests go to it
/// @param draining      whether it was replaced and runs on, for workflows that began in it
/// @param deployed      whether it has ever served
/// @param schemaApplied whether its migrations are applied
/// @param migrated      whether they changed anything; null until they were run, and when they are
///     not applied
/// @param archive       SHA-256 of what was uploaded
/// @param operationId   the operation that brought it here
@JsonInclude(JsonInclude.Include.ALWAYS)
record VersionDetails(
    @JsonProperty("ApplicationName") String application,
    @JsonProperty("Version") String version,
    @JsonProperty("CreationTime") Instant createdAt,
    @JsonProperty("CreatedBy") String createdBy,
    @JsonProperty("Serving") boolean serving,
    @JsonProperty("Draining") boolean draining,
    @JsonProperty("Deployed") boolean deployed,
    @JsonProperty("SchemaApplied") boolean schemaApplied,
    @JsonProperty("Migrated") @Nullable Boolean migrated,
    @JsonProperty("Archive") String archive,
    @JsonProperty("OperationID") String operationId) {

  /// @param executors of the application
  static VersionDetails of(
      Application application, SchemaRecord record, Version version, List<Executor> executors) {
    return new VersionDetails(
        application.name(),
        version.id(),
        version.createdAt(),
        version.createdBy(),
        version.id().equals(application.serving()),
        executors.stream()
            .anyMatch(
                executor ->
                    executor.duty() == Executor.Duty.DRAINING
                        && executor.version().equals(version.id())),
        version.deployed(),
        record.contains(version.id()),
        record.changed(version.id()).orElse(null),
        version.archive(),
        version.operation());
  }
}
