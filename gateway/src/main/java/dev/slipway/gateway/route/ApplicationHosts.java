package dev.slipway.gateway.route;

import java.util.Locale;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/// Tells the hosts of applications, `{organization}-{application}.{domain}`, from all others.
///
/// Read by hand, since names have underscores, which readers of host names refuse. Every other
/// host, the platform's own and addresses in numbers among them, is the platform's interface.
///
/// @param domain the host of the platform's own address, in small letters
public record ApplicationHosts(String domain) {

  public ApplicationHosts {
    domain = domain.toLowerCase(Locale.ROOT);
  }

  /// The host's first label, in small letters, when it is an application's.
  ///
  /// @param authority as in the header `Host`: with a port or without one
  public Optional<String> label(@Nullable String authority) {
    if (authority == null) {
      return Optional.empty();
    }
    String host = withoutPort(authority).toLowerCase(Locale.ROOT);
    if (host.endsWith(".")) {
      host = host.substring(0, host.length() - 1);
    }
    int length = host.length() - domain.length() - 1;
    if (length < 1 || host.charAt(length) != '.' || !host.endsWith(domain)) {
      return Optional.empty();
    }
    String label = host.substring(0, length);
    return label.indexOf('-') > 0 && label.indexOf('.') < 0 ? Optional.of(label) : Optional.empty();
  }

  /// The label of an application's host; names of organizations have no dash.
  public static String label(String organization, String application) {
    return (organization + '-' + application).toLowerCase(Locale.ROOT);
  }

  private static String withoutPort(String authority) {
    int colon = authority.lastIndexOf(':');
    if (colon < 0) {
      return authority;
    }
    for (int i = colon + 1; i < authority.length(); i++) {
      if (authority.charAt(i) < '0' || authority.charAt(i) > '9') {
        return authority;
      }
    }
    return authority.substring(0, colon);
  }
}
