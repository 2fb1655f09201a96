package dev.slipway.deploy.operation;

import dev.slipway.common.driver.Endpoint;
import dev.slipway.common.operation.DriverFailure;
import dev.slipway.common.operation.Fence;
import dev.slipway.common.outbox.Json;
import dev.slipway.deploy.domain.Application;
import dev.slipway.deploy.domain.Blueprint;
import dev.slipway.deploy.domain.DatabaseAccess;
import dev.slipway.deploy.domain.Manifest;
import dev.slipway.deploy.domain.Version;
import dev.slipway.deploy.driver.ApplicationRuntime;
import dev.slipway.deploy.driver.VersionReference;
import java.time.Duration;
import org.jspecify.annotations.Nullable;

/// One version with all that a step needs to know of it, as the registers said when the step began.
///
/// @param attempts    how often the step was tried before
/// @param instance    where its databases are, or are to be
/// @param knownAccess absent until the databases were asked for
record Candidate(
    Fence fence,
    int attempts,
    Application application,
    Version version,
    String instance,
    @Nullable DatabaseAccess knownAccess) {

  private static final Duration LONGEST_PAUSE = Duration.ofMillis(500);

  VersionReference reference() {
    return new VersionReference(application.id(), version.id());
  }

  /// Whether its databases are to be on another instance than the application's are now.
  boolean moves() {
    return !instance.equals(application.instance());
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

  Blueprint.Surroundings surroundings(@Nullable String executor, ApplicationRuntime runtime)
      throws DriverFailure {
    DatabaseAccess access = access();
    var published = new Endpoint(access.host(), access.port());
    Endpoint database =
        access.linked() ? published : runtime.database(access.instance(), published);
    return new Blueprint.Surroundings(
        application,
        access,
        database.host(),
        database.port(),
        version.id(),
        manifest(),
        executor,
        runtime.certificateAuthority(reference()),
        runtime.trustedCertificates(reference()));
  }

  /// Short at first, so that what is quick is noticed quickly.
  Duration pause() {
    Duration pause = Duration.ofMillis(20L * (attempts + 1));
    return pause.compareTo(LONGEST_PAUSE) > 0 ? LONGEST_PAUSE : pause;
  }
}
