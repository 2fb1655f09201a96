package dev.slipway.instance;

import dev.slipway.common.architecture.ArchitectureTest;

/// The rules of the house on instance-service.
final class InstanceArchitectureTest extends ArchitectureTest {}
