package dev.slipway.instance.driver.docker;

import dev.slipway.common.driver.HostPorts;
import dev.slipway.docker.Reach;
import java.time.Duration;

/// @param host           the engine's address, `unix://…` or `tcp://…`; empty for what
///     `DOCKER_HOST` says, or else the usual socket
/// @param image          Postgres 18 or newer, as the public image `postgres` behaves
/// @param installation   identifier that everything made here carries
/// @param publishAddress the address of the engine's host on which instances answer
/// @param ports          those that instances may have
/// @param memory         bytes an instance may use
/// @param cpus           how much of the processors an instance may use; never more than there are
/// @param reach          how the platform reaches instances; their clients use the published ports
/// @param signInInterval how long a successful sign-in is believed while the server lives
/// @param stopPatience   how long connected clients may delay an orderly stop
public record DockerDriverSettings(
    String host,
    String image,
    String installation,
    String publishAddress,
    HostPorts ports,
    long memory,
    double cpus,
    Reach reach,
    Duration signInInterval,
    Duration stopPatience) {

  private static final long LEAST_MEMORY = 64L << 20;

  public DockerDriverSettings {
    if (installation.isBlank() || installation.contains("\n")) {
      throw new IllegalArgumentException("an installation has an identifier");
    }
    if (image.isBlank()) {
      throw new IllegalArgumentException("slipway.docker.image names no image");
    }
    if (memory < LEAST_MEMORY) {
      throw new IllegalArgumentException("slipway.docker.memory is less than 64 MB");
    }
    if (cpus <= 0) {
      throw new IllegalArgumentException("slipway.docker.cpus is not more than 0");
    }
  }

  /// The usual times.
  public static DockerDriverSettings of(
      String host,
      String image,
      String installation,
      String publishAddress,
      HostPorts ports,
      long memory,
      double cpus,
      Reach reach) {
    return new DockerDriverSettings(
        host,
        image,
        installation,
        publishAddress,
        ports,
        memory,
        cpus,
        reach,
        Duration.ofSeconds(15),
        Duration.ofSeconds(10));
  }
}
