package dev.slipway.cli.command;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.slipway.cli.api.Applications.Application;
import dev.slipway.cli.console.CommandFailure;
import dev.slipway.cli.console.Json;
import dev.slipway.cli.console.Output;
import dev.slipway.cli.console.Surroundings;
import dev.slipway.cli.console.Words;
import dev.slipway.cli.platform.InstallationEngine;
import dev.slipway.cli.platform.InstallationEngine.Container;
import dev.slipway.cli.platform.InstallationEngine.Use;
import dev.slipway.cli.platform.InternalCalls;
import dev.slipway.cli.platform.PlatformHome;
import dev.slipway.cli.platform.PlatformSettings;
import dev.slipway.cli.platform.PlatformStatus;
import dev.slipway.cli.platform.PlatformStatus.ApplicationMemory;
import dev.slipway.cli.platform.PlatformStatus.InstanceStatus;
import dev.slipway.cli.platform.PlatformStatus.ProcessStatus;
import dev.slipway.cli.platform.RuntimeFacts;
import java.io.IOException;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.OptionalLong;
import java.util.TreeMap;
import java.util.concurrent.Callable;
import java.util.stream.LongStream;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;

/// Shows what runs, and what it costs.
@Command(
    name = "status",
    description =
        "Show the platform's processes, instances and applications, and their memory. Exit code 1 when it is not running.",
    footer = {
      "",
      "Memory is the proportional set size: pages that processes share are divided among them. That of a container is what",
      "its engine counts, without files that were only read.",
      "",
      "Examples:",
      "  slipway status",
      "  slipway status --json"
    })
final class StatusCommand implements Callable<Integer> {

  private static final String UNKNOWN = "unknown";

  /// What is only told beside the rest is not waited for.
  private static final Duration PATIENCE = Duration.ofSeconds(2);

  @Mixin private OutputOptions options = new OutputOptions();

  private final Surroundings surroundings;
  private final PlatformHome home;
  private final Output output;

  StatusCommand(Surroundings surroundings) {
    this.surroundings = surroundings;
    this.home = PlatformHome.of(surroundings);
    this.output = new Output(surroundings);
  }

  @Override
  public Integer call() {
    String driver =
        PlatformSettings.read(home).map(PlatformSettings::driver).orElse(PlatformSettings.PROCESS);
    PlatformStatus status = withContainers(PlatformStatus.read(home, true), driver);
    String capabilities = status.ready() ? RuntimeFacts.capabilities(home).orElse("") : "";
    String url = PlatformSettings.read(home).map(PlatformSettings::publicUrl).orElse("");
    Map<Integer, String> names = status.ready() ? InstanceNames.byPort(surroundings) : Map.of();
    List<ApplicationRow> applications = applications(status);
    String isolation = status.ready() ? RuntimeFacts.isolation(home).orElse(UNKNOWN) : UNKNOWN;
    long parked = status.ready() ? parkedMessages() : 0;
    OptionalLong platform = sum(status.processes().stream().map(ProcessStatus::pss).toList());
    OptionalLong instances = sum(status.instances().stream().map(InstanceStatus::pss).toList());
    if (options.json) {
      ObjectNode json = json(status, url, names, platform, instances);
      json.put("driver", driver);
      json.put("driverCapabilities", capabilities);
      json.put("parkedMessages", parked);
      add(json, applications, isolation);
      output.json(json);
    } else {
      String told = capabilities.isEmpty() ? driver : driver + " (" + capabilities + ")";
      print(status, url, names, applications, told, isolation, platform, instances);
      if (parked > 0) {
        output.line(
            "Parked      %s that could not be understood: `slipway messages list`"
                .formatted(Words.count(parked, "message")));
      }
    }
    return status.running() ? 0 : 1;
  }

  /// Of a service that does not answer, or to somebody who may not ask, nothing is told.
  private long parkedMessages() {
    try {
      return MessagesCommand.parkedMessages(InternalCalls.of(surroundings, PATIENCE));
    } catch (IOException | CommandFailure silent) {
      return 0;
    } catch (InterruptedException interrupted) {
      Thread.currentThread().interrupt();
      return 0;
    }
  }

