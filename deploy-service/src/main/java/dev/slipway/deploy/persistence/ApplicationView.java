package dev.slipway.deploy.persistence;

import dev.slipway.deploy.domain.Application;
import dev.slipway.deploy.domain.ApplicationStatus;
import org.jspecify.annotations.Nullable;

/// An application with how it stands.
///
/// @param reason    why it is not available, as far as that is known
/// @param named     whether its database has its name for good
/// @param operation the operation that has it now, or that it has failed with
public record ApplicationView(
    Application application,
    ApplicationStatus status,
    @Nullable String reason,
    boolean named,
    @Nullable String operation) {}
