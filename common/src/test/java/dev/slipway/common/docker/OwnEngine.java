package dev.slipway.common.docker;

import static java.nio.charset.StandardCharsets.UTF_8;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Comparator;
import java.util.List;
import java.util.concurrent.ThreadLocalRandom;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;

/// A second Docker engine beside the machine's own, with its own images, containers, volumes and
/// networks, to be killed, filled up and counted.
///
/// It is the same program with folders and a bridge of its own: without one it would take away the
/// bridge of the first. It leaves the host's packet filter alone: published ports are forwarded by
/// a process of the engine for each, which goes with it.
///
/// That takes root, and a machine that has `dockerd`, `docker` and `ip`; elsewhere the test is
/// skipped, or fails where an engine was promised: see [PromisedEngine].
public final class OwnEngine implements AutoCloseable {

  private static final long PATIENCE_SECONDS = 300;
  private static final Path ANYWHERE = Path.of("/");

  private final Path folder;
  private final String bridge;
  private @Nullable Process engine;

  private OwnEngine(Path folder, String bridge) {
    this.folder = folder;
    this.bridge = bridge;
  }

  /// Starts one that has these images of the machine's own engine.
  public static OwnEngine start(String... images) throws IOException, InterruptedException {
    return start(0, images);
  }

  /// @param megabytes of memory that take the place of its disk; 0 for the disk of the machine
  public static OwnEngine start(int megabytes, String... images)
      throws IOException, InterruptedException {
    require(images);
    // Its sockets' names have to be short, and overlays need a plain file system below.
    Path folder =
        Files.createTempDirectory(
            Path.of("/var/tmp"),
            "engine-",
            PosixFilePermissions.asFileAttribute(PosixFilePermissions.fromString("rwx--x--x")));
    Path data = Files.createDirectory(folder.resolve("data"));
    if (megabytes > 0) {
      succeed(
          "mount", "-t", "tmpfs", "-o", "size=%dm".formatted(megabytes), "tmpfs", data.toString());
    }
    int number = ThreadLocalRandom.current().nextInt(256);
    String bridge = "engine" + number;
    succeed("ip", "link", "add", bridge, "type", "bridge");
    succeed("ip", "addr", "add", "10.214.%d.1/24".formatted(number), "dev", bridge);
    var own = new OwnEngine(folder, bridge);
    try {
      own.start();
      for (String image : images) {
        succeed("sh", "-c", "docker save '%s' | docker -H '%s' load".formatted(image, own.host()));
      }
      return own;
    } catch (IOException | InterruptedException | AssertionError failure) {
      own.close();
      throw failure;
    }
  }

  private static void require(String... images) throws IOException, InterruptedException {
    String why = "";
    if (!"root".equals(System.getProperty("user.name"))) {
      why = "only root can start an engine";
    } else if (run(List.of("sh", "-c", "command -v dockerd && command -v docker && command -v ip"))
            .exitCode
        != 0) {
      why = "this machine lacks dockerd, docker or ip to start a second engine with";
    } else {
      for (String image : images) {
        if (run(List.of("docker", "image", "inspect", image)).exitCode != 0) {
          why = "no Docker engine with the image " + image;
        }
      }
    }
    if (!why.isEmpty()) {
      PromisedEngine.missing(why);
    }
  }

  /// What `DOCKER_HOST` has to be.
  public String host() {
    return "unix://" + folder.resolve("docker.sock");
  }

  /// Where its data is; what is filled up here it lacks.
  public Path data() {
    return folder.resolve("data");
  }

  /// Starts it again where it does not run, and waits until it answers.
  public void start() throws IOException, InterruptedException {
    Process running =
        new ProcessBuilder(
                "dockerd",
                "--data-root=" + data(),
                "--exec-root=" + folder.resolve("run"),
                "--pidfile=" + folder.resolve("pid"),
                "--host=" + host(),
                "--bridge=" + bridge,
                "--iptables=false",
                "--ip6tables=false",
                "--ip-masq=false",
                "--default-address-pool=base=10.213.0.0/16,size=24")
            .redirectErrorStream(true)
            .redirectOutput(ProcessBuilder.Redirect.appendTo(folder.resolve("log").toFile()))
            .start();
    engine = running;
    long deadline = System.nanoTime() + TimeUnit.SECONDS.toNanos(PATIENCE_SECONDS);
    while (run(docker("info")).exitCode != 0) {
      if (!running.isAlive() || System.nanoTime() > deadline) {
        throw new AssertionError(
            "the second engine does not start: " + Files.readString(folder.resolve("log"), UTF_8));
      }
      TimeUnit.MILLISECONDS.sleep(100);
    }
  }

