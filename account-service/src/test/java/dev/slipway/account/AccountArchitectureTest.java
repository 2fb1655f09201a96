package dev.slipway.account;

import dev.slipway.common.architecture.ArchitectureTest;

/// The rules of the house on account-service.
final class AccountArchitectureTest extends ArchitectureTest {}
