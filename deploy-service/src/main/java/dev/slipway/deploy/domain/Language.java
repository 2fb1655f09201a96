package dev.slipway.deploy.domain;

/// What an application is written in; it decides how it is installed, built and started.
public enum Language {
  NODE,
  PYTHON,
  /// Whatever its own Dockerfile builds.
  OTHER
}
