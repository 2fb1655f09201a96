package dev.slipway.deploy.operation;

import dev.slipway.common.operation.DriverFailure;
import dev.slipway.common.operation.Fence;
import dev.slipway.common.outbox.Json;
import dev.slipway.deploy.domain.Application;
import dev.slipway.deploy.domain.Blueprint;
import dev.slipway.deploy.domain.DatabaseAccess;
import dev.slipway.deploy.domain.Manifest;
import dev.slipway.deploy.domain.Version;
import dev.slipway.deploy.driver.VersionReference;
import java.time.Duration;
import org.jspecify.annotations.Nullable;

/// One version with all that a step needs to know of it, as the registers said when the step began.
///
/// @param attempts    how often the step was tried before
/// @param knownAccess absent until the databases were asked for
record Candidate(
    Fence fence,
    int attempts,
    Application application,
    Version version,
    @Nullable DatabaseAccess knownAccess) {

  private static final Duration LONGEST_PAUSE = Duration.ofMillis(500);

  VersionReference reference() {
    return new VersionReference(application.id(), version.id());
  }

  DatabaseAccess access() throws DriverFailure {
    if (knownAccess == null) {
      throw new DriverFailure.Permanent(
          "no-databases", "The databases of the application were never asked for");
    }
    return knownAccess;
  }

  Manifest manifest() throws DriverFailure {
    String text = version.manifest();
    if (text == null) {
      throw new DriverFailure.Permanent(
          "not-read", "Nothing is known of version %s".formatted(version.id()));
    }
    return Json.readStored(text, Manifest.class);
  }

  Blueprint.Surroundings surroundings(@Nullable String executor, String authority)
      throws DriverFailure {
    return new Blueprint.Surroundings(
        application, access(), version.id(), manifest(), executor, authority);
  }

  /// Short at first, so that what is quick is noticed quickly.
  Duration pause() {
    Duration pause = Duration.ofMillis(20L * (attempts + 1));
    return pause.compareTo(LONGEST_PAUSE) > 0 ? LONGEST_PAUSE : pause;
  }
}
