package dev.slipway.cli.platform;

import java.io.IOException;
import java.net.HttpURLConnection;
import java.net.URI;
import java.util.List;

/// Asks a process over loopback whether it is ready.
///
/// The plain client of the JDK: it keeps no threads, and the launcher idles most of its life.
final class Health {

  private static final int PATIENCE_MILLIS = 3_000;

  private Health() {}

  static boolean ready(List<URI> addresses) {
    for (URI address : addresses) {
      int status = status(address);
      if (status != HttpURLConnection.HTTP_NOT_FOUND) {
        return status == HttpURLConnection.HTTP_OK;
      }
    }
    return false;
  }

  private static int status(URI address) {
    try {
      HttpURLConnection connection = (HttpURLConnection) address.toURL().openConnection();
      connection.setConnectTimeout(PATIENCE_MILLIS);
      connection.setReadTimeout(PATIENCE_MILLIS);
      try {
        return connection.getResponseCode();
      } finally {
        connection.disconnect();
      }
    } catch (IOException silent) {
      return 0;
    }
  }
}
