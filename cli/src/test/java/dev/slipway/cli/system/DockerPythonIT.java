package dev.slipway.cli.system;

import static org.assertj.core.api.Assertions.assertThat;

import dev.slipway.cli.system.PythonIT.Pip;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Map;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.parallel.ResourceLock;

/// The application of [PythonIT], in containers of an image that is made for it.
///
/// Skipped where that cannot be made, or no index of packages is reached, with the reason; it fails
/// where both are promised (`SLIPWAY_TEST_PYTHON=required`).
@InTurn(2)
@ResourceLock("the engine of containers")
class DockerPythonIT {

  private static final String IMAGE = "slipway-test-python:bookworm";

  /// Containers may reach no index, so the image has the packages; pip installs them from there.
  private static final String DOCKERFILE =
      """
      FROM debian:bookworm-slim
      RUN apt-get update && \\
          apt-get install -y --no-install-recommends --no-upgrade python3 python3-venv
      COPY packages /packages
      """;

  /// The base image's.
  private static final String PYTHON_VERSION = "3.11";

  private static PlatformUnderTest platform;
  private static EngineFromOutside engine;

  @BeforeAll
  static void start() throws Exception {
    EngineFromOutside.requireImages("postgres:18", "debian:bookworm-slim");
    platform =
        PlatformUnderTest.another(
            Map.of(
                "SLIPWAY_DOCKER_PYTHON_IMAGE", IMAGE,
                "PIP_NO_INDEX", "1",
                "PIP_FIND_LINKS", "/packages"));
    Path context = platform.workFolder("image");
    Files.writeString(context.resolve("Dockerfile"), DOCKERFILE);
    Pip.find(platform.workFolder("python-index"))
        .download(
            context.resolve("packages"),
            "--only-binary=:all:",
            "--python-version=" + PYTHON_VERSION,
            "--requirement=" + PythonIT.FILES.resolve("first/requirements.txt"));
    PythonIT.need(
        EngineFromOutside.docker("build", "-t", IMAGE, context.toString()),
        "no image with Python can be made");
    platform.slipway(platform.folder(), "up", "--detach", "--driver", "docker").succeeded();
    engine = EngineFromOutside.of(platform);
  }

  @AfterAll
  static void removeContainers() throws Exception {
    if (engine != null) {
      engine.removeAll();
    }
    if (platform != null) {
      platform.close();
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
