package dev.slipway.deploy;

import dev.slipway.common.operation.DriverFailure;
import dev.slipway.deploy.domain.Application;
import dev.slipway.deploy.domain.ApplicationDatabases;
import dev.slipway.deploy.domain.Archives;
import dev.slipway.deploy.domain.Bindings;
import dev.slipway.deploy.domain.Blueprint;
import dev.slipway.deploy.domain.DatabaseAccess;
import dev.slipway.deploy.domain.Language;
import dev.slipway.deploy.domain.Manifest;
import dev.slipway.deploy.driver.ApplicationRuntime;
import dev.slipway.deploy.driver.CommandRun;
import dev.slipway.deploy.driver.CommandSpecification;
import dev.slipway.deploy.driver.FakeApplicationRuntime;
import jakarta.annotation.Priority;
import jakarta.enterprise.inject.Alternative;
import jakarta.enterprise.inject.Produces;
import jakarta.inject.Singleton;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Instant;
import java.time.InstantSource;
import java.util.Collection;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.SortedSet;
import java.util.TreeSet;
import java.util.concurrent.ConcurrentHashMap;
import java.util.stream.Collectors;
import org.eclipse.microprofile.config.inject.ConfigProperty;

/// What the service under test would otherwise need: processes, instance-service, databases.
///
/// There are the instances `main` and `other`. Every run of a command ends well until [#fail] says
/// otherwise; a migration adds a word to the schema.
@Singleton
public class FakePlatform {

  public final FakeApplicationRuntime.Reality reality = new FakeApplicationRuntime.Reality();
  private final Map<String, List<String>> failing = new ConcurrentHashMap<>();
  private final Set<String> holding = ConcurrentHashMap.newKeySet();
  private final Map<String, SortedSet<String>> schemas = new ConcurrentHashMap<>();
  private final Path applications;

  FakePlatform(@ConfigProperty(name = "slipway.applications.directory") Path applications) {
    this.applications = applications;
  }

  /// Runs of this name fail from now on, and write this.
  public void fail(String run, String... lines) {
    failing.put(run, List.of(lines));
  }

  /// Runs of this name go on until they are finished; executors, as `serve`, do not get healthy.
  public void hold(String run) {
    holding.add(run);
  }

  /// Every run ends well again.
  public void calm() {
    failing.clear();
    holding.clear();
  }

  /// What the applications with databases on an instance have made there.
  private SortedSet<String> schema(DatabaseAccess access) {
    return schemas.computeIfAbsent(
        access.application() + access.instance(), none -> new TreeSet<>());
  }

  @Produces
  @Singleton
  @Alternative
  @Priority(1)
  ApplicationRuntime runtime() {
    var runtime = new FakeApplicationRuntime(reality, InstantSource.system(), 29_000);
    runtime.runsAs(this::run);
    return runtime;
  }

  private FakeApplicationRuntime.Came run(CommandSpecification command) {
    if (holding.contains(command.name())) {
      return new FakeApplicationRuntime.Came(new CommandRun.Running(0), List.of());
    }
    List<String> lines = failing.get(command.name());
    if (lines != null) {
      log(command.version().application(), command.version().version(), command.name(), lines);
      return new FakeApplicationRuntime.Came(new CommandRun.Exited(1), lines);
    }
    String key = command.version().application() + command.environment().get("INSTANCE");
    SortedSet<String> schema = schemas.computeIfAbsent(key, none -> new TreeSet<>());
    synchronized (schemas) {
      switch (command.name()) {
        case "migrate" -> schema.add(command.version().version());
        case "rollback" -> schema.remove(command.version().version());
        default -> {}
      }
    }
    return new FakeApplicationRuntime.Came(new CommandRun.Exited(0), List.of());
  }

  /// Keeps lines as runtimes keep them.
  public void log(String application, String version, String source, List<String> lines) {
    log(application, version, source, Instant.parse("2026-01-31T12:00:00.123456Z"), lines);
  }

