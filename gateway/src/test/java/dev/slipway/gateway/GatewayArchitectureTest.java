package dev.slipway.gateway;

import dev.slipway.common.architecture.ArchitectureTest;

/// The rules of the house on the gateway.
final class GatewayArchitectureTest extends ArchitectureTest {}
