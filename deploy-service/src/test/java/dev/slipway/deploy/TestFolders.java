package dev.slipway.deploy;

import io.quarkus.test.common.QuarkusTestResourceLifecycleManager;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Comparator;
import java.util.List;
import java.util.Map;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/// Folders for archives and logs that go away with the test.
public final class TestFolders implements QuarkusTestResourceLifecycleManager {

  private @Nullable Path data;

  @Override
  public Map<String, String> start() {
    try {
      data = Files.createTempDirectory("slipway-data");
      Files.createDirectories(data.resolve("applications"));
      Files.createDirectories(data.resolve("archives"));
      return Map.of("slipway.home", data.toString(), "slipway.data.directory", data.toString());
    } catch (IOException problem) {
      throw new UncheckedIOException(problem);
    }
  }

  @Override
  public void stop() {
    if (data == null) {
      return;
    }
    try (Stream<Path> files = Files.walk(data)) {
      List<Path> deepestFirst = files.sorted(Comparator.reverseOrder()).toList();
      for (Path file : deepestFirst) {
        Files.delete(file);
      }
    } catch (IOException problem) {
      throw new UncheckedIOException(problem);
    }
  }
}