  /// What is in containers is no process of this machine that could be measured: the platform tells
  /// which there are, and the engine what they take.
  private PlatformStatus withContainers(PlatformStatus status, String driver) {
    if (!driver.equals(PlatformSettings.DOCKER) || !status.ready()) {
      return status;
    }
    Map<String, List<Use>> uses = uses();
    List<InstanceStatus> instances = new ArrayList<>();
    try {
      for (JsonNode it :
          InternalCalls.of(surroundings).call("instance-service", "GET", "/instances", null)) {
        if (it.path("kind").asText().equals("provisioned")) {
          String id = it.path("id").asText();
          List<Use> use = uses.getOrDefault(id, List.of());
          instances.add(
              new InstanceStatus(id, it.path("port").asInt(), processes(use), bytes(use)));
        }
      }
    } catch (IOException | CommandFailure silent) {
      // It has just stopped answering; the rest is shown.
    } catch (InterruptedException interrupted) {
      Thread.currentThread().interrupt();
    }
    List<ApplicationMemory> applications = new ArrayList<>();
    uses.forEach(
        (id, use) -> {
          if (id.startsWith("app_")) {
            applications.add(new ApplicationMemory(id, processes(use), bytes(use)));
          }
        });
    return new PlatformStatus(status.launched(), status.processes(), instances, applications);
  }

  private static int processes(List<Use> uses) {
    return uses.stream().mapToInt(Use::processes).sum();
  }

  private static OptionalLong bytes(List<Use> uses) {
    return sum(uses.stream().map(Use::bytes).toList());
  }

  /// What the containers that run take, by the identifier of whose they are; an engine that does
  /// not answer tells nothing.
  private Map<String, List<Use>> uses() {
    Map<String, List<Use>> uses = new TreeMap<>();
    InstallationEngine.of(home, surroundings)
        .ifPresent(
            engine -> {
              try {
                for (Container container : engine.containers()) {
                  if (container.runs()) {
                    uses.computeIfAbsent(container.owner(), it -> new ArrayList<>())
                        .add(engine.use(container.id()));
                  }
                }
              } catch (IOException silent) {
                // What it has told so far is shown.
              }
            });
    return uses;
  }

  private void print(
      PlatformStatus status,
      String url,
      Map<Integer, String> names,
      List<ApplicationRow> applications,
      String driver,
      String isolation,
      OptionalLong platform,
      OptionalLong instances) {
    if (!status.running()) {
      output.line("The platform is not running (%s).".formatted(home.path()));
      output.note("Start it with `slipway up --detach`.");
      return;
    }
    Instant now = Instant.now();
    List<List<String>> rows = new ArrayList<>();
    for (ProcessStatus it : status.processes()) {
      Instant since = it.since();
      rows.add(
          List.of(
              it.name(),
              it.state(),
              it.pid() == 0 ? "-" : Long.toString(it.pid()),
              it.port() == 0 ? "-" : Integer.toString(it.port()),
              since == null ? "-" : Words.ago(since, now),
              Integer.toString(it.restarts()),
              Words.megabytes(it.pss())));
    }
    output.table(List.of("PROCESS", "STATE", "PID", "PORT", "SINCE", "RESTARTS", "PSS"), rows);
    for (ProcessStatus it : status.processes()) {
      if (it.problem() != null || it.state().equals("dead")) {
        output.line("");
        output.line("%s: %s".formatted(it.name(), it.problem() == null ? "dead" : it.problem()));
        it.logLines().forEach(line -> output.line("  | " + line));
      }
    }
    if (!status.instances().isEmpty()) {
      output.line("");
      output.table(
          List.of("INSTANCE", "PORT", "PROCESSES", "PSS"),
          status.instances().stream()
              .map(
                  it ->
                      List.of(
                          names.getOrDefault(it.port(), it.folder()),
                          it.port() == 0 ? "-" : Integer.toString(it.port()),
                          it.processes() == 0 ? "-" : Integer.toString(it.processes()),
                          Words.megabytes(it.pss())))
              .toList());
    }
    if (!applications.isEmpty()) {
      output.line("");
      output.table(
          List.of("APPLICATION", "STATUS", "EXECUTORS", "PROCESSES", "PSS"),
          applications.stream()
              .map(
                  it ->
                      List.of(
                          it.name(),
                          it.status(),
                          it.executors() < 0 ? "-" : Integer.toString(it.executors()),
                          Integer.toString(it.processes()),
                          Words.megabytes(it.pss())))
              .toList());
    }
    output.line("");
    output.line("Public URL  " + url);
    output.line("Home        " + home.path());
    output.line("Driver      " + driver);
    output.line("Isolation   " + isolation);
    output.line(
        "Memory      %s for the platform, %s for %s, %s for %s"
            .formatted(
                Words.megabytes(platform),
                Words.megabytes(instances),
                Words.count(status.instances().size(), "instance"),
                Words.megabytes(sum(applications.stream().map(ApplicationRow::pss).toList())),
                Words.count(applications.size(), "application")));
  }

