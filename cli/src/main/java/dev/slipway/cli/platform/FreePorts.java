package dev.slipway.cli.platform;

import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.ServerSocket;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.ThreadLocalRandom;

/// Loopback ports nobody listens on, below those the kernel gives to outgoing connections, which
/// come and go.
public final class FreePorts {

  /// The lower ones are left to instances and executors, of this platform and others: what one of
  /// them takes while Kafka is being restarted is not there for Kafka any more.
  static final int LOWEST = 32000;

  private static final int END = 32768;

  private FreePorts() {}

  public static List<Integer> find(int count) throws IOException {
    List<ServerSocket> held = new ArrayList<>();
    try {
      // All are held until the last is found, so they differ. A random start keeps two searches
      // apart.
      for (int attempt = 0; held.size() < count && attempt < 2000; attempt++) {
        ServerSocket socket = new ServerSocket();
        held.add(socket);
        try {
          socket.bind(
              new InetSocketAddress(
                  InetAddress.getLoopbackAddress(),
                  ThreadLocalRandom.current().nextInt(LOWEST, END)));
        } catch (IOException taken) {
          held.removeLast().close();
        }
      }
      if (held.size() < count) {
        throw new IOException("there are no free ports between " + LOWEST + " and " + END);
      }
      return held.stream().map(ServerSocket::getLocalPort).toList();
    } finally {
      for (ServerSocket socket : held) {
        socket.close();
      }
    }
  }

  static boolean free(int port) {
    try (ServerSocket socket = new ServerSocket()) {
      socket.bind(new InetSocketAddress(InetAddress.getLoopbackAddress(), port));
      return true;
    } catch (IOException taken) {
      return false;
    }
  }
}
