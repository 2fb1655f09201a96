package dev.slipway.cli;

import dev.slipway.common.architecture.ArchitectureTest;

/// The rules of the house on the command.
final class CommandArchitectureTest extends ArchitectureTest {}
