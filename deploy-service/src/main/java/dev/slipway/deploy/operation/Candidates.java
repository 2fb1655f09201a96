package dev.slipway.deploy.operation;

import dev.slipway.common.operation.DriverFailure;
import dev.slipway.common.operation.Fence;
import dev.slipway.common.operation.StepContext;
import dev.slipway.deploy.domain.Application;
import dev.slipway.deploy.domain.Applications;
import dev.slipway.deploy.domain.DatabaseAccesses;
import dev.slipway.deploy.domain.Version;
import dev.slipway.deploy.domain.Versions;
import jakarta.inject.Inject;
import jakarta.inject.Singleton;

/// Looks up what a step works on.
@Singleton
final class Candidates {

  private final Applications applications;
  private final Versions versions;
  private final DatabaseAccesses accesses;

  @Inject
  Candidates(Applications applications, Versions versions, DatabaseAccesses accesses) {
    this.applications = applications;
    this.versions = versions;
    this.accesses = accesses;
  }

  Application application(Fence fence) throws DriverFailure {
    return applications
        .byId(fence.subject())
        .orElseThrow(
            () -> new DriverFailure.Permanent("application-gone", "The application is no more"));
  }

  /// A version where its application's databases are now.
  Candidate at(StepContext<?, ?> context, String version) throws DriverFailure {
    Application application = application(context.fence());
    return of(context, application, version, application.instance());
  }

  /// A version where its application's databases are to be.
  Candidate at(StepContext<?, ?> context, String version, String instance) throws DriverFailure {
    return of(context, application(context.fence()), version, instance);
  }

  private Candidate of(
      StepContext<?, ?> context, Application application, String version, String instance)
      throws DriverFailure {
    Version found =
        versions
            .find(application.id(), version)
            .orElseThrow(
                () ->
                    new DriverFailure.Permanent(
                        "version-not-found", "There is no version %s".formatted(version)));
    return new Candidate(
        context.fence(),
        context.attempts(),
        application,
        found,
        instance,
        accesses.find(application.id(), instance).orElse(null));
  }
}
