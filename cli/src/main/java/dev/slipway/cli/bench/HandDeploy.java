package dev.slipway.cli.bench;

import dev.slipway.cli.console.CommandFailure;
import dev.slipway.cli.platform.FreePorts;
import java.io.IOException;
import java.io.InputStream;
import java.net.HttpURLConnection;
import java.net.URI;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.TimeUnit;
import java.util.zip.ZipEntry;
import java.util.zip.ZipInputStream;

/// An application deployed by hand: unpacked, its packages linked from where they were installed
/// once, migrated, started, asked.
public final class HandDeploy implements DeployBench.ByHand, AutoCloseable {

  private static final Duration PATIENCE = Duration.ofMinutes(2);

  private final Path folder;
  private final Path archive;
  private final List<String> migrate;
  private final List<String> start;
  private final Map<String, String> environment;
  private int made;

  /// @param folder      made by [#prepare] and removed in the end
  /// @param environment tells where the database is
  public HandDeploy(
      Path folder,
      Path archive,
      List<String> migrate,
      List<String> start,
      Map<String, String> environment) {
    this.folder = folder;
    this.archive = archive;
    this.migrate = List.copyOf(migrate);
    this.start = List.copyOf(start);
    this.environment = Map.copyOf(environment);
  }

  /// Installs the packages, which every deploy links.
  public void prepare() throws IOException, InterruptedException {
    Path template = Files.createDirectories(folder.resolve("template"));
    unpack(template);
    run(template, List.of("npm", "ci", "--no-audit", "--no-fund"), Map.of());
  }

  @Override
  public Duration run() throws IOException, InterruptedException {
    made++;
    Path work = folder.resolve("work-" + made);
    int port = FreePorts.find(1).getFirst();
    long began = System.nanoTime();
    Files.createDirectories(work);
    unpack(work);
    run(
        folder,
        List.of("cp", "-al", folder.resolve("template/node_modules").toString(), work.toString()),
        Map.of());
    run(work, migrate, Map.of());
    Process server = begin(work, start, Map.of("PORT", Integer.toString(port)));
    try {
      awaitAnswer(server, port, began);
      return Duration.ofNanos(System.nanoTime() - began);
    } finally {
      server.destroy();
      if (!server.waitFor(10, TimeUnit.SECONDS)) {
        server.destroyForcibly();
      }
      remove(work);
    }
  }

  @Override
  public void close() throws IOException {
    try {
      remove(folder);
      Files.deleteIfExists(log());
    } catch (InterruptedException interrupted) {
      Thread.currentThread().interrupt();
    }
  }

  private void unpack(Path target) throws IOException {
    try (InputStream content = Files.newInputStream(archive);
        ZipInputStream in = new ZipInputStream(content)) {
      for (ZipEntry entry = in.getNextEntry(); entry != null; entry = in.getNextEntry()) {
        Path file = target.resolve(entry.getName()).normalize();
        if (!file.startsWith(target)) {
          throw new IOException("the archive leads out of its folder: " + entry.getName());
        }
        Files.createDirectories(file.resolveSibling("."));
        Files.copy(in, file);
      }
    }
  }

  private void awaitAnswer(Process server, int port, long began)
      throws IOException, InterruptedException {
    while (!answers(port)) {
      if (!server.isAlive() || System.nanoTime() - began > PATIENCE.toNanos()) {
        throw failed(start);
      }
      TimeUnit.MILLISECONDS.sleep(2);
    }
  }

  private static boolean answers(int port) throws IOException {
    HttpURLConnection connection =
        (HttpURLConnection) URI.create("http://127.0.0.1:" + port + "/").toURL().openConnection();
    try {
      connection.setReadTimeout(10_000);
      return connection.getResponseCode() == 200;
    } catch (IOException notYet) {
      return false;
    } finally {
      connection.disconnect();
    }
  }

  private void remove(Path tree) throws IOException, InterruptedException {
    run(Path.of("/"), List.of("rm", "-rf", "--", tree.toString()), Map.of());
  }

  private void run(Path directory, List<String> command, Map<String, String> more)
      throws IOException, InterruptedException {
    Process process = begin(directory, command, more);
    try {
      if (!process.waitFor(PATIENCE.toSeconds(), TimeUnit.SECONDS) || process.exitValue() != 0) {
        throw failed(command);
      }
    } finally {
      process.destroyForcibly();
    }
  }

  private Process begin(Path directory, List<String> command, Map<String, String> more)
      throws IOException {
    Map<String, String> all = new HashMap<>(environment);
    all.putAll(more);
    ProcessBuilder builder =
        new ProcessBuilder(new ArrayList<>(command))
            .directory(directory.toFile())
            .redirectErrorStream(true)
            .redirectOutput(log().toFile())
            .redirectInput(ProcessBuilder.Redirect.from(Path.of("/dev/null").toFile()));
    builder.environment().putAll(all);
    return builder.start();
  }

  private Path log() {
    return folder.resolveSibling(folder.getFileName() + ".log");
  }

  private CommandFailure failed(List<String> command) throws IOException {
    return CommandFailure.failed(
            "bench-failed", "%s did not work by hand".formatted(String.join(" ", command)))
        .details(Files.readString(log()))
        .build();
  }
}
