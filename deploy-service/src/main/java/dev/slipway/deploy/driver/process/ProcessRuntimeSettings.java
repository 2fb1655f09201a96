package dev.slipway.deploy.driver.process;

import java.nio.file.Path;
import org.jspecify.annotations.Nullable;

/// @param root         the runtime's own folder, `data/applications`; made when it is not there
/// @param installation identifier that everything made here carries
/// @param authority    certificate of the authority that applications are to trust, copied into
///     each version; may appear later
/// @param machine      certificates of further authorities that this machine's programs trust;
///     applications in Node.js do too
/// @param firstPort    lowest port given to an executor; all are best below `ip_local_port_range`,
///     where outgoing connections do not take them
/// @param lastPort     highest one
/// @param trusted      whether applications may run where nothing keeps them from the platform
public record ProcessRuntimeSettings(
    Path root,
    String installation,
    @Nullable Path authority,
    @Nullable Path machine,
    int firstPort,
    int lastPort,
    boolean trusted) {

  public ProcessRuntimeSettings {
    if (installation.isBlank() || installation.contains("\n")) {
      throw new IllegalArgumentException("an installation has an identifier");
    }
  }
}
