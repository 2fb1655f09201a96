package dev.slipway.instance.driver.sql;

import dev.slipway.common.driver.Endpoint;
import java.io.IOException;
import java.net.InetSocketAddress;
import java.net.Socket;
import java.nio.ByteBuffer;

/// Asks what listens on an endpoint whether it is a Postgres that speaks TLS: eight bytes there and
/// one back, so that a server that starts is not kept from it by those who wait for it.
public final class ServerProbe {

  /// The protocol's SSLRequest: its length and its code.
  private static final byte[] SSL_REQUEST =
      ByteBuffer.allocate(8).putInt(8).putInt(80_877_103).array();

  private static final int PATIENCE_MILLIS = 1_000;

  private ServerProbe() {}

  /// Whether a sign-in is worth trying. A forwarder that has nobody to forward to takes a
  /// connection and closes it again.
  public static boolean answers(Endpoint endpoint) {
    try (var socket = new Socket()) {
      socket.setSoTimeout(PATIENCE_MILLIS);
      socket.connect(new InetSocketAddress(endpoint.host(), endpoint.port()), PATIENCE_MILLIS);
      socket.getOutputStream().write(SSL_REQUEST);
      return socket.getInputStream().read() == 'S';
    } catch (IOException notYet) {
      return false;
    }
  }
}
