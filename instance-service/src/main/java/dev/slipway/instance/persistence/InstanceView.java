package dev.slipway.instance.persistence;

import dev.slipway.common.operation.Cause;
import dev.slipway.instance.domain.Instance;
import dev.slipway.instance.domain.InstanceStatus;
import java.time.Instant;
import org.jspecify.annotations.Nullable;

/// An instance with how it stands.
///
/// @param cause      why it failed or is stuck
/// @param reason     what was seen when it was last seen down
/// @param observedAt when it was last looked at
/// @param activeOperation the operation that has it now
public record InstanceView(
    Instance instance,
    InstanceStatus status,
    @Nullable Cause cause,
    @Nullable String reason,
    @Nullable Instant observedAt,
    @Nullable String activeOperation) {}
