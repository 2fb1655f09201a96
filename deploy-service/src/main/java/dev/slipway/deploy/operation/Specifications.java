package dev.slipway.deploy.operation;

import dev.slipway.common.crypto.InstallationKeys;
import dev.slipway.common.driver.Endpoint;
import dev.slipway.common.operation.DriverFailure;
import dev.slipway.deploy.domain.Blueprint;
import dev.slipway.deploy.domain.Executor;
import dev.slipway.deploy.domain.Manifest;
import dev.slipway.deploy.driver.ApplicationRuntime;
import dev.slipway.deploy.driver.CommandSpecification;
import dev.slipway.deploy.driver.ExecutorSpecification;
import dev.slipway.deploy.driver.VersionReference;
import jakarta.inject.Inject;
import jakarta.inject.Singleton;
import java.util.List;
import java.util.Map;
import java.util.Set;

/// Says to the runtime what to run. Environments are composed at each call and kept nowhere.
@Singleton
public final class Specifications {

  /// Whoever talks to an executor's admin port shows what is derived for this purpose.
  public static final String ADMIN_PURPOSE = "admin port of an executor";

  /// Commands build, so they may use more than the application itself.
  private static final int LEAST_BUILD_MEMORY = 2048;

  private final ApplicationRuntime runtime;
  private final Blueprint blueprint;
  private final InstallationKeys keys;

  @Inject
  public Specifications(ApplicationRuntime runtime, Blueprint blueprint, InstallationKeys keys) {
    this.runtime = runtime;
    this.blueprint = blueprint;
    this.keys = keys;
  }

  CommandSpecification command(Candidate candidate, Blueprint.Run run) throws DriverFailure {
    Blueprint.Environment environment =
        blueprint.environment(candidate.surroundings(null, runtime));
    return new CommandSpecification(
        candidate.reference(),
        run.word(),
        blueprint.commands(run, candidate.manifest()),
        environment.variables(),
        environment.secrets(),
        Math.max(LEAST_BUILD_MEMORY, candidate.application().memoryMib()),
        true);
  }

  /// What nobody may read in an output.
  Set<String> secrets(Candidate candidate) throws DriverFailure {
    return blueprint.environment(candidate.surroundings(null, runtime)).secrets();
  }

  ExecutorSpecification executor(Candidate candidate, Standing.Placement placement, int memoryMib)
      throws DriverFailure {
    Manifest manifest = candidate.manifest();
    Blueprint.Environment environment =
        blueprint.environment(candidate.surroundings(placement.executor(), runtime));
    return new ExecutorSpecification(
        candidate.reference(),
        placement.executor(),
        new Endpoint(placement.host(), placement.port()),
        new Endpoint(placement.host(), placement.adminPort()),
        blueprint.start(manifest),
        environment.variables(),
        environment.secrets(),
        memoryMib,
        adminToken(placement.executor()),
        manifest.healthOnAdmin());
  }

  /// Enough to look at an executor and to name what it is in the ledger; nothing to start it with.
  static ExecutorSpecification outline(
      VersionReference version, Standing.Placement placement, String token, boolean adminHealth) {
    return new ExecutorSpecification(
        version,
        placement.executor(),
        new Endpoint(placement.host(), placement.port()),
        new Endpoint(placement.host(), placement.adminPort()),
        List.of(),
        Map.of(),
        Set.of(),
        0,
        token,
        adminHealth);
  }

  /// Enough to look at an executor.
  public ExecutorSpecification toObserve(Executor executor, boolean adminHealth) {
    return outline(
        new VersionReference(executor.application(), executor.version()),
        placement(executor),
        adminToken(executor.id()),
        adminHealth);
  }

  static Standing.Placement placement(Executor executor) {
    return new Standing.Placement(
        executor.id(), executor.host(), executor.port(), executor.adminPort());
  }

  String adminToken(String executor) {
    return String.valueOf(keys.derive(ADMIN_PURPOSE, executor));
  }
}
