package dev.slipway.cli.chaos;

import dev.slipway.cli.api.ApiClient;
import dev.slipway.cli.api.OperationView;
import dev.slipway.cli.api.Operations;
import dev.slipway.cli.api.PlatformAddress;
import dev.slipway.cli.chaos.Schedule.Step;
import dev.slipway.cli.console.CommandFailure;
import dev.slipway.cli.console.Surroundings;
import dev.slipway.cli.platform.InstallationEngine;
import dev.slipway.cli.platform.PlatformHome;
import dev.slipway.cli.platform.PlatformStatus;
import java.io.IOException;
import java.net.http.HttpClient;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Set;
import java.util.TreeMap;
import java.util.concurrent.TimeUnit;
import java.util.function.Consumer;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;

/// One run, against a platform that is ready.
///
/// Organizations act and faults happen until the time is over or somebody stops it. Then the faults
/// end, what was begun may end, and the platform comes to rest, which is looked at again and again
/// until nothing is wrong or [#REST] is over.
public final class ChaosRun {

  /// How long a platform without faults may take to come to rest.
  static final Duration REST = Duration.ofMinutes(3);

  private static final SteadyLoad.Manner USERS =
      new SteadyLoad.Manner(5, false, Duration.ofHours(10));
  private static final String STEADY_ORGANIZATION = "steady";
  private static final int LOOK_MILLIS = 500;
  private static final int LOOK_AGAIN_MILLIS = 3_000;
  private static final int CUT_LOOK_MILLIS = 20;

  /// What to do.
  ///
  /// @param organizations beside the one of the steady application
  /// @param driver        what instances run on
  public record Settings(Duration during, long seed, int organizations, String driver) {}

  private final Surroundings surroundings;
  private final PlatformHome home;
  private final Settings settings;
  private final Consumer<String> progress;
  private final Journal journal = new Journal();
  private final Expectations expectations = new Expectations();
  private final Map<String, ApiClient> watchers = new TreeMap<>();
  private final Map<String, Subscriber> subscribers = new TreeMap<>();

  /// Stuck operations that were retried.
  private final Set<String> retried = new HashSet<>();

  private volatile boolean stopping;

  /// Whether nobody waits for anything any more.
  private volatile boolean over;

  /// @param surroundings those of the platform: `SLIPWAY_HOME` leads to it
  /// @param progress     is told a line now and then, which replaces the one before
  public ChaosRun(Surroundings surroundings, Settings settings, Consumer<String> progress) {
    this.surroundings = surroundings;
    this.home = PlatformHome.of(surroundings);
    this.settings = settings;
    this.progress = progress;
  }

  /// Ends the faults and the actions now; the rest of the run is as usual.
  public void stop() {
    stopping = true;
  }

  public Result run() throws IOException, InterruptedException {
    PlatformAddress address = PlatformAddress.of(surroundings);
    Path authority = address.authority().orElseThrow();
    HttpClient http = HttpClient.newBuilder().sslContext(address.trust()).build();
    GatewayWatch gateway = new GatewayWatch(journal, http, address.url());
    Schedule schedule = new Schedule(settings.seed());
    People people = new People(surroundings, journal, () -> over);
    progress.accept("signing up");
    Organization steady = organization(STEADY_ORGANIZATION, people, authority);
    List<Walker> walkers = new ArrayList<>();
    for (int i = 1; i <= settings.organizations(); i++) {
      walkers.add(new Walker(organization("org" + i, people, authority), schedule.walk(i)));
    }
    progress.accept("deploying the application that is called all the time");
    String url = deploySteady(steady);
    walkers.add(new Walker(steady, schedule.steadyWalk()));
    List<Fault> plan = schedule.faults(settings.during());
    Set<String> spared = Set.of(steadyId());
    Duration began = journal.now();
    long beganAt = System.currentTimeMillis();
    List<SteadyLoad.Failure> failures;
    long answered;
    try (SteadyLoad load = new SteadyLoad(address.trust(), url, USERS)) {
      Faults faults =
          new Faults(new Victims(home, engine(), spared), journal, gateway, this::ending);
      Thread breaking = start("faults", () -> faults.run(plan));
      List<Thread> cutting = new ArrayList<>();
      for (Subscriber subscriber : subscribers.values()) {
        List<Duration> cuts = schedule.cuts(settings.during(), cutting.size());
        cutting.add(start("cuts", () -> cut(subscriber, cuts)));
      }
      List<Thread> walking = new ArrayList<>();
      for (Walker walker : walkers) {
        walking.add(start(walker.organization().name(), () -> walk(walker)));
      }
      while (!ending()) {
        report("", load);
        TimeUnit.MILLISECONDS.sleep(LOOK_MILLIS);
        if (journal.now().minus(began).compareTo(settings.during()) > 0) {
          stopping = true;
        }
      }
      breaking.join();
      for (Thread thread : cutting) {
        thread.join();
      }
      long deadline = System.nanoTime() + REST.toNanos();
      for (Thread thread : walking) {
        while (thread.isAlive() && System.nanoTime() < deadline) {
          report(", waiting for what was begun", load);
          thread.join(Duration.ofMillis(LOOK_MILLIS));
        }
      }
      over = true;
      for (Thread thread : walking) {
        thread.join();
      }
      load.end();
      failures = load.failures();
      answered = load.answered();
    }
    List<Journal.FailedRequest> failed =
        failures.stream()
            .map(
                it ->
                    new Journal.FailedRequest(
                        journal.at(it.began()), journal.at(it.ended()), it.what()))
            .toList();
    Rest rest = rest();
    subscribers.values().forEach(Subscriber::close);
    List<Finding> findings = new ArrayList<>(journal.findings());
    findings.addAll(Checker.requests(failed, gateway.times()));
    findings.addAll(rest.findings());
    return new Result(
        settings,
        began,
        beganAt,
        rest.observations(),
        journal.calls(),
        journal.faults(),
        gateway.times(),
        failed,
        answered,
        subscribers.values().stream().mapToInt(it -> it.heard().size()).sum(),
        subscribers.values().stream().map(Subscriber::cuts).toList(),
        retried.size(),
        rest.took(),
        journal.now(),
        findings);
  }

