package dev.slipway.instance.driver;

import dev.slipway.common.driver.Endpoint;
import dev.slipway.instance.domain.Instance;
import java.util.Objects;
import java.util.Optional;

/// The server on which an application's databases are, and who administers it.
public sealed interface DatabaseLocation {

  /// A server of this platform.
  ///
  /// @param administrator the developer's role
  record Provisioned(InstanceSpecification specification, String administrator)
      implements DatabaseLocation {}

  /// Somebody else's server.
  ///
  /// @param role           the one the platform signs in with; no superuser is assumed
  /// @param sealedPassword encrypted with the installation's key
  record Linked(String instance, Endpoint endpoint, String role, String sealedPassword)
      implements DatabaseLocation {

    @Override
    public String toString() {
      return "Linked[" + instance + ' ' + endpoint + ']';
    }
  }

  /// Where an instance is; empty while it has no address.
  static Optional<DatabaseLocation> of(Instance instance) {
    if (instance.host() == null || instance.port() == null) {
      return Optional.empty();
    }
    var endpoint = new Endpoint(instance.host(), instance.port());
    return Optional.of(
        instance.linked()
            ? new Linked(
                instance.id(),
                endpoint,
                instance.administrator(),
                Objects.requireNonNull(instance.sealedPassword(), "a linked instance has one"))
            : new Provisioned(
                new InstanceSpecification(instance.id(), instance.organization(), endpoint),
                instance.administrator()));
  }
}
