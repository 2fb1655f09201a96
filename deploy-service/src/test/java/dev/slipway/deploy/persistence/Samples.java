package dev.slipway.deploy.persistence;

import dev.slipway.common.id.Identifiers;
import dev.slipway.deploy.domain.Application;
import dev.slipway.deploy.domain.Executor;
import dev.slipway.deploy.domain.Language;
import java.time.Instant;
import java.time.temporal.ChronoUnit;

/// Applications and what belongs to them, for tests.
public final class Samples {

  private Samples() {}

  public static Application application(String organization, String name) {
    return application(organization, name, "ins_main", name.replace('-', '_'));
  }

  public static Application application(
      String organization, String name, String instance, String database) {
    return new Application(
        Identifiers.next("app"),
        organization,
        "acme",
        name,
        Language.NODE,
        instance,
        "main",
        database,
        512,
        1,
        null,
        0,
        "dop_sample",
        "anna",
        Instant.now().truncatedTo(ChronoUnit.MILLIS));
  }

  public static Executor executor(String application, String version, int port) {
    return new Executor(
        Identifiers.next("exe"),
        application,
        version,
        "127.0.0.1",
        port,
        port + 1,
        512,
        Executor.Duty.STARTING,
        Instant.now().truncatedTo(ChronoUnit.MILLIS),
        null,
        null,
        null);
  }
}
