package dev.slipway.cli.chaos;

import dev.slipway.cli.chaos.Fault.Target;
import dev.slipway.cli.platform.ApplicationProcesses;
import dev.slipway.cli.platform.ApplicationProcesses.Run;
import dev.slipway.cli.platform.DataProcesses;
import dev.slipway.cli.platform.DataProcesses.Server;
import dev.slipway.cli.platform.InstallationEngine;
import dev.slipway.cli.platform.InstallationEngine.Container;
import dev.slipway.cli.platform.PlatformHome;
import dev.slipway.cli.platform.PlatformStatus;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.function.Predicate;
import org.jspecify.annotations.Nullable;

/// Finds what can be broken, by asking the kernel, the launcher's files and the Docker engine.
///
/// @param engine where instances are containers; null where they are processes
/// @param spared the identifiers of applications whose executors are left alone
record Victims(PlatformHome home, @Nullable InstallationEngine engine, Set<String> spared) {

  /// Who is taken where there is none of the kind that was meant.
  private static final List<Target> INSTEAD =
      List.of(Target.SERVER, Target.POSTMASTER, Target.INSTANCE_SERVICE);

  /// A process that lives, or a container.
  ///
  /// @param pid   0 for a container
  /// @param words `gateway`, `postmaster of ins_…`
  /// @param owner the instance's or application's identifier; empty for the platform's own
  record Victim(Target target, long pid, Struck struck, String words, String owner) {

    Victim(Target target, long pid, String words, String owner) {
      this(target, pid, new Struck.Signalled(pid), words, owner);
    }
  }

  /// The one that a fault means, or another where there is none of that kind.
  Optional<Victim> of(Fault fault) {
    List<Victim> candidates = of(fault.target());
    for (Target instead : INSTEAD) {
      if (candidates.isEmpty()) {
        candidates = of(instead);
      }
    }
    return candidates.isEmpty()
        ? Optional.empty()
        : Optional.of(candidates.get(fault.pick() % candidates.size()));
  }

  List<Victim> of(Target target) {
    List<Victim> found = new ArrayList<>();
    switch (target) {
      case ACCOUNT_SERVICE, INSTANCE_SERVICE, DEPLOY_SERVICE, GATEWAY, LOCAL_STACK ->
          PlatformStatus.read(home, false).processes().stream()
              .filter(it -> it.name().equals(target.word()) && it.alive())
              .map(it -> new Victim(target, it.pid(), it.name(), ""))
              .forEach(found::add);
      case CONTROL_POSTGRES, CONTROL_BACKEND -> {
        DataProcesses data = DataProcesses.of(home);
        servers(data, data.control(), target == Target.CONTROL_POSTGRES).stream()
            .map(it -> new Victim(target, it.pid(), target.word(), ""))
            .forEach(found::add);
      }
      case POSTMASTER, BACKEND -> {
        DataProcesses data = DataProcesses.of(home);
        for (Server server : servers(data, data.instances(), target == Target.POSTMASTER)) {
          String id = owner(data, server.directory());
          found.add(new Victim(target, server.pid(), target.word() + " of " + id, id));
        }
        inContainers(target, found);
      }
      case SUPERVISOR, SERVER, COMMAND -> {
        String kind = target == Target.COMMAND ? "command" : "executor";
        for (Run run : ApplicationProcesses.of(home).runs()) {
          boolean left = target != Target.COMMAND && spared.contains(run.application());
          if (left || !run.kind().equals(kind)) {
            continue;
          }
          String words = target.word() + " of " + run.application();
          Optional<Long> pid =
              target == Target.SERVER
                  ? run.server().map(ProcessHandle::pid)
                  : Optional.of(run.pid());
          pid.ifPresent(it -> found.add(new Victim(target, it, words, run.application())));
        }
        inContainers(target, found);
      }
    }
    found.sort(Comparator.comparing(Victim::owner).thenComparing(Victim::pid));
    return found;
  }

  private void inContainers(Target target, List<Victim> found) {
    if (engine == null) {
      return;
    }
    try {
      for (Container container : engine.containers()) {
        if (!container.state().equals("running") || !isMeant(target, container)) {
          continue;
        }
        switch (target) {
          case BACKEND -> below(engine, container, target, it -> connection(it.pid()), found);
          case SERVER -> below(engine, container, target, ApplicationProcesses::isServer, found);
          default -> first(engine, container, target, found);
        }
      }
    } catch (IOException gone) {
      // What was just listed went meanwhile: there is less to break.
    }
  }

  private boolean isMeant(Target target, Container container) {
    return switch (target) {
      case POSTMASTER, BACKEND -> !container.instance().isEmpty();
      case SUPERVISOR, SERVER ->
          container.isExecutor() && !spared.contains(container.application());
      case COMMAND -> !container.application().isEmpty() && !container.isExecutor();
      default -> false;
    };
  }

  /// A container can be broken in two ways, each with its turn: its first process as the host sees
  /// it, and the container as the engine does.
  private static void first(
      InstallationEngine engine, Container container, Target target, List<Victim> found)
      throws IOException {
    String id = container.owner();
    engine
        .firstProcess(container.id())
        .ifPresent(
            pid -> {
              found.add(new Victim(target, pid, target.word() + " of " + id, id));
              found.add(
                  new Victim(
                      target, 0, new Struck.Whole(engine, container), "container of " + id, id));
            });
  }

  /// The processes below its first one.
  private static void below(
      InstallationEngine engine,
      Container container,
      Target target,
      Predicate<ProcessHandle> which,
      List<Victim> found)
      throws IOException {
    String id = container.owner();
    engine.firstProcess(container.id()).stream()
        .boxed()
        .flatMap(pid -> ProcessHandle.of(pid).stream())
        .flatMap(ProcessHandle::descendants)
        .filter(which)
        .map(it -> new Victim(target, it.pid(), target.word() + " of " + id, id))
        .forEach(found::add);
  }

  /// The first process of each server, or the connections of all.
  private static List<Server> servers(DataProcesses data, Path folder, boolean first) {
    return data.under(folder).stream()
        .filter(
            it -> {
              boolean is =
                  DataProcesses.postmaster(it.directory())
                      .filter(pid -> pid == it.pid())
                      .isPresent();
              return first ? is : !is && connection(it.pid());
            })
        .toList();
  }

  /// Other than Postgres's own workers, a connection's process says whose it is.
  private static boolean connection(long pid) {
    return ProcessTitle.of(pid)
        .filter(title -> title.matches("postgres: (\\S+: )?\\S+ \\S+ \\S+\\(\\d+\\).*"))
        .isPresent();
  }

  /// `ins_…`, the name of the folder below that of all.
  private static String owner(DataProcesses data, Path directory) {
    return data.instances().relativize(directory).getName(0).toString();
  }
}
