package dev.slipway.common.architecture.seeded.common.contract;

/// A business word.
public record MailEvent(String to) {}
