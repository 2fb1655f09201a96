package dev.slipway.deploy.driver.docker;

import dev.slipway.common.driver.HostPorts;
import dev.slipway.docker.Reach;
import java.nio.file.Path;
import org.jspecify.annotations.Nullable;

/// @param host         the engine's address, `unix://…` or `tcp://…`; empty for what `DOCKER_HOST`
///     says, or else the usual socket
/// @param installation identifier that everything made here carries
/// @param reach        how executors are reached
/// @param ports        those that executors may be published on
/// @param nodeImage    for applications in Node.js, as the public image `node` behaves
/// @param pythonImage  for those in Python, as the public image `python` behaves
/// @param directory    where logs are kept, in one folder for each application
/// @param authority    certificate of the authority that applications are to trust, copied into
///     each version; may appear later
/// @param machine      certificates of further authorities that this machine's programs trust;
///     applications in Node.js do too
/// @param cpus         how much of the processors a container may use; never more than there are
public record DockerRuntimeSettings(
    String host,
    String installation,
    Reach reach,
    HostPorts ports,
    String nodeImage,
    String pythonImage,
    Path directory,
    @Nullable Path authority,
    @Nullable Path machine,
    double cpus) {

  public DockerRuntimeSettings {
    if (installation.isBlank() || installation.contains("\n")) {
      throw new IllegalArgumentException("an installation has an identifier");
    }
    if (nodeImage.isBlank()) {
      throw new IllegalArgumentException("slipway.docker.node-image names no image");
    }
    if (pythonImage.isBlank()) {
      throw new IllegalArgumentException("slipway.docker.python-image names no image");
    }
    if (cpus <= 0) {
      throw new IllegalArgumentException("slipway.docker.application-cpus is not more than 0");
    }
  }
}
