package dev.slipway.cli.platform;

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
import org.jspecify.annotations.Nullable;

/// Starts the platform once, in a home that is thrown away, and has every JVM write down on its way
/// out what it has found out about its classes.
public final class Training {

  private Training() {}

  public static void run(Surroundings surroundings) throws IOException, InterruptedException {
    Path folder = Files.createTempDirectory("slipway-training-");
    try {
      // Root's servers run as another user, who has to pass through.
      Files.setPosixFilePermissions(folder, PosixFilePermissions.fromString("rwx--x--x"));
      Map<String, String> environment = new HashMap<>(surroundings.environment());
      environment.put("SLIPWAY_PORT", Integer.toString(FreePorts.find(1).getFirst()));
      Surroundings apart =
          new Surroundings(
              environment,
              folder,
              surroundings.in(),
              surroundings.out(),
              surroundings.err(),
              surroundings.terminals(),
              surroundings.root());
      new Launcher(new PlatformHome(folder.resolve("home")), apart).train();
    } finally {
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
