package dev.slipway.docker;

import dev.slipway.common.architecture.ArchitectureTest;

/// The rules of the house on what the drivers share.
final class DockerArchitectureTest extends ArchitectureTest {}
