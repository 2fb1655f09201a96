package dev.slipway.cli.platform;

import dev.slipway.cli.platform.RunFile.State;
import java.nio.file.Path;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalLong;
import java.util.TreeMap;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/// What can be seen of a platform from outside: its run files, and what the kernel says about them.
///
/// @param launched whether a launcher looks after the processes
public record PlatformStatus(
    boolean launched,
    List<ProcessStatus> processes,
    List<InstanceStatus> instances,
    List<ApplicationMemory> applications) {

  /// One process.
  ///
  /// @param state    in lower case; `stopped` when there is none
  /// @param logLines the last ones, when something is wrong
  public record ProcessStatus(
      String name,
      String state,
      long pid,
      @Nullable Instant since,
      int restarts,
      int port,
      OptionalLong pss,
      @Nullable String problem,
      List<String> logLines) {

    public boolean ready() {
      return state.equals("ready");
    }

    public boolean alive() {
      return pid > 0;
    }
  }

  /// The processes of one Postgres instance.
  ///
  /// @param folder its name below `data/instances`
  public record InstanceStatus(String folder, int port, int processes, OptionalLong pss) {}

  /// The processes of one application, whatever they do: serve, drain, build.
  ///
  /// @param id `app_…`
  public record ApplicationMemory(String id, int processes, OptionalLong pss) {}

  static final String LAUNCHER = "launcher";
  private static final String CONTROL_POSTGRES = "control-postgres";

  /// The order in which people read them.
  static final List<String> NAMES =
      List.of(
          Catalog.LOCAL_STACK,
          Catalog.ACCOUNT_SERVICE,
          Catalog.INSTANCE_SERVICE,
          Catalog.DEPLOY_SERVICE,
          Catalog.GATEWAY);

  /// @param memory whether to measure it, which reads all page tables
  public static PlatformStatus read(PlatformHome home, boolean memory) {
    Optional<PlatformSettings> settings = PlatformSettings.read(home);
    List<ProcessStatus> processes = new ArrayList<>();
    ProcessStatus launcher = process(home, LAUNCHER, 0, memory);
    processes.add(launcher);
    for (String name : NAMES) {
      int port =
          settings
              .map(
                  it ->
                      name.equals(Catalog.GATEWAY)
                          ? it.publicPort()
                          : it.ports().getOrDefault(name, 0))
              .orElse(0);
      processes.add(process(home, name, port, memory));
    }
    List<InstanceStatus> instances = new ArrayList<>();
    List<ApplicationMemory> applications = new ArrayList<>();
    if (memory) {
      DataProcesses data = DataProcesses.of(home);
      List<DataProcesses.Server> servers = data.all();
      controlPostgres(data, servers).ifPresent(it -> processes.add(2, it));
      instances.addAll(instances(data, servers));
      applications.addAll(applications(ApplicationProcesses.of(home)));
    }
    return new PlatformStatus(
        launcher.alive(),
        List.copyOf(processes),
        List.copyOf(instances),
        List.copyOf(applications));
  }

  /// Whether anything of it lives.
  public boolean running() {
    return processes.stream().anyMatch(ProcessStatus::alive);
  }

  /// Whether every process is ready, and is not about to be stopped.
  public boolean ready() {
    return launched
        && Stream.concat(Stream.of(LAUNCHER), NAMES.stream())
            .allMatch(
                name -> processes.stream().anyMatch(it -> it.name().equals(name) && it.ready()));
  }

  private static ProcessStatus process(PlatformHome home, String name, int port, boolean memory) {
    Optional<RunFile> file = RunFile.read(home.run(name));
    if (file.isEmpty()) {
      return new ProcessStatus(
          name, "stopped", 0, null, 0, port, OptionalLong.empty(), null, List.of());
    }
    RunFile known = file.get();
    boolean alive = known.identity().pid() > 0 && known.identity().alive();
    State state = known.state();
    String shown =
        alive || state == State.RESTARTING || state == State.CRASHING
            ? state.name().toLowerCase(Locale.ROOT)
            : "dead";
    boolean wrong = !alive || known.problem() != null;
    return new ProcessStatus(
        name,
        shown,
        alive ? known.identity().pid() : 0,
        known.since(),
        known.restarts(),
        port,
        alive && memory ? Memory.proportionalSetSize(known.identity().pid()) : OptionalLong.empty(),
        known.problem(),
        wrong ? new LogFile(home.log(name)).tail(8) : List.of());
  }

  private static Optional<ProcessStatus> controlPostgres(
      DataProcesses data, List<DataProcesses.Server> servers) {
    List<Long> pids =
        servers.stream()
            .filter(it -> it.directory().equals(data.control()))
            .map(DataProcesses.Server::pid)
            .sorted()
            .toList();
    return pids.isEmpty()
        ? Optional.empty()
        : Optional.of(
            new ProcessStatus(
                CONTROL_POSTGRES,
                "ready",
                DataProcesses.postmaster(data.control()).orElse(pids.getFirst()),
                null,
                0,
                DataProcesses.port(data.control()).orElse(0),
                sum(pids),
                null,
                List.of()));
  }

  private static List<InstanceStatus> instances(
      DataProcesses data, List<DataProcesses.Server> servers) {
    Map<Path, List<Long>> pids = new TreeMap<>();
    for (DataProcesses.Server server : servers) {
      if (server.directory().startsWith(data.instances())) {
        pids.computeIfAbsent(server.directory(), folder -> new ArrayList<>()).add(server.pid());
      }
    }
    List<InstanceStatus> found = new ArrayList<>();
    pids.forEach(
        (folder, its) ->
            found.add(
                new InstanceStatus(
                    data.instances().relativize(folder).getName(0).toString(),
                    DataProcesses.port(folder).orElse(0),
                    its.size(),
                    sum(its))));
    return found;
  }

  private static List<ApplicationMemory> applications(ApplicationProcesses processes) {
    Map<String, List<Long>> pids = new TreeMap<>();
    for (ApplicationProcesses.Member member : processes.all()) {
      pids.computeIfAbsent(member.application(), id -> new ArrayList<>()).add(member.pid());
    }
    List<ApplicationMemory> found = new ArrayList<>();
    pids.forEach((id, its) -> found.add(new ApplicationMemory(id, its.size(), sum(its))));
    return found;
  }

  private static OptionalLong sum(List<Long> pids) {
    long sum = 0;
    for (long pid : pids) {
      OptionalLong one = Memory.proportionalSetSize(pid);
      if (one.isPresent()) {
        sum += one.getAsLong();
      }
    }
    return sum == 0 ? OptionalLong.empty() : OptionalLong.of(sum);
  }
}
