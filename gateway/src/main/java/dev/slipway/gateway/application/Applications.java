package dev.slipway.gateway.application;

import dev.slipway.gateway.exchange.Exchange;
import dev.slipway.gateway.exchange.Refusal;
import dev.slipway.gateway.proxy.InternalSecret;
import dev.slipway.gateway.proxy.Upstreams;
import dev.slipway.gateway.route.ApplicationHosts;
import io.vertx.core.Context;
import io.vertx.core.Future;
import io.vertx.core.Vertx;
import io.vertx.core.http.HttpServerRequest;
import io.vertx.core.http.HttpVersion;
import io.vertx.core.net.HostAndPort;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Optional;
import org.jboss.logging.Logger;
import org.jspecify.annotations.Nullable;

/// The applications behind the door: their route table, what fills it and what uses it.
///
/// Made and used on the door's event loop; [#serves] may be asked and [#close] called on any
/// thread.
public final class Applications implements AutoCloseable {

  private static final Logger LOG = Logger.getLogger(Applications.class);

  private final RouteTable table = new RouteTable();
  private final ApplicationHosts hosts;
  private @Nullable ApplicationForwarding forwarding;
  private volatile @Nullable RouteFeed feed;

  public Applications(ApplicationHosts hosts) {
    this.hosts = hosts;
  }

  /// What may be set about them.
  ///
  /// @param snapshot      keeps the routes over a restart
  /// @param connections   to one executor
  /// @param drainPatience how long requests under way to executors that were left are waited for
  public record Settings(
      Path snapshot,
      int connections,
      ApplicationForwarding.Patience patience,
      Duration drainPatience) {}

  /// Begins to serve what is known, to follow what is told, and to tell how far it is.
  public void begin(
      Vertx vertx,
      Settings settings,
      KafkaConnection kafka,
      Upstreams upstreams,
      InternalSecret secret) {
    forwarding =
        new ApplicationForwarding(vertx, table, settings.connections(), settings.patience());
    var snapshot = new RouteSnapshot(vertx, settings.snapshot(), table);
    snapshot.restore();
    snapshot.follow();
    new Acknowledgements(vertx, table, upstreams, secret, settings.drainPatience()).begin();
    if (kafka.isKnown()) {
      Context here = vertx.getOrCreateContext();
      var following =
          new RouteFeed(kafka.settings(), route -> here.runOnContext(there -> table.apply(route)));
      feed = following;
      following.start();
    } else {
      LOG.info("no routes are followed, since kafka.bootstrap.servers is not set");
    }
  }

  /// The routes.
  public RouteTable table() {
    return table;
  }

  /// Whether there is an application at this host.
  public boolean serves(String host) {
    return hosts.label(host).filter(table::knows).isPresent();
  }

  /// Forwards a request to an application's host, whose body has not been read.
  ///
  /// @return nothing when the host is no application's; fails with a [Refusal]
  public Optional<Future<Void>> forward(Exchange exchange) {
    String authority = authority(exchange.request());
    Optional<String> label = hosts.label(authority);
    if (label.isEmpty() || authority == null || forwarding == null) {
      return Optional.empty();
    }
    try {
      return Optional.of(forwarding.forward(exchange, authority, label.get()));
    } catch (Refusal refused) {
      return Optional.of(Future.failedFuture(refused));
    }
  }

  private static @Nullable String authority(HttpServerRequest request) {
    String host = request.getHeader("Host");
    if (request.version() != HttpVersion.HTTP_2) {
      return host;
    }
    HostAndPort authority = request.authority();
    if (authority == null) {
      return host;
    }
    return authority.port() < 0 ? authority.host() : authority.host() + ':' + authority.port();
  }

  @Override
  public void close() {
    RouteFeed following = feed;
    if (following != null) {
      following.close();
    }
  }
}