  /// @param at with a fraction of a second, as the files have it
  public void log(
      String application, String version, String source, Instant at, List<String> lines) {
    Path folder = applications.resolve(application).resolve("log");
    try {
      Files.createDirectories(folder);
      String text =
          lines.stream().map(line -> at + " " + line + "\n").collect(Collectors.joining());
      Files.writeString(folder.resolve(version + "." + source + ".log"), text);
    } catch (IOException problem) {
      throw new UncheckedIOException(problem);
    }
  }

  @Produces
  @Singleton
  @Alternative
  @Priority(1)
  Archives archives() {
    return new Archives() {
      @Override
      public Path unpack(String archive, String application, String version) {
        Path folder = Path.of("unpacked", application, version);
        reality.offer(folder, Map.of("package.json", "{}"));
        return folder;
      }

      @Override
      public void discard(String application, String version) {
        // Nothing was unpacked to a disk.
      }
    };
  }

  @Produces
  @Singleton
  @Alternative
  @Priority(1)
  Bindings bindings() {
    return new Bindings() {
      @Override
      public Bound bind(
          String organization, String instanceName, String application, String applicationName)
          throws DriverFailure {
        if (!Set.of("main", "other").contains(instanceName)) {
          throw new DriverFailure.Permanent(
              "instance-not-found", "database %s not found".formatted(instanceName));
        }
        return new Bound(
            "ins_" + instanceName + organization, instanceName, "localhost", 5432, false);
      }

      @Override
      public void release(String instance, String application) {
        // Nobody asks what is bound.
      }

      @Override
      public void releaseForGood(String application) {
        // Nor what is not any more.
      }
    };
  }

  @Produces
  @Singleton
  @Alternative
  @Priority(1)
  ApplicationDatabases databases() {
    return new ApplicationDatabases() {
      @Override
      public Held lock(DatabaseAccess access, String database) {
        return new Held() {
          @Override
          public Catalogue catalogue() {
            synchronized (schemas) {
              List<String> entries = List.copyOf(schema(access));
              return new Catalogue(String.join(",", entries), entries, entries.isEmpty());
            }
          }

          @Override
          public List<String> clearStaleLocks() {
            return List.of();
          }

          @Override
          public boolean guard() {
            return true;
          }

          @Override
          public List<String> refused() {
            return List.of();
          }

          @Override
          public void unguard() {
            // Nothing is refused here.
          }

          @Override
          public void close() {
            // One application at a time is all the tests need.
          }
        };
      }

      @Override
      public long activeWorkflows(DatabaseAccess access, String systemDatabase, String version) {
        return 0;
      }

      @Override
      public Set<String> holders(DatabaseAccess access, String systemDatabase, String version) {
        return Set.of();
      }

      @Override
      public void handOver(
          DatabaseAccess access,
          String systemDatabase,
          String version,
          Collection<String> from,
          String to) {
        // There are no workflows.
      }

      @Override
      public List<String> activeWorkflowsOfOthers(
          DatabaseAccess access, String systemDatabase, String version, int most) {
        return List.of();
      }
    };
  }

  @Produces
  @Singleton
  @Alternative
  @Priority(1)
  Blueprint blueprint() {
    return new Blueprint() {
      @Override
      public Manifest read(Application application, Blueprint.Files files, boolean builds) {
        return new Manifest(
            Language.NODE,
            Manifest.PackageManager.NPM,
            null,
            false,
            null,
            List.of(),
            true,
            List.of("migrate"),
            List.of("rollback"),
            List.of("serve"),
            null,
            Map.of(),
            false);
      }

      @Override
      public List<String> start(Manifest manifest) {
        return holding.contains("serve") ? List.of("sleep") : manifest.start();
      }

      @Override
      public Map<String, String> configuration(Surroundings surroundings, Blueprint.Files files) {
        return Map.of();
      }

      @Override
      public List<String> commands(Run run, Manifest manifest) {
        return List.of(run.word());
      }

      @Override
      public Environment environment(Surroundings surroundings) {
        return new Environment(Map.of("INSTANCE", surroundings.access().instance()), Set.of());
      }
    };
  }
}
