package dev.slipway.common.architecture.seeded.instance.domain;

/// Belongs to another service.
public record Instance(String name) {}
