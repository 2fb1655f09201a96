package dev.slipway.gateway.application;

import dev.slipway.common.contract.deploy.Route;
import io.vertx.core.net.SocketAddress;
import java.time.Duration;

/// One executor as the gateway sees it. Used on one event loop only.
final class Backend {

  private static final long ASIDE_NANOS = Duration.ofSeconds(1).toNanos();

  private final Route.Target target;
  private final SocketAddress address;
  private int exchanges;
  private int endless;
  private boolean refused;
  private long refusedAt;

  Backend(Route.Target target) {
    this.target = target;
    this.address = SocketAddress.inetSocketAddress(target.port(), target.host());
  }

  Route.Target target() {
    return target;
  }

  SocketAddress address() {
    return address;
  }

  /// How many requests it has at the moment.
  int exchanges() {
    return exchanges;
  }

  void began() {
    exchanges++;
  }

  void ended() {
    exchanges--;
  }

  /// How many requests it has that are going to be over, so that it is worth waiting for them.
  int awaited() {
    return exchanges - endless;
  }

  /// One of its requests turned out to go on for as long as the two ends like.
  void endlessBegan() {
    endless++;
  }

  /// One of those ended after all, see [#ended()].
  void endlessEnded() {
    endless--;
    ended();
  }

  /// It took no connection; it is asked again after a second.
  void setAside() {
    refused = true;
    refusedAt = System.nanoTime();
  }

  /// It took a connection.
  void answers() {
    refused = false;
  }

  boolean isAside() {
    return refused && System.nanoTime() - refusedAt < ASIDE_NANOS;
  }
}
