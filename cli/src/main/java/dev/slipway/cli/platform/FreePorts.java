package dev.slipway.cli.platform;

import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.ServerSocket;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.locks.LockSupport;

/// Loopback ports nobody listens on.
public final class FreePorts {

  private static final int LOOKS = 20;
  private static final long PAUSE_NANOS = 100_000_000;

  private FreePorts() {}

  /// Some that no platform has reserved, for a caller who listens there at once.
  public static List<Integer> find(int count) throws IOException {
    try (PortReservation reservation = new PortReservation()) {
      return reservation.choose(count);
    }
  }

  /// Whether nobody listens there now or in a moment: a process that was killed may have been taken
  /// for dead while the kernel still closes what it had.
  static boolean getsFree(int port) {
    for (int look = 0; !free(port); look++) {
      if (look == LOOKS) {
        return false;
      }
      LockSupport.parkNanos(PAUSE_NANOS);
    }
    return true;
  }

  static boolean free(int port) {
    return refusal(port).isEmpty();
  }

  /// Why this user cannot listen there now; empty when the port is free.
  static Optional<IOException> refusal(int port) {
    try (ServerSocket socket = new ServerSocket()) {
      socket.bind(new InetSocketAddress(InetAddress.getLoopbackAddress(), port));
      return Optional.empty();
    } catch (IOException refused) {
      return Optional.of(refused);
    }
  }
}
