package dev.slipway.deploy.api;

import com.fasterxml.jackson.annotation.JsonInclude;
import com.fasterxml.jackson.annotation.JsonProperty;
import dev.slipway.deploy.domain.Application;
import dev.slipway.deploy.persistence.ApplicationView;
import java.util.Objects;
import org.jspecify.annotations.Nullable;

/// An application as the official command reads it (`Application`), and a little more.
///
/// @param databaseName       empty before the first deploy, as its configuration may still name it;
///     the official command compares them
/// @param status            `AVAILABLE`, `DEPLOYING`, `DEPLOY_FAILED`, `UNAVAILABLE` or `DELETING`
/// @param version           that serves; empty when none does
/// @param executorsMemoryMib from the next deploy on
/// @param servingVersion    the same as `Version`, and null when none serves
/// @param minExecutors      from the next deploy on
/// @param reason            why it is not available
/// @param operationId       the operation that has it now, or that it has failed with
@JsonInclude(JsonInclude.Include.ALWAYS)
record ApplicationAnswer(
    @JsonProperty("Name") String name,
    @JsonProperty("ID") String id,
    @JsonProperty("PostgresInstanceName") String instanceName,
    @JsonProperty("ApplicationDatabaseName") String databaseName,
    @JsonProperty("Status") String status,
    @JsonProperty("Version") String version,
    @JsonProperty("AppURL") String url,
    @JsonProperty("ExecutorsMemoryMib") int executorsMemoryMib,
    @JsonProperty("MinExecutors") int minExecutors,
    @JsonProperty("ServingVersion") @Nullable String servingVersion,
    @JsonProperty("Reason") @Nullable String reason,
    @JsonProperty("OperationID") @Nullable String operationId) {

  static ApplicationAnswer of(ApplicationView view, String url) {
    Application application = view.application();
    return new ApplicationAnswer(
        application.name(),
        application.id(),
        application.instanceName(),
        view.named() ? application.database() : "",
        view.status().name(),
        Objects.requireNonNullElse(application.serving(), ""),
        url,
        application.memoryMib(),
        application.minimumExecutors(),
        application.serving(),
        view.reason(),
        view.operation());
  }
}