  private boolean ending() {
    return stopping;
  }

  /// One organization and what it does.
  private record Walker(Organization organization, Supplier<Step> steps) {}

  /// Something that may be interrupted.
  private interface Work {
    void run() throws InterruptedException;
  }

  private Thread start(String name, Work work) {
    return Thread.ofPlatform()
        .name(name)
        .start(
            () -> {
              try {
                work.run();
              } catch (InterruptedException stopped) {
                Thread.currentThread().interrupt();
              } catch (RuntimeException unexpected) {
                // A fault of this command must not be taken for silence.
                journal.found(
                    new Finding(
                        Finding.Kind.NOT_AT_REST, "the walk of " + name, unexpected.toString()));
              }
            });
  }

  private void walk(Walker walker) throws InterruptedException {
    while (!stopping) {
      Step step = walker.steps().get();
      TimeUnit.MILLISECONDS.sleep(step.pause().toMillis());
      if (!stopping) {
        walker.organization().act(step);
      }
    }
  }

  /// Who has no connection just then loses the next one.
  private void cut(Subscriber subscriber, List<Duration> cuts) throws InterruptedException {
    Duration began = journal.now();
    for (Duration cut : cuts) {
      while (journal.now().minus(began).compareTo(cut) < 0 || !subscriber.cut()) {
        if (stopping) {
          return;
        }
        TimeUnit.MILLISECONDS.sleep(CUT_LOOK_MILLIS);
      }
    }
  }

  private Organization organization(String name, People people, Path authority)
      throws InterruptedException {
    ApiClient acting = people.signUp(name);
    ApiClient watching = people.signUp(name);
    watchers.put(name, watching);
    subscribers.put(name, new Subscriber(people.signUp(name), name));
    return new Organization(
        new Calls(name, acting, journal, () -> over), expectations, journal, people, authority);
  }

  /// @return its address
  private String deploySteady(Organization steady) throws IOException, InterruptedException {
    int number = 0;
    for (Action action :
        List.of(
            new Action.Provision(Organization.STEADY + "_db"),
            new Action.Register(Organization.STEADY, Organization.STEADY + "_db"),
            new Action.Deploy(Organization.STEADY, 1))) {
      steady.act(new Step(number--, Duration.ZERO, action, true, false));
    }
    Observations.Application there = steadyApplication();
    if (!there.status().equals("AVAILABLE")) {
      throw CommandFailure.failed(
              "not-deployed",
              "the application that is called all the time is %s".formatted(there.status()))
          .details(there.reason())
          .next("Run it again with --keep, and see the log of deploy-service.")
          .build();
    }
    return there.url();
  }

  /// Null where instances are processes.
  private @Nullable InstallationEngine engine() {
    return InstallationEngine.of(home, surroundings).orElse(null);
  }

  private String steadyId() throws IOException, InterruptedException {
    return steadyApplication().id();
  }

  private Observations.Application steadyApplication() throws IOException, InterruptedException {
    Map<String, Observations.Listed> seen =
        new Inspection(home, engine(), watchers, expectations).look().organizations();
    return Objects.requireNonNull(seen.get(STEADY_ORGANIZATION), "it was just signed up")
        .applications()
        .getFirst();
  }

  /// What was seen when nothing moved any more.
  ///
  /// @param observations null when the platform did not answer
  /// @param took         since the faults ended
  private record Rest(@Nullable Observations observations, List<Finding> findings, Duration took) {}