  /// What is known of an application: by the platform, as far as the one who asks may know, and by
  /// the kernel.
  ///
  /// @param executors how many are to run; -1 when the platform does not tell
  private record ApplicationRow(
      String id, String name, String status, int executors, int processes, OptionalLong pss) {}

  private List<ApplicationRow> applications(PlatformStatus status) {
    Map<String, ApplicationRow> rows = new LinkedHashMap<>();
    for (ApplicationMemory it : status.applications()) {
      rows.put(
          it.id(), new ApplicationRow(it.id(), it.id(), UNKNOWN, -1, it.processes(), it.pss()));
    }
    if (status.ready()) {
      for (Application it : KnownApplications.all(surroundings)) {
        @Nullable ApplicationRow seen = rows.get(it.id());
        rows.put(
            it.id(),
            new ApplicationRow(
                it.id(),
                it.name(),
                it.status(),
                it.minimumExecutors(),
                seen == null ? 0 : seen.processes(),
                seen == null ? OptionalLong.empty() : seen.pss()));
      }
    }
    return List.copyOf(rows.values());
  }

  private static void add(ObjectNode json, List<ApplicationRow> applications, String isolation) {
    json.put("isolation", isolation);
    ArrayNode all = json.putArray("applications");
    for (ApplicationRow it : applications) {
      ObjectNode application = all.addObject();
      application.put("id", it.id());
      application.put("name", it.name().equals(it.id()) ? null : it.name());
      application.put("status", it.status());
      application.put("executors", it.executors() < 0 ? null : it.executors());
      application.put("processes", it.processes());
      application.put("pssBytes", boxed(it.pss()));
    }
    ObjectNode totals = (ObjectNode) json.path("totals");
    totals.put("applications", applications.size());
    totals.put(
        "applicationsPssBytes",
        boxed(sum(applications.stream().map(ApplicationRow::pss).toList())));
  }

  private ObjectNode json(
      PlatformStatus status,
      String url,
      Map<Integer, String> names,
      OptionalLong platform,
      OptionalLong instances) {
    ObjectNode result = Json.object();
    result.put("running", status.running());
    result.put("ready", status.ready());
    result.put("home", home.path().toString());
    result.put("publicUrl", url);
    ArrayNode processes = result.putArray("processes");
    for (ProcessStatus it : status.processes()) {
      ObjectNode process = processes.addObject();
      process.put("name", it.name());
      process.put("state", it.state());
      process.put("pid", it.pid() == 0 ? null : it.pid());
      process.put("port", it.port() == 0 ? null : it.port());
      process.put("since", it.since() == null ? null : String.valueOf(it.since()));
      process.put("restarts", it.restarts());
      process.put("pssBytes", boxed(it.pss()));
      process.put("problem", it.problem());
      ArrayNode log = process.putArray("log");
      it.logLines().forEach(log::add);
    }
    ArrayNode servers = result.putArray("instances");
    for (InstanceStatus it : status.instances()) {
      ObjectNode instance = servers.addObject();
      instance.put("id", it.folder());
      instance.put("name", names.get(it.port()));
      instance.put("port", it.port());
      instance.put("processes", it.processes());
      instance.put("pssBytes", boxed(it.pss()));
    }
    ObjectNode totals = result.putObject("totals");
    totals.put("platformPssBytes", boxed(platform));
    totals.put("instancesPssBytes", boxed(instances));
    totals.put("instances", status.instances().size());
    return result;
  }

  private static OptionalLong sum(List<OptionalLong> sizes) {
    LongStream known = sizes.stream().flatMapToLong(OptionalLong::stream);
    long sum = known.sum();
    return sum == 0 ? OptionalLong.empty() : OptionalLong.of(sum);
  }

  @SuppressWarnings("NullAway") // Jackson takes null for JSON's null.
  private static Long boxed(OptionalLong value) {
    return value.isPresent() ? Long.valueOf(value.getAsLong()) : null;
  }
}
