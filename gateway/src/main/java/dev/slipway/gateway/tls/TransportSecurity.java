package dev.slipway.gateway.tls;

import io.netty.handler.ssl.OpenSsl;
import io.vertx.core.net.JdkSSLEngineOptions;
import io.vertx.core.net.OpenSSLEngineOptions;
import io.vertx.core.net.SSLEngineOptions;
import org.jboss.logging.Logger;

/// Who speaks TLS at the door.
///
/// BoringSSL does, since the JDK ends every handshake in which the client names a host that is none
/// to the letter of the standard, and names of organizations and applications may have underscores.
/// Where its library cannot be loaded, the JDK serves all other hosts.
public final class TransportSecurity {

  private static final Logger LOG = Logger.getLogger(TransportSecurity.class);

  private TransportSecurity() {}

  /// The engine of this machine.
  public static SSLEngineOptions engine() {
    if (OpenSsl.isAvailable() && OpenSSLEngineOptions.isAlpnAvailable()) {
      return new OpenSSLEngineOptions();
    }
    LOG.warnf(
        "hosts of applications with an underscore in them cannot be reached, since BoringSSL does"
            + " not run here: %s",
        OpenSsl.unavailabilityCause());
    return new JdkSSLEngineOptions();
  }
}
