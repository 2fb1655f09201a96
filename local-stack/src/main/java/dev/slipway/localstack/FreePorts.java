package dev.slipway.localstack;

import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.ServerSocket;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.ThreadLocalRandom;

/// Ports nobody listens on, below those the kernel gives to outgoing connections, which come and
/// go.
public final class FreePorts {

  private static final int LOWEST = 20000;
  private static final int END = 32768;

  private FreePorts() {}

  public static List<Integer> find(int count) throws IOException {
    List<ServerSocket> held = new ArrayList<>();
    try {
      // All are held until the last is found, so they differ. A random start keeps two searches
      // apart.
      for (int attempt = 0; held.size() < count && attempt < 1000; attempt++) {
        ServerSocket socket = new ServerSocket();
        held.add(socket);
        try {
          socket.setReuseAddress(true);
          socket.bind(
              new InetSocketAddress(
                  InetAddress.getLoopbackAddress(),
                  ThreadLocalRandom.current().nextInt(LOWEST, END)));
        } catch (IOException taken) {
          held.removeLast().close();
        }
      }
      if (held.size() < count) {
        throw new IOException("There are no free ports between " + LOWEST + " and " + END);
      }
      return held.stream().map(ServerSocket::getLocalPort).toList();
    } finally {
      for (ServerSocket socket : held) {
        socket.close();
      }
    }
  }
}
