package dev.slipway.deploy;

import dev.slipway.common.architecture.ArchitectureTest;

/// The rules of the house, here.
final class DeployArchitectureTest extends ArchitectureTest {}
