package dev.slipway.instance.driver.process;

import java.nio.file.Path;
import java.time.Duration;

/// @param root           the driver's own folder, `data/instances`; made when it is not there
/// @param postgres       unpacked PostgreSQL: `bin`, `lib`, `share`
/// @param installation   identifier that everything made here carries
/// @param firstPort      lowest port given to an instance; all are best below
///     `ip_local_port_range`, where outgoing connections do not take them
/// @param lastPort       highest one
/// @param signInInterval how long a successful sign-in is believed while the server process lives
/// @param stopPatience   how long connected clients may delay an orderly stop
/// @param spares         how many copies of the template wait for an instance; each takes 24 MB of
///     disk
public record ProcessDriverSettings(
    Path root,
    Path postgres,
    String installation,
    int firstPort,
    int lastPort,
    Duration signInInterval,
    Duration stopPatience,
    int spares) {

  private static final int MOST_SPARES = 32;

  public ProcessDriverSettings {
    if (firstPort < 1 || lastPort > 65535 || firstPort > lastPort) {
      throw new IllegalArgumentException(
          "the range of instance ports is empty or not one of ports");
    }
    if (installation.isBlank() || installation.contains("\n")) {
      throw new IllegalArgumentException("an installation has an identifier");
    }
    if (spares < 0 || spares > MOST_SPARES) {
      throw new IllegalArgumentException("0 to %d spares can be kept".formatted(MOST_SPARES));
    }
  }

  /// The usual times, and no spares.
  public static ProcessDriverSettings of(
      Path root, Path postgres, String installation, int firstPort, int lastPort) {
    return new ProcessDriverSettings(
        root,
        postgres,
        installation,
        firstPort,
        lastPort,
        Duration.ofSeconds(15),
        Duration.ofSeconds(10),
        0);
  }

  public ProcessDriverSettings withSpares(int count) {
    return new ProcessDriverSettings(
        root, postgres, installation, firstPort, lastPort, signInInterval, stopPatience, count);
  }
}
