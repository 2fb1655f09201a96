package dev.slipway.common.linked;

import java.sql.Connection;
import java.sql.DriverManager;
import java.sql.SQLException;
import java.util.Objects;
import java.util.Properties;

/// Signs in to servers that somebody else runs.
public final class LinkedServers {

  private static final String REFUSED_BY_RULE = "28000";

  private LinkedServers() {}

  /// With TLS where the server offers it, and without where it lets the role in only so.
  ///
  /// @param properties of the PostgreSQL driver, with `loginTimeout`
  /// @param most       bytes that the rows of a statement may take, and all else together
  public static Connection open(
      String host, int port, String database, Properties properties, int most) throws SQLException {
    // A host is a name or an address and nothing that could add to the URL.
    String address = host.contains(":") ? "[" + host + "]" : host;
    String url = "jdbc:postgresql://%s:%d/%s".formatted(address, port, database);
    try {
      return open(url, properties, most, true);
    } catch (SQLException refused) {
      if (!REFUSED_BY_RULE.equals(refused.getSQLState())) {
        throw refused;
      }
      try {
        return open(url, properties, most, false);
      } catch (SQLException again) {
        refused.addSuppressed(again);
        throw refused;
      }
    }
  }

  private static Connection open(String url, Properties properties, int most, boolean tls)
      throws SQLException {
    Properties all = new Properties();
    all.putAll(properties);
    // The socket does that.
    all.setProperty("sslmode", "disable");
    all.setProperty("gssEncMode", "disable");
    all.setProperty("socketFactory", LinkedSockets.class.getName());
    // Then nothing but the end of the sign-in is read before the connection is there.
    all.setProperty("assumeMinServerVersion", "12");
    int seconds = Integer.parseInt(Objects.requireNonNull(properties.getProperty("loginTimeout")));
    all.setProperty("socketFactoryArg", LinkedSockets.argument(tls, most, seconds));
    return DriverManager.getConnection(url, all);
  }
}
