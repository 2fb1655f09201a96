package dev.slipway.common.operation;

import org.jspecify.annotations.Nullable;

/// How a child operation ended, as its service told.
public record ChildEnd(String id, Outcome outcome, @Nullable Cause cause) {}
