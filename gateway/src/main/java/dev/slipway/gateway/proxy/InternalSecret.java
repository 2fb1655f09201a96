package dev.slipway.gateway.proxy;

import io.vertx.core.Future;
import io.vertx.core.Vertx;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Objects;
import org.jboss.logging.Logger;
import org.jspecify.annotations.Nullable;

/// Shows the services that it is a part of the platform who asks. Used on one event loop only.
public final class InternalSecret {

  /// Where it is shown.
  public static final String HEADER = "X-Slipway-Internal";

  private static final Logger LOG = Logger.getLogger(InternalSecret.class);

  private final Vertx vertx;
  private final Path file;
  private @Nullable String secret;

  /// @param file may appear later
  public InternalSecret(Vertx vertx, Path file) {
    this.vertx = vertx;
    this.file = file;
  }

  /// Read when it is first needed, since whoever makes the keys may start after the gateway.
  public Future<String> read() {
    if (secret != null) {
      return Future.succeededFuture(secret);
    }
    return vertx
        .<String>executeBlocking(() -> Files.readString(file).strip())
        .onFailure(notYet -> LOG.warnf("cannot read %s", file))
        .map(
            found -> {
              secret = found;
              return Objects.requireNonNull(found);
            });
  }
}
