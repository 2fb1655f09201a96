package dev.slipway.common.driver;

import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.ServerSocket;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.stream.IntStream;
import java.util.stream.Stream;

/// The ports of this host that instances or executors may have.
///
/// @param host  under which clients reach them; has to be this host's
/// @param first lowest one; all are best below `ip_local_port_range`, where outgoing connections
///     do not take them
/// @param last  highest one
public record HostPorts(String host, int first, int last) {

  public HostPorts {
    if (first < 1 || last > 65535 || first > last) {
      throw new IllegalArgumentException("the range of ports is empty or not one of ports");
    }
  }

  /// For those who need two at once.
  public static HostPorts forPairs(String host, int first, int last) {
    if (first >= last) {
      throw new IllegalArgumentException("the range of ports has no two");
    }
    return new HostPorts(host, first, last);
  }

  /// Those on which nobody listens at this moment, lazily.
  public Stream<Endpoint> free() {
    return all().filter(endpoint -> isFree(endpoint.port()));
  }

  /// All of them, for those who cannot see whether somebody listens.
  public Stream<Endpoint> all() {
    List<Integer> ports = new ArrayList<>(IntStream.rangeClosed(first, last).boxed().toList());
    // Callers at the same moment start at different places, and a port just given up is not the
    // next one taken.
    Collections.shuffle(ports);
    return ports.stream().map(port -> new Endpoint(host, port));
  }

  /// Whether nobody listens there.
  public boolean isFree(int port) {
    try {
      for (InetAddress address : InetAddress.getAllByName(host)) {
        try (var socket = new ServerSocket()) {
          socket.setReuseAddress(true);
          socket.bind(new InetSocketAddress(address, port));
        }
      }
      return true;
    } catch (IOException e) {
      return false;
    }
  }

  /// The port in the name of a ledger row, `host:port`.
  public static int portOf(String name) {
    return Integer.parseInt(name.substring(name.lastIndexOf(':') + 1));
  }
}
