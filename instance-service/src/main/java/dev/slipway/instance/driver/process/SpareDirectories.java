package dev.slipway.instance.driver.process;

import dev.slipway.common.operation.DriverFailure;
import dev.slipway.common.process.FencedShell;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Map;
import java.util.concurrent.atomic.AtomicBoolean;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/// Copies of the template that wait for an instance, so that one which is provisioned need not wait
/// for the copy.
///
/// A spare is what `create` would have copied and nothing more: no identity, no certificate, no
/// role of anybody. It becomes an instance's by a rename under that instance's lock. Until then it
/// is the platform's, as the template is: nothing in a ledger, nobody's data. There are never more
/// than the settings say and none when the disk is nearly full. Nothing depends on them: without
/// one, the template is copied.
final class SpareDirectories {

  private static final Logger LOG = LoggerFactory.getLogger(SpareDirectories.class);

  /// Whoever provisions many at once gets the whole machine; spares are made when that is over.
  private static final Duration REST = Duration.ofSeconds(2);

  /// What is left of a disk belongs to the databases.
  private static final long LEAST_SPACE = 1L << 30;

  private final Path root;
  private final Path script;
  private final int count;
  private final AtomicBoolean due = new AtomicBoolean();
  private volatile long taken = System.nanoTime();

  SpareDirectories(Path root, Path script, int count) {
    this.root = root;
    this.script = script;
    this.count = count;
  }

  /// What the paths of a template's spares begin with, for `fenced.sh`; empty when none are kept.
  String of(PostgresTemplate template) {
    return count == 0
        ? ""
        : root.resolve(".spares").resolve(name(template).substring(1)).toString();
  }

  private static String name(PostgresTemplate template) {
    return String.valueOf(template.folder().getFileName());
  }

  /// Makes those that are missing, in the background, as soon as nobody provisions.
  void replenish(PostgresTemplate template) {
    taken = System.nanoTime();
    if (count > 0 && due.compareAndSet(false, true)) {
      Thread.ofVirtual().name("spares").start(() -> whenCalm(template));
    }
  }

  private void whenCalm(PostgresTemplate template) {
    try {
      for (long left = left(); left > 0; left = left()) {
        Thread.sleep(Duration.ofNanos(left));
      }
      due.set(false);
      fill(template);
    } catch (DriverFailure failure) {
      LOG.info("{}", failure.getMessage(), failure.getCause());
    } catch (InterruptedException stopped) {
      Thread.currentThread().interrupt();
    }
  }

  private long left() {
    return REST.toNanos() - (System.nanoTime() - taken);
  }

  /// Makes those that are missing.
  void fill(PostgresTemplate template) throws DriverFailure, InterruptedException {
    try {
      boolean roomy = Files.getFileStore(root).getUsableSpace() > LEAST_SPACE;
      var builder =
          new ProcessBuilder(
              "setsid",
              "nice",
              "-n",
              "19",
              "sh",
              script.toString(),
              root.toString(),
              name(template),
              Integer.toString(roomy ? count : 0));
      builder.directory(Path.of("/").toFile()).redirectErrorStream(true);
      FencedShell.replaceEnvironment(builder, Map.of(), Map.of());
      Process process = builder.start();
      process.getOutputStream().close();
      String output = FencedShell.readAll(process.getInputStream()).strip();
      if (process.waitFor() != 0) {
        throw new DriverFailure.Transient(
            "spares-failed",
            "spare directories could not be made",
            new IOException("spares.sh ended with %d: %s".formatted(process.exitValue(), output)));
      }
    } catch (IOException e) {
      throw new DriverFailure.Transient("spares-failed", "spare directories could not be made", e);
    }
  }
}
