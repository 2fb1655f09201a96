package dev.slipway.cli.system;

import static org.assertj.core.api.Assertions.assertThat;

import dev.slipway.cli.system.PlatformUnderTest.Result;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Map;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.Assertions;
import org.junit.jupiter.api.Assumptions;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.condition.EnabledIfEnvironmentVariable;

/// The application of [PythonIT], in containers of an image that is made for it.
///
/// Skipped where that cannot be made, or no index of packages is reached from a container, with the
/// reason; it fails where both are promised (`SLIPWAY_TEST_PYTHON=required`).
@EnabledIfEnvironmentVariable(
    named = "SLIPWAY_TEST_DOCKER_PYTHON",
    matches = "required",
    disabledReason = "it was not seen to pass yet; SLIPWAY_TEST_DOCKER_PYTHON=required runs it")
class DockerPythonIT {

  private static final String IMAGE = "slipway-test-python:bookworm";

  /// With what the base image trusts, which may be more than pip brings.
  private static final String DOCKERFILE =
      """
      FROM debian:bookworm-slim
      RUN apt-get update && \\
          apt-get install -y --no-install-recommends --no-upgrade python3 python3-venv ca-certificates
      ENV PIP_CERT=/etc/ssl/certs/ca-certificates.crt
      """;

  private static PlatformUnderTest platform;
  private static EngineFromOutside engine;

  @BeforeAll
  static void start() throws Exception {
    EngineFromOutside.requireImages("postgres:18", "debian:bookworm-slim");
    platform = PlatformUnderTest.another(Map.of("SLIPWAY_DOCKER_PYTHON_IMAGE", IMAGE));
    Path context = platform.workFolder("image");
    Files.writeString(context.resolve("Dockerfile"), DOCKERFILE);
    need(
        EngineFromOutside.docker("build", "-t", IMAGE, context.toString()),
        "no image with Python can be made");
    need(
        EngineFromOutside.docker(
            "run",
            "--rm",
            IMAGE,
            "sh",
            "-c",
            "python3 -m venv /probe && /probe/bin/pip download --no-input --retries=0 --no-deps -d /found alembic"),
        "no index of Python's packages is reached from a container");
    platform.slipway(platform.folder(), "up", "--detach", "--driver", "docker").succeeded();
    engine = EngineFromOutside.of(platform);
  }

  private static void need(Result result, String otherwise) {
    if (result.exitCode() == 0) {
      return;
    }
    String why = otherwise + ": " + result.err();
    if ("required".equals(System.getenv("SLIPWAY_TEST_PYTHON"))) {
      Assertions.fail(why);
    }
    Assumptions.abort(why);
  }

  @AfterAll
  static void removeContainers() throws Exception {
    if (engine != null) {
      engine.removeAll();
    }
    EngineFromOutside.docker("rmi", IMAGE);
  }

  @Test
  void itIsInstalledMigratedServedAndRolledBack() throws Exception {
    Path mine = platform.user("docksnakes");
    platform
        .slipway(mine, "db", "provision", "main", "-U", "owner_1", "--generate-password")
        .succeeded();
    Example application = Example.of(platform, mine, "docksnakes", PythonIT.FILES.resolve("first"));

    assertThat(PythonIT.goThrough(platform, mine, application)).isEqualTo("/app/.venv");
  }
}
