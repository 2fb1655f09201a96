package dev.slipway.common.contract.deploy;

import dev.slipway.common.outbox.Event;
import dev.slipway.common.outbox.EventType;
import java.util.List;
import org.jspecify.annotations.Nullable;

/// Who serves an application's host, told by deploy-service on a compacted topic, keyed by the
/// application: the last one counts, by revision.
///
/// The host is `{organizationName}-{name}.{domain}`; organization names contain no dash, so the
/// first dash divides the two.
///
/// @param application      `app_…`
/// @param organization     `org_…`
/// @param organizationName as of now; a renaming is a new revision
/// @param name             of the application
/// @param revision         rising for each application
/// @param version          that serves; absent while none does
/// @param executors        that requests go to; empty while none serves
/// @param removed          whether the application is gone, and its host with it
@EventType("slipway.deploy.route.v1")
public record Route(
    String application,
    String organization,
    String organizationName,
    String name,
    long revision,
    @Nullable String version,
    List<Target> executors,
    boolean removed)
    implements Event {

  /// The compacted topic they are told on.
  public static final String TOPIC = "slipway.deploy.route.v1";

  public Route {
    executors = List.copyOf(executors);
  }

  /// One executor.
  ///
  /// @param executor `exe_…`
  /// @param port     of the application itself; the admin port is nobody's but deploy-service's
  public record Target(String executor, String host, int port) {}
}
