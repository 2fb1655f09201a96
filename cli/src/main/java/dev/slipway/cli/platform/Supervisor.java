package dev.slipway.cli.platform;

import dev.slipway.cli.platform.RunFile.State;
import java.io.IOException;
import java.net.HttpURLConnection;
import java.net.URI;
import java.nio.channels.FileChannel;
import java.nio.channels.FileLock;
import java.nio.channels.OverlappingFileLockException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.locks.ReentrantLock;
import java.util.function.Consumer;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;

/// Runs all processes of one platform, for as long as this process lives.
///
/// Two never look after the same home: each holds the lock in its run folder, which the kernel
/// releases when the holder dies in whatever way.
final class Supervisor {

  private static final Duration STOPPING_PATIENCE = Duration.ofSeconds(60);
  private static final Duration APPLICATIONS_GRACE = Duration.ofSeconds(10);

  /// How the processes are to run, as things are now.
  @FunctionalInterface
  interface Plans {
    List<ProcessPlan> make() throws IOException;
  }

  private final PlatformHome home;
  private final Plans plans;
  private final Consumer<Supervised> listener;
  private final List<Supervised> processes;
  private final ReentrantLock planning = new ReentrantLock();
  private final Instant began = Instant.now();

  /// @param plans    is asked again whenever a process has died: somebody else may have taken its
  ///     port since
  /// @param listener is told of every change of a process
  Supervisor(PlatformHome home, Plans plans, Supervised.Pace pace, Consumer<Supervised> listener)
      throws IOException {
    this.home = home;
    this.plans = plans;
    this.listener = listener;
    List<Supervised> supervised = new ArrayList<>();
    for (ProcessPlan plan : plans.make()) {
      supervised.add(new Supervised(plan, home, pace, this::changed));
    }
    this.processes = List.copyOf(supervised);
  }

  /// The right to look after a home.
  record Lock(FileChannel channel, FileLock held) implements AutoCloseable {

    /// Empty when another process has it.
    static Optional<Lock> acquire(PlatformHome home) throws IOException {
      FileChannel channel =
          FileChannel.open(home.lock(), StandardOpenOption.CREATE, StandardOpenOption.WRITE);
      @Nullable FileLock held = null;
      try {
        held = channel.tryLock();
      } catch (OverlappingFileLockException heldInThisProcess) {
        // The same answer as for another process.
      }
      if (held == null) {
        channel.close();
        return Optional.empty();
      }
      return Optional.of(new Lock(channel, held));
    }

    @Override
    public void close() throws IOException {
      channel.close();
    }
  }

  List<Supervised> processes() {
    return processes;
  }

  /// @param configuration what holds for this start alone, kept in the launcher's run file
  void start(String configuration) throws IOException {
    mark(State.READY, configuration);
    processes.forEach(Supervised::start);
  }

  private void mark(State state, String configuration) throws IOException {
    new RunFile(ProcessIdentity.self(), began, 0, state, null, configuration)
        .write(home.run(PlatformStatus.LAUNCHER));
  }

  private void changed(Supervised process) {
    if (process.awaitsStart()) {
      try {
        planAgain();
      } catch (IOException | RuntimeException refused) {
        // It is started as it was, and this is tried again when that fails.
        process.explain(String.valueOf(refused.getMessage()));
      }
    }
    listener.accept(process);
  }

  private void planAgain() throws IOException {
    planning.lock();
    try {
      for (ProcessPlan plan : plans.make()) {
        processes.stream()
            .filter(process -> process.plan().name().equals(plan.name()))
            .forEach(process -> process.change(plan));
      }
    } finally {
      planning.unlock();
    }
  }

  /// Stops everything in order, applications and then instances first: their services know how,
  /// and have to be there for it.
  void stop() throws InterruptedException, IOException {
    try {
      // Whoever wants to start it waits for the end of this.
      mark(State.STOPPING, "");
    } catch (IOException unwritable) {
      // A full disk keeps nothing running.
    }
    Map<String, Supervised> byName =
        processes.stream().collect(Collectors.toMap(it -> it.plan().name(), it -> it));
    for (String name : Catalog.RUNNING_PROCESSES) {
      @Nullable Supervised service = byName.get(name);
      if (service != null && service.state() == State.READY) {
        askToStopProcesses(home, service.plan().health().getFirst());
      }
    }
    for (List<String> together : Catalog.STOPPING) {
      List<Thread> stops = new ArrayList<>();
      for (String name : together) {
        @Nullable Supervised process = byName.get(name);
        if (process != null) {
          stops.add(Thread.ofPlatform().name("stop-" + name).start(() -> stop(process)));
        }
      }
      for (Thread stop : stops) {
        stop.join();
      }
    }
    stopLeftovers(home);
    Files.deleteIfExists(home.run(PlatformStatus.LAUNCHER));
  }

  private static void stop(Supervised process) {
    try {
      process.stop();
    } catch (InterruptedException interrupted) {
      Thread.currentThread().interrupt();
    }
  }

  /// Stops what a launcher that was killed has left.
  static void stopOrphans(PlatformHome home) throws InterruptedException, IOException {
    Optional<PlatformSettings> settings = PlatformSettings.read(home);
    for (String name : Catalog.RUNNING_PROCESSES) {
      if (settings.isPresent() && alive(home, name).isPresent()) {
        int port = settings.get().port(name);
        askToStopProcesses(home, URI.create("http://127.0.0.1:" + port + "/"));
      }
    }
    for (List<String> together : Catalog.STOPPING) {
      for (String name : together) {
        Optional<RunFile> file = alive(home, name);
        if (file.isPresent()) {
          Supervised.end(file.get().identity(), Duration.ofSeconds(40));
        }
        Files.deleteIfExists(home.run(name));
      }
    }
    stopLeftovers(home);
    Files.deleteIfExists(home.run(PlatformStatus.LAUNCHER));
  }

  private static Optional<RunFile> alive(PlatformHome home, String name) {
    return RunFile.read(home.run(name)).filter(file -> file.identity().alive());
  }

  /// Applications and servers whose service was killed before it could stop them.
  private static void stopLeftovers(PlatformHome home) throws InterruptedException {
    DataProcesses data = DataProcesses.of(home);
    ApplicationProcesses.of(home).stop(APPLICATIONS_GRACE);
    data.stop(data.data(), Duration.ofSeconds(20));
  }

  /// Asks a service to stop all that it runs, applications or instances, and waits until it has.
  /// One that does not know how, or is not there, leaves them to [#stopLeftovers].
  private static void askToStopProcesses(PlatformHome home, URI service) throws IOException {
    Path secret = home.keys().resolve("internal.secret");
    if (!Files.exists(secret)) {
      return;
    }
    HttpURLConnection connection =
        (HttpURLConnection) service.resolve("/internal/platform/stopping").toURL().openConnection();
    try {
      connection.setRequestMethod("POST");
      connection.setRequestProperty("X-Slipway-Internal", Files.readString(secret).strip());
      connection.setConnectTimeout(2_000);
      connection.setReadTimeout((int) STOPPING_PATIENCE.toMillis());
      connection.setDoOutput(true);
      connection.getOutputStream().close();
      connection.getResponseCode();
    } catch (IOException silent) {
      // It is going down itself, or is not there any more.
    } finally {
      connection.disconnect();
    }
  }
}
