package dev.slipway.cli.platform;

import java.io.IOException;
import java.net.DatagramSocket;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.SocketException;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ThreadLocalRandom;

/// Loopback ports that no other launcher of this machine chooses for as long as this is open, also
/// while what listens there has yet to start, or is started again.
///
/// A port is reserved by a UDP socket of the same number, which is in the way of nobody: nothing of
/// a platform speaks UDP. The kernel takes it back when its holder dies, in whatever way.
public final class PortReservation implements AutoCloseable {

  /// The lower ones are left to instances and executors, of this platform and others: what one of
  /// them takes while Kafka is being restarted is not there for Kafka any more.
  static final int LOWEST = 32000;

  /// Here begin those that the kernel gives to outgoing connections, which come and go.
  private static final int END = 32768;

  private static final int ATTEMPTS = 5000;

  private final Map<Integer, DatagramSocket> reserved = new HashMap<>();

  /// Whether the port is reserved here now; false when somebody else has reserved it.
  boolean reserve(int port) {
    if (reserved.containsKey(port)) {
      return true;
    }
    try {
      reserved.put(
          port, new DatagramSocket(new InetSocketAddress(InetAddress.getLoopbackAddress(), port)));
      return true;
    } catch (SocketException taken) {
      return false;
    }
  }

  /// Reserves some more, on which nobody listens.
  public List<Integer> choose(int count) throws IOException {
    List<Integer> chosen = new ArrayList<>();
    // A random one each time keeps two searches apart.
    for (int attempt = 0; chosen.size() < count; attempt++) {
      if (attempt == ATTEMPTS) {
        throw new IOException("there are no free ports between " + LOWEST + " and " + END);
      }
      int port = ThreadLocalRandom.current().nextInt(LOWEST, END);
      if (!reserved.containsKey(port) && reserve(port)) {
        if (FreePorts.free(port)) {
          chosen.add(port);
        } else {
          release(port);
        }
      }
    }
    return chosen;
  }

  private void release(int port) {
    try (DatagramSocket released = reserved.remove(port)) {
      assert released != null;
    }
  }

  @Override
  public void close() {
    reserved.values().forEach(DatagramSocket::close);
    reserved.clear();
  }
}
