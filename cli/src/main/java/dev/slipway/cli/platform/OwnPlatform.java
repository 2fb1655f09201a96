package dev.slipway.cli.platform;

import dev.slipway.cli.console.CommandFailure;
import dev.slipway.cli.console.Surroundings;
import java.io.IOException;
import java.nio.file.FileVisitResult;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.SimpleFileVisitor;
import java.nio.file.attribute.BasicFileAttributes;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.HashMap;
import java.util.Map;
import java.util.Optional;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/// A platform beside all others, in a folder and at a port of its own, which is stopped and removed
/// when it is closed.
///
/// @param surroundings those that lead to it
/// @param port         is its own for as long
/// @param folder       that is removed
/// @param keep         whether it stays, stopped
public record OwnPlatform(
    Surroundings surroundings, PortReservation port, Path folder, PlatformHome home, boolean keep)
    implements AutoCloseable {

  /// Nothing is started.
  ///
  /// @param driver what its instances run on
  /// @param given  an empty folder or one that is not there; null for a temporary one
  public static OwnPlatform create(
      Surroundings surroundings, String driver, @Nullable Path given, boolean keep)
      throws IOException {
    String known = Preparation.known(driver);
    Path folder =
        given == null ? Files.createTempDirectory("slipway-own-") : empty(given.normalize());
    // Root's servers run as another user, who has to pass through.
    Files.setPosixFilePermissions(folder, PosixFilePermissions.fromString("rwx--x--x"));
    Path home = folder.resolve("home");
    Map<String, String> environment = new HashMap<>(surroundings.environment());
    environment.put("SLIPWAY_HOME", home.toString());
    PortReservation port = new PortReservation();
    environment.put("SLIPWAY_PORT", Integer.toString(port.choose(1).getFirst()));
    environment.put(Preparation.DRIVER, known);
    environment.remove("DBOS_DOMAIN");
    Surroundings apart =
        new Surroundings(
            environment,
            folder,
            surroundings.in(),
            surroundings.out(),
            surroundings.err(),
            surroundings.terminals(),
            surroundings.root());
    return new OwnPlatform(apart, port, folder, new PlatformHome(home), keep);
  }

  /// What is removed afterwards must not hold anything of somebody else.
  private static Path empty(Path folder) throws IOException {
    Files.createDirectories(folder);
    try (Stream<Path> entries = Files.list(folder)) {
      if (entries.findAny().isPresent()) {
        throw CommandFailure.misused("the folder %s is not empty".formatted(folder)).build();
      }
    }
    return folder;
  }

  @Override
  public void close() throws IOException {
    try {
      new Launcher(home, surroundings).stop();
    } catch (InterruptedException stopped) {
      Thread.currentThread().interrupt();
      return;
    } finally {
      port.close();
    }
    if (!keep) {
      Optional<InstallationEngine> engine = InstallationEngine.of(home, surroundings);
      if (engine.isPresent()) {
        engine.get().clear();
      }
      Path data = home.data();
      if (Files.isSymbolicLink(data)) {
        delete(data.toRealPath());
      }
      delete(folder);
    }
  }

  private static void delete(Path tree) throws IOException {
    Files.walkFileTree(
        tree,
        new SimpleFileVisitor<>() {
          @Override
          public FileVisitResult visitFile(Path file, BasicFileAttributes attributes)
              throws IOException {
            Files.delete(file);
            return FileVisitResult.CONTINUE;
          }

          @Override
          public FileVisitResult postVisitDirectory(Path directory, @Nullable IOException failure)
              throws IOException {
            Files.delete(directory);
            return FileVisitResult.CONTINUE;
          }
        });
  }
}
