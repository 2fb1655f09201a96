package dev.slipway.common.architecture.seeded.common.operation;

import dev.slipway.common.architecture.seeded.common.contract.MailEvent;

/// A kernel that knows a business word.
public record Kernel(MailEvent event) {}
