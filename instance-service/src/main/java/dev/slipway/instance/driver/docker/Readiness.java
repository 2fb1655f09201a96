package dev.slipway.instance.driver.docker;

import dev.slipway.common.operation.DriverFailure;
import dev.slipway.docker.Claims;
import dev.slipway.docker.Engine;
import dev.slipway.docker.Engine.Seen;
import dev.slipway.docker.Turns.Turn;
import dev.slipway.instance.driver.InstanceSpecification;
import dev.slipway.instance.driver.sql.ServerLog;
import dev.slipway.instance.driver.sql.ServerProbe;
import dev.slipway.instance.driver.sql.ServerSessions;
import java.io.IOException;
import java.nio.file.Path;
import java.time.Duration;
import java.time.InstantSource;

/// Waits until a server that was started lets the platform in, and tells why one does not.
///
/// @param engine   where it runs
/// @param claims   which container is meant
/// @param sessions sign in to it
/// @param clock    says when
record Readiness(Engine engine, Claims claims, ServerSessions sessions, InstantSource clock) {

  private static final Duration LONGEST_START = Duration.ofSeconds(90);
  private static final Duration LOOK = Duration.ofMillis(250);
  private static final Duration NEXT_TRY = Duration.ofMillis(25);
  private static final int LAST_LINES = 40;

  void await(Turn turn, InstanceSpecification specification)
      throws DriverFailure, InterruptedException {
    long began = System.nanoTime();
    long looked = began;
    while (true) {
      if (ServerProbe.answers(sessions.reached(specification))
          && sessions.trySignIn(specification, clock.instant()).isUp()) {
        // What answers there has to be this container, and not a stranger on its port.
        requireRunning(turn);
        return;
      }
      long now = System.nanoTime();
      if (now - looked > LOOK.toNanos()) {
        looked = now;
        turn.check();
        requireRunning(turn);
      }
      if (now - began > LONGEST_START.toNanos()) {
        throw new DriverFailure.Transient("starting", "the instance is still recovering");
      }
      Thread.sleep(NEXT_TRY);
    }
  }

  private void requireRunning(Turn turn) throws DriverFailure, InterruptedException {
    Seen container = engine.inspect(claims.container(turn)).orElse(null);
    if (container == null) {
      throw claims.vanished(turn);
    }
    if (!container.running()) {
      throw failure(container);
    }
  }

  private DriverFailure failure(Seen container) throws DriverFailure, InterruptedException {
    if (container.outOfMemory()) {
      return new DriverFailure.Permanent(
          "server-failed",
          "PostgreSQL does not start in the memory it may use: raise slipway.docker.memory");
    }
    var log = new ServerLog(engine.log(container.id(), container.started(), LAST_LINES));
    var context = new IOException("the server wrote: " + String.join("\n", log.lines()));
    if (container.exitCode() == ServerFiles.DISK_FULL
        || log.lines().stream().anyMatch(line -> line.contains("No space left on device"))) {
      return new DriverFailure.Permanent(
          "disk-full", "no space is left on the disk for this instance", context);
    }
    // 128 and more: ended by a signal, which is nobody's mistake in the settings.
    if (container.exitCode() > 0 && container.exitCode() < 128) {
      return new DriverFailure.Permanent(
          "server-failed",
          "PostgreSQL does not start: " + log.lastWords(Path.of(ServerFiles.HOME)),
          context);
    }
    return new DriverFailure.Transient(
        "server-died", "PostgreSQL was killed while it started", context);
  }
}
