package dev.slipway.deploy.database;

import com.fasterxml.jackson.annotation.JsonProperty;
import org.jspecify.annotations.Nullable;

/// A workflow as the SDK has stored it, in the names of SDK 2.10.24. What an older SDK does not
/// store is absent. Inputs, outputs and errors are the serialized text, as it is.
public record Workflow(
    @JsonProperty("workflow_id") String workflowId,
    @JsonProperty("status") @Nullable String status,
    @JsonProperty("workflow_name") @Nullable String workflowName,
    @JsonProperty("workflow_class_name") @Nullable String workflowClassName,
    @JsonProperty("workflow_config_name") @Nullable String workflowConfigName,
    @JsonProperty("queue_name") @Nullable String queueName,
    @JsonProperty("authenticated_user") @Nullable String authenticatedUser,
    @JsonProperty("assumed_role") @Nullable String assumedRole,
    @JsonProperty("authenticated_roles") @Nullable String authenticatedRoles,
    @JsonProperty("output") @Nullable String output,
    @JsonProperty("error") @Nullable String error,
    @JsonProperty("input") @Nullable String input,
    @JsonProperty("executor_id") @Nullable String executorId,
    @JsonProperty("app_version") @Nullable String appVersion,
    @JsonProperty("application_id") @Nullable String applicationId,
    @JsonProperty("recovery_attempts") @Nullable Long recoveryAttempts,
    @JsonProperty("created_at") @Nullable Long createdAt,
    @JsonProperty("updated_at") @Nullable Long updatedAt,
    @JsonProperty("timeout_ms") @Nullable Long timeoutMs,
    @JsonProperty("deadline_epoch_ms") @Nullable Long deadlineEpochMs) {}