  private Rest rest() throws InterruptedException {
    Inspection inspection = new Inspection(home, engine(), watchers, expectations);
    Duration began = journal.now();
    Duration faultsEnded = journal.whenFaultsEnded();
    Duration since = faultsEnded == null ? began : faultsEnded;
    @Nullable Observations last = null;
    List<Finding> findings;
    do {
      if (last != null) {
        TimeUnit.MILLISECONDS.sleep(LOOK_AGAIN_MILLIS);
      }
      progress.accept("coming to rest, for " + journal.now().minus(since).toSeconds() + " s");
      if (!PlatformStatus.read(home, false).ready()) {
        findings = List.of(notAtRest("not every process is ready"));
        TimeUnit.MILLISECONDS.sleep(LOOK_MILLIS);
        continue;
      }
      try {
        last = inspection.look();
        retryStuck(last);
        findings =
            new ArrayList<>(Checker.rest(expectations, journal.calls(), journal.faults(), last));
        findings.addAll(events(last));
      } catch (IOException | CommandFailure silent) {
        findings = List.of(notAtRest(String.valueOf(silent.getMessage())));
        TimeUnit.MILLISECONDS.sleep(LOOK_MILLIS);
      }
    } while (!findings.isEmpty() && journal.now().minus(began).compareTo(REST) < 0);
    return new Rest(last, findings, journal.now().minus(since));
  }

  /// Does what the platform says to do about stuck operations, once for each: with nothing broken
  /// any more that has to end them. One that does not say what to do has broken its
  /// promise already.
  private void retryStuck(Observations seen) throws IOException, InterruptedException {
    for (Map.Entry<String, Observations.Listed> one : seen.organizations().entrySet()) {
      for (Observations.Operation operation : one.getValue().operations()) {
        if (!operation.stuck() || retried.contains(operation.id())) {
          continue;
        }
        try {
          new Operations(Objects.requireNonNull(watchers.get(one.getKey()), one.getKey()))
              .retry(operation.id());
        } catch (CommandFailure refused) {
          // It has ended meanwhile, or is found to be stuck at the next look.
        }
        retried.add(operation.id());
        Checker.untold(operation).ifPresent(journal::found);
      }
    }
  }

  private List<Finding> events(Observations seen) throws IOException, InterruptedException {
    List<Finding> findings = new ArrayList<>();
    for (Map.Entry<String, Subscriber> one : subscribers.entrySet()) {
      String organization = one.getKey();
      Subscriber subscriber = one.getValue();
      subscriber
          .over()
          .ifPresent(
              why ->
                  findings.add(
                      new Finding(Finding.Kind.EVENT, organization, "turned away: " + why)));
      // With their steps, and read before the feed.
      List<OperationView> operations =
          new Operations(Objects.requireNonNull(watchers.get(organization), organization))
              .complete(Integer.MAX_VALUE);
      List<Heard> heard = subscriber.heard();
      List<Heard> complete = subscriber.complete();
      findings.addAll(
          Checker.events(
              organization,
              heard,
              complete,
              Objects.requireNonNull(seen.organizations().get(organization), organization)
                  .operations()));
      findings.addAll(Checker.steps(operations, complete));
    }
    return findings;
  }

  private static Finding notAtRest(String what) {
    return new Finding(Finding.Kind.NOT_AT_REST, "the platform", what);
  }

  private void report(String what, SteadyLoad load) {
    List<Journal.Call> calls = journal.calls();
    long operations = calls.stream().mapToLong(it -> it.operations().size()).sum();
    long kills =
        journal.faults().stream().filter(it -> it.fault().kind() == Fault.Kind.KILL).count();
    Duration now = journal.now();
    progress.accept(
        "%d:%02d   %d calls, %d operations · %d faults, %d kills · %d requests, %d failed%s"
            .formatted(
                now.toMinutes(),
                now.toSecondsPart(),
                calls.size(),
                operations,
                journal.faults().size(),
                kills,
                load.answered(),
                load.failures().size(),
                what));
  }

  /// What came of it.
  ///
  /// @param began        when the faults did, in the run's own time
  /// @param beganAt      the same in milliseconds since 1970
  /// @param observations what was seen at rest; null when the platform did not answer
  /// @param failed       all of the requests that failed, those that may included
  /// @param events       that the subscribers have heard
  /// @param cuts         how often each has lost its connection on purpose
  /// @param retried      how many stuck operations were retried at rest
  /// @param rest         how long it took from the last fault until nothing moved
  public record Result(
      Settings settings,
      Duration began,
      long beganAt,
      @Nullable Observations observations,
      List<Journal.Call> calls,
      List<Journal.Done> faults,
      List<GatewayWatch.Away> away,
      List<Journal.FailedRequest> failed,
      long answered,
      int events,
      List<Integer> cuts,
      int retried,
      Duration rest,
      Duration took,
      List<Finding> findings) {

    public Result {
      calls = List.copyOf(calls);
      faults = List.copyOf(faults);
      cuts = List.copyOf(cuts);
      findings = List.copyOf(findings);
    }

    int allCuts() {
      return cuts.stream().mapToInt(it -> it).sum();
    }

    /// Of the subscriber that has lost its connection the least often.
    int fewestCuts() {
      return cuts.stream().mapToInt(it -> it).min().orElse(0);
    }
  }
}
