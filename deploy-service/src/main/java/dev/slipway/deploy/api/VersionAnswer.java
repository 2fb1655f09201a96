package dev.slipway.deploy.api;

import com.fasterxml.jackson.annotation.JsonProperty;
import dev.slipway.deploy.domain.Application;
import dev.slipway.deploy.domain.Version;
import java.time.Instant;

/// A version that has served, as the official command reads it.
record VersionAnswer(
    @JsonProperty("ApplicationName") String application,
    @JsonProperty("Version") String version,
    @JsonProperty("CreationTime") Instant createdAt) {

  static VersionAnswer of(Application application, Version version) {
    return new VersionAnswer(application.name(), version.id(), version.createdAt());
  }
}
