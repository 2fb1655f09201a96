package dev.slipway.common.network;

import io.smallrye.config.ConfigSourceContext;
import io.smallrye.config.ConfigSourceFactory;
import io.smallrye.config.ConfigValue;
import io.smallrye.config.PropertiesConfigSource;
import java.net.InetAddress;
import java.net.NetworkInterface;
import java.net.SocketException;
import java.net.UnknownHostException;
import java.util.List;
import java.util.Map;
import org.eclipse.microprofile.config.spi.ConfigSource;

/// Finds the address a service listens on by the name the others call it: `slipway.http.name`.
///
/// In containers a service joins the networks of organizations to reach what is theirs, and nobody
/// there has any business with it. The name is known in the platform's own network only, so what
/// it stands for is the one address to listen on. Without a name nothing is decided here.
public final class OwnAddress implements ConfigSourceFactory {

  static final String NAME = "slipway.http.name";
  static final String HOST = "quarkus.http.host";

  /// More than what is built in, less than what the environment says.
  private static final int ORDINAL = 275;

  @Override
  public Iterable<ConfigSource> getConfigSources(ConfigSourceContext context) {
    ConfigValue name = context.getValue(NAME);
    if (name == null || name.getValue() == null || name.getValue().isBlank()) {
      return List.of();
    }
    return List.of(
        new PropertiesConfigSource(
            Map.of(HOST, of(name.getValue().strip())), "address of " + NAME, ORDINAL));
  }

  /// The address of this machine that a name stands for; replicas share names.
  ///
  /// @throws IllegalStateException when it stands for none of this machine's
  private static String of(String name) {
    try {
      for (InetAddress address : InetAddress.getAllByName(name)) {
        if (NetworkInterface.getByInetAddress(address) != null) {
          return address.getHostAddress();
        }
      }
    } catch (UnknownHostException | SocketException unknown) {
      throw new IllegalStateException("%s: nobody is called %s".formatted(NAME, name), unknown);
    }
    throw new IllegalStateException("%s: %s is not this machine".formatted(NAME, name));
  }
}
