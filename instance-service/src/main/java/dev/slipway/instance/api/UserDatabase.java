package dev.slipway.instance.api;

import com.fasterxml.jackson.annotation.JsonInclude;
import com.fasterxml.jackson.annotation.JsonProperty;
import dev.slipway.instance.domain.Instance;
import dev.slipway.instance.domain.InstanceStatus;
import dev.slipway.instance.persistence.InstanceView;
import java.time.Instant;
import org.jspecify.annotations.Nullable;

/// An instance as the official command reads it (`UserDBInstance`), and a little more.
///
/// @param supabaseReference always present, null where there is none: the command asks for exactly
///                          that
/// @param reason            why it is unavailable or has failed
/// @param observedAt        when it was last looked at
/// @param operationId       the operation that has it now, or that failed to bring it into being
@JsonInclude(JsonInclude.Include.ALWAYS)
record UserDatabase(
    @JsonProperty("PostgresInstanceName") String name,
    @JsonProperty("Status") String status,
    @JsonProperty("HostName") String hostName,
    @JsonProperty("Port") int port,
    @JsonProperty("DatabaseUsername") String databaseUsername,
    @JsonProperty("DBOSAdminName") String administratorName,
    @JsonProperty("IsLinked") boolean linked,
    @JsonProperty("SupabaseReference") @Nullable String supabaseReference,
    @JsonProperty("ID") String id,
    @JsonProperty("CreatedAt") Instant createdAt,
    @JsonProperty("CreatedBy") String createdBy,
    @JsonProperty("Reason") @Nullable String reason,
    @JsonProperty("ObservedAt") @Nullable Instant observedAt,
    @JsonProperty("OperationID") @Nullable String operationId) {

  /// @param publicHost where the organization's clients find an instance that has no address yet
  static UserDatabase of(InstanceView view, String publicHost) {
    Instance instance = view.instance();
    String operation =
        view.activeOperation() == null && view.status() == InstanceStatus.FAILED
            ? instance.operation()
            : view.activeOperation();
    return new UserDatabase(
        instance.name(),
        view.status().word(),
        instance.host() == null ? publicHost : instance.host(),
        instance.port() == null ? 0 : instance.port(),
        instance.administrator(),
        instance.administrator(),
        instance.linked(),
        instance.supabaseReference(),
        instance.id(),
        instance.createdAt(),
        instance.createdBy(),
        view.cause() == null ? view.reason() : view.cause().message(),
        view.observedAt(),
        operation);
  }
}
