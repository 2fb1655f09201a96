package dev.slipway.cli.api;

import java.nio.file.Path;
import java.sql.Connection;
import java.sql.DriverManager;
import java.sql.SQLException;
import java.util.Properties;

/// Connects to an instance as its owner would, over TLS with the platform's certificate authority.
public final class DatabaseConnection {

  private DatabaseConnection() {}

  public static Connection open(Databases.Database database, String password, Path authority)
      throws SQLException {
    return open(database, "postgres", password, authority);
  }

  /// @param name of the database on the instance
  public static Connection open(
      Databases.Database database, String name, String password, Path authority)
      throws SQLException {
    Properties properties = new Properties();
    properties.setProperty("user", database.user());
    properties.setProperty("password", password);
    properties.setProperty("sslmode", "verify-full");
    properties.setProperty("sslrootcert", authority.toString());
    properties.setProperty("connectTimeout", "10");
    properties.setProperty("socketTimeout", "20");
    properties.setProperty("ApplicationName", "slipway");
    return DriverManager.getConnection(
        "jdbc:postgresql://%s:%d/%s".formatted(database.host(), database.port(), name), properties);
  }
}
