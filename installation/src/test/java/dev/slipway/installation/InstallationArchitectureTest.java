package dev.slipway.installation;

import dev.slipway.common.architecture.ArchitectureTest;

/// The rules of the house, here.
final class InstallationArchitectureTest extends ArchitectureTest {}
