package dev.slipway.gateway.application;

import dev.slipway.common.contract.deploy.Route;
import io.vertx.core.Future;
import io.vertx.core.Vertx;
import io.vertx.core.json.DecodeException;
import io.vertx.core.json.JsonArray;
import io.vertx.core.json.JsonObject;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.StandardOpenOption;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.ArrayList;
import java.util.List;
import org.jboss.logging.Logger;

/// The route table on disk, so that applications are served when the gateway starts while nobody is
/// there to tell it of them.
///
/// It is a copy: what the topic tells is newer or the same. A snapshot that cannot be written or
/// read costs nothing but itself.
final class RouteSnapshot {

  private static final Logger LOG = Logger.getLogger(RouteSnapshot.class);
  private static final long PAUSE_MILLIS = 200;

  private final Vertx vertx;
  private final Path file;
  private final RouteTable table;
  private boolean due;

  RouteSnapshot(Vertx vertx, Path file, RouteTable table) {
    this.vertx = vertx;
    this.file = file;
    this.table = table;
  }

  /// Fills the table with what was kept.
  void restore() {
    try {
      for (Object one : new JsonArray(Files.readString(file))) {
        if (one instanceof JsonObject kept) {
          RouteMessages.route(kept).ifPresent(table::apply);
        }
      }
    } catch (NoSuchFileException none) {
      LOG.debugf("there is no snapshot %s", file);
    } catch (IOException | DecodeException unreadable) {
      LOG.warnf("the snapshot of the routes cannot be read: %s", unreadable.getMessage());
    }
  }

  /// Keeps the table from now on, a moment after each change.
  void follow() {
    table.whenChanged(this::changed);
  }

  private void changed() {
    if (due) {
      return;
    }
    due = true;
    vertx.setTimer(PAUSE_MILLIS, now -> write());
  }

  private void write() {
    var routes = new ArrayList<Route>();
    table.all().forEach(served -> routes.add(served.route()));
    Future<Object> written =
        vertx.executeBlocking(
            () -> {
              write(routes);
              return null;
            });
    // Not due any more only now, so that two are never written at once.
    written.onComplete(
        done -> {
          due = false;
          if (done.failed()) {
            LOG.warnf("the routes cannot be kept: %s", done.cause().getMessage());
          } else if (!routes.equals(table.all().stream().map(ServedApplication::route).toList())) {
            changed();
          }
        });
  }

  private void write(List<Route> routes) throws IOException {
    var kept = new JsonArray();
    routes.forEach(route -> kept.add(RouteMessages.write(route)));
    Files.createDirectories(file.toAbsolutePath().getParent());
    Path temporary = file.resolveSibling(file.getFileName() + ".new");
    Files.deleteIfExists(temporary);
    Files.createFile(
        temporary,
        PosixFilePermissions.asFileAttribute(PosixFilePermissions.fromString("rw-------")));
    Files.writeString(temporary, kept.encode(), StandardOpenOption.WRITE);
    Files.move(temporary, file, StandardCopyOption.ATOMIC_MOVE);
  }
}
