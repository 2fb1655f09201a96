package dev.slipway.deploy.domain;

import java.time.Instant;
import org.jspecify.annotations.Nullable;

/// One deployed archive of an application.
///
/// @param id        milliseconds since 1970 when it was accepted, as text; unique and rising in its
///     application
/// @param archive   SHA-256 of the archive, in lower-case hexadecimal
/// @param manifest  what was found in it, as the JSON of [Manifest]; absent until it was read
/// @param deployed  whether it has ever served
/// @param readyFor  the instance that its folder was made ready for, whose databases its
///     configuration names; absent while it is not ready
/// @param operation the last operation that worked on it
/// @param createdBy the user's name
public record Version(
    String application,
    String id,
    String archive,
    @Nullable String manifest,
    boolean deployed,
    @Nullable String readyFor,
    String operation,
    String createdBy,
    Instant createdAt) {}
