package dev.slipway.instance.driver;

import java.io.IOException;
import java.io.InputStream;
import java.nio.charset.StandardCharsets;
import org.jspecify.annotations.Nullable;

/// The platform's settings of Postgres, the same on every driver that runs its own servers.
public final class ServerConfiguration {

  /// The file's name, as Postgres has it.
  public static final String FILE = "postgresql.conf";

  private ServerConfiguration() {}

  /// The file's text; of a setting that comes twice, Postgres takes the later one.
  public static String text() throws IOException {
    try (@Nullable InputStream stream = ServerConfiguration.class.getResourceAsStream(FILE)) {
      if (stream == null) {
        throw new IOException("the resource " + FILE + " is missing");
      }
      return new String(stream.readAllBytes(), StandardCharsets.UTF_8);
    }
  }
}
