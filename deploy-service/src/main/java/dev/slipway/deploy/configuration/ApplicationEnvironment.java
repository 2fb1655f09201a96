package dev.slipway.deploy.configuration;

import dev.slipway.deploy.domain.Manifest;
import java.util.Map;
import java.util.Set;

/// The environment variables of an application. What the platform must decide wins over the user's
/// secrets, those over `env:` of the configuration, that over the platform's suggestions (`PG*`).
///
/// @param application `app_…`
/// @param version     the identifier
/// @param url         public address, with scheme
/// @param secrets     of the user, decrypted
public record ApplicationEnvironment(
    String application,
    String version,
    String url,
    Manifest manifest,
    DatabaseLocation location,
    Map<String, String> secrets) {

  /// Where a runtime puts the certificate of the platform's authority, below a version's folder.
  public static final String AUTHORITY = ".slipway/ca.pem";

  public ApplicationEnvironment {
    secrets = Map.copyOf(secrets);
  }

  /// Of installs, builds, migrations.
  public Map<String, String> ofCommands() {
    throw new UnsupportedOperationException();
  }

  /// Of one executor.
  public Map<String, String> ofExecutor(String executor) {
    throw new UnsupportedOperationException();
  }

  /// What must never be seen in an output: the values of the secrets, the password of the role.
  public Set<String> masked() {
    throw new UnsupportedOperationException();
  }

  /// Says nothing of the secrets.
  @Override
  public String toString() {
    return "ApplicationEnvironment[" + application + ' ' + version + ']';
  }
}
