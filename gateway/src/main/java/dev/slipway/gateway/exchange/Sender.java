package dev.slipway.gateway.exchange;

import io.vertx.core.net.SocketAddress;
import java.util.List;

/// Who sends, as far as an address tells.
public final class Sender {

  private Sender() {}

  /// One who has an address of version 6 has the 2^64 around it.
  public static String of(SocketAddress remote) {
    String address = remote.hostAddress();
    if (address.indexOf(':') < 0) {
      return address;
    }
    String[] groups = address.split(":", -1);
    return groups.length == 8 ? String.join(":", List.of(groups).subList(0, 4)) + "::/64" : address;
  }
}