  /// Kills it as the kernel does when memory is short, and with it the program that it has
  /// containers run by; the containers are not told.
  public void kill() throws IOException, InterruptedException {
    Process running = engine;
    if (running != null) {
      running.destroyForcibly().waitFor();
      // Whoever starts next takes a number in this file for a program that still runs, also when it
      // is one that is dead and that nobody has buried.
      Path number = folder.resolve("run/containerd/containerd.pid");
      ProcessHandle.of(Long.parseLong(Files.readString(number, UTF_8).strip()))
          .ifPresent(ProcessHandle::destroyForcibly);
      Files.delete(number);
      engine = null;
    }
  }

  /// Everything there is, by kind and name, images by their identifier.
  public List<String> everything() throws IOException, InterruptedException {
    var all = new ArrayList<String>();
    list(all, "container", "ps", "-aq", "--no-trunc");
    list(all, "volume", "volume", "ls", "-q");
    list(all, "network", "network", "ls", "-q", "--no-trunc", "--filter", "type=custom");
    list(all, "image", "images", "-aq", "--no-trunc");
    all.sort(Comparator.naturalOrder());
    return all;
  }

  private void list(List<String> all, String kind, String... command)
      throws IOException, InterruptedException {
    docker(true, command).lines().forEach(name -> all.add(kind + " " + name));
  }

  /// Runs a `docker` command on it.
  ///
  /// @return what it wrote
  public String docker(boolean mustSucceed, String... arguments)
      throws IOException, InterruptedException {
    Ended ended = run(docker(arguments));
    if (mustSucceed && ended.exitCode != 0) {
      throw new AssertionError(String.join(" ", arguments) + ": " + ended.output);
    }
    return ended.output.strip();
  }

  private List<String> docker(String... arguments) {
    var command = new ArrayList<>(List.of("docker", "-H", host()));
    command.addAll(Arrays.asList(arguments));
    return command;
  }

  /// Ends it with all that it has.
  @Override
  public void close() throws IOException {
    try {
      end();
    } catch (InterruptedException stopped) {
      Thread.currentThread().interrupt();
    }
  }

  private void end() throws IOException, InterruptedException {
    try {
      if (engine == null) {
        start();
      }
      for (String container : docker(true, "ps", "-aq").lines().toList()) {
        docker(false, "rm", "-fv", container);
      }
      for (String network :
          docker(true, "network", "ls", "-q", "--filter", "type=custom").lines().toList()) {
        docker(false, "network", "rm", network);
      }
    } finally {
      Process running = engine;
      if (running != null) {
        running.destroy();
        if (!running.waitFor(PATIENCE_SECONDS, TimeUnit.SECONDS)) {
          kill();
        }
      }
      run(List.of("ip", "link", "delete", bridge));
      // An engine that was killed leaves its data mounted over itself.
      run(List.of("sh", "-c", "while umount -l '%s'; do :; done".formatted(data())));
      run(List.of("rm", "-rf", "--one-file-system", folder.toString()));
    }
  }

  private record Ended(int exitCode, String output) {}

  private static void succeed(String... command) throws IOException, InterruptedException {
    Ended ended = run(Arrays.asList(command));
    if (ended.exitCode != 0) {
      throw new AssertionError(String.join(" ", command) + ": " + ended.output);
    }
  }

  private static Ended run(List<String> command) throws IOException, InterruptedException {
    Process process =
        new ProcessBuilder(command).directory(ANYWHERE.toFile()).redirectErrorStream(true).start();
    process.getOutputStream().close();
    String output;
    try (var reading = process.getInputStream()) {
      output = new String(reading.readAllBytes(), UTF_8);
    }
    return new Ended(process.waitFor(), output);
  }
}
