package dev.slipway.common.operation;

/// The right to act on a subject: whoever acts shows it, and the driver refuses it once it has seen
/// a higher epoch.
///
/// @param subject what is acted on
/// @param epoch   raised by every claim, take-over and supersession of the subject
public record Fence(String subject, long epoch) {}
