package dev.slipway.deploy.operation;

import dev.slipway.common.operation.DriverFailure;
import dev.slipway.common.outbox.Json;
import dev.slipway.deploy.domain.Application;
import dev.slipway.deploy.domain.ApplicationDatabases;
import dev.slipway.deploy.domain.DatabaseAccess;
import dev.slipway.deploy.domain.DatabaseAccesses;
import dev.slipway.deploy.domain.Executor;
import dev.slipway.deploy.domain.Executors;
import dev.slipway.deploy.domain.Manifest;
import dev.slipway.deploy.domain.Version;
import dev.slipway.deploy.domain.Versions;
import dev.slipway.deploy.driver.ApplicationRuntime;
import dev.slipway.deploy.driver.ExecutorObservation;
import jakarta.inject.Inject;
import jakarta.inject.Singleton;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.TreeSet;
import java.util.stream.Collectors;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/// Has workflows gone on with whose process is no more, by an executor of the same version, which
/// is asked on its admin port. Where there is none, an executor keeps its name when it is started
/// again, and the SDK goes on with what is of that name by itself.
///
/// Who has workflows is asked before it is looked who runs: a process that came up in between has
/// none of those that were found. What was recovered belongs to the executor that took it, so it is
/// asked for once.
@Singleton
public final class Recovery {

  private static final Logger LOG = LoggerFactory.getLogger(Recovery.class);

  private final ApplicationRuntime runtime;
  private final Specifications specifications;
  private final Versions versions;
  private final Executors executors;
  private final DatabaseAccesses accesses;
  private final ApplicationDatabases databases;
  private final AdminPort admin;

  @Inject
  public Recovery(
      ApplicationRuntime runtime,
      Specifications specifications,
      Versions versions,
      Executors executors,
      DatabaseAccesses accesses,
      ApplicationDatabases databases,
      AdminPort admin) {
    this.runtime = runtime;
    this.specifications = specifications;
    this.versions = versions;
    this.executors = executors;
    this.accesses = accesses;
    this.databases = databases;
    this.admin = admin;
  }

  /// @throws DriverFailure.Transient `unreachable`
  public void round(Application application) throws DriverFailure, InterruptedException {
    Optional<DatabaseAccess> access =
        accesses.find(application.id(), application.instance()).filter(DatabaseAccess::ensured);
    if (access.isEmpty()) {
      return;
    }
    Set<String> running =
        executors.of(application.id()).stream()
            .filter(executor -> executor.duty() != Executor.Duty.STARTING)
            .map(Executor::version)
            .filter(version -> hasAdmin(application, version))
            .collect(Collectors.toCollection(TreeSet::new));
    for (String version : running) {
      Set<String> holders = databases.holders(access.get(), application.systemDatabase(), version);
      if (!holders.isEmpty()) {
        recover(application, access.get(), version, holders);
      }
    }
  }

  private void recover(
      Application application, DatabaseAccess access, String version, Set<String> holders)
      throws DriverFailure, InterruptedException {
    Set<String> left = new HashSet<>(holders);
    List<Taker> takers = new ArrayList<>();
    for (Executor executor : executors.of(application.id())) {
      ExecutorObservation seen = runtime.observe(specifications.toObserve(executor, true));
      String process = seen.process();
      if (executor.duty() == Executor.Duty.STARTING || unknown(seen)) {
        left.removeIf(holder -> holder.startsWith(executor.id()));
      } else if (process != null) {
        left.remove(process);
        if (seen.healthy() && executor.version().equals(version)) {
          takers.add(new Taker(executor, process));
        }
      }
    }
    if (left.isEmpty()) {
      return;
    }
    for (Taker taker : takers) {
      if (admin.recover(taker.executor(), left)) {
        databases.handOver(access, application.systemDatabase(), version, left, taker.process());
        LOG.info(
            "application={} version={} executor={} goes on with workflows of {}",
            application.id(),
            version,
            taker.executor().id(),
            left);
        return;
      }
    }
  }

  private record Taker(Executor executor, String process) {}

  /// A process may run although nothing is known of it.
  private static boolean unknown(ExecutorObservation seen) {
    return seen.state() == ExecutorObservation.State.SILENT && seen.process() == null;
  }

  private boolean hasAdmin(Application application, String version) {
    return versions
        .find(application.id(), version)
        .map(Version::manifest)
        .map(text -> Json.readStored(text, Manifest.class).healthOnAdmin())
        .orElse(false);
  }
}
