package dev.slipway.common.architecture;

/// The rules of the house on what every service shares.
final class CommonArchitectureTest extends ArchitectureTest {}
