package dev.slipway.deploy.database;

import dev.slipway.common.crypto.InstallationKeys;
import dev.slipway.common.operation.DriverFailure;
import dev.slipway.deploy.domain.ApplicationDatabases;
import dev.slipway.deploy.domain.DatabaseAccess;
import jakarta.inject.Inject;
import jakarta.inject.Singleton;
import java.nio.file.Path;
import org.eclipse.microprofile.config.inject.ConfigProperty;

/// Applications' databases over JDBC, as the application's own role.
@Singleton
public final class JdbcApplicationDatabases implements ApplicationDatabases {

  @Inject
  public JdbcApplicationDatabases(
      InstallationKeys keys, @ConfigProperty(name = "slipway.ca.directory") Path authority) {}

  @Override
  public Held lock(DatabaseAccess access, String database)
      throws DriverFailure, InterruptedException {
    throw new UnsupportedOperationException();
  }

  @Override
  public long activeWorkflows(DatabaseAccess access, String systemDatabase, String version)
      throws DriverFailure {
    throw new UnsupportedOperationException();
  }
}
