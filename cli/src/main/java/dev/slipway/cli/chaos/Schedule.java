package dev.slipway.cli.chaos;

import dev.slipway.cli.chaos.Fault.Kind;
import dev.slipway.cli.chaos.Fault.Target;
import java.time.Duration;
import java.util.ArrayList;
import java.util.EnumMap;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.TreeMap;
import java.util.function.Supplier;
import java.util.stream.IntStream;

/// What is done and what is broken, and in which order: it follows from the seed and nothing else.
/// Only the timing of a run is its own.
///
/// The walks assume that what was asked for is done, so that now and then one asks for what a fault
/// has prevented, which then has to be refused.
final class Schedule {

  /// One step of an organization's walk.
  ///
  /// @param pause  before it
  /// @param waits  whether the caller waits for the end of the operation, or asks for an answer at
  ///     once
  /// @param repeat whether the same call is made again with the same key although it was answered
  record Step(int number, Duration pause, Action action, boolean waits, boolean repeat) {

    String words() {
      return "#%d after %d ms: %s%s%s"
          .formatted(
              number,
              pause.toMillis(),
              action.words(),
              waits ? "" : ", answered at once",
              repeat ? ", repeated" : "");
    }
  }

  /// Of each subscriber a hundred in ten minutes, and some more.
  private static final int CUT_EVERY_MILLIS = 4_500;

  private static final int MOST_INSTANCES = 3;
  private static final int MOST_APPLICATIONS = 2;
  private static final int LONGEST_PAUSE_MILLIS = 1_500;

  /// The faults: their kinds, and how often, of a hundred.
  private static final Map<Target, Integer> WEIGHTS = new EnumMap<>(Target.class);

  static {
    WEIGHTS.put(Target.ACCOUNT_SERVICE, 8);
    WEIGHTS.put(Target.INSTANCE_SERVICE, 12);
    WEIGHTS.put(Target.DEPLOY_SERVICE, 12);
    WEIGHTS.put(Target.GATEWAY, 8);
    WEIGHTS.put(Target.LOCAL_STACK, 7);
    WEIGHTS.put(Target.CONTROL_POSTGRES, 5);
    WEIGHTS.put(Target.CONTROL_BACKEND, 4);
    WEIGHTS.put(Target.POSTMASTER, 14);
    WEIGHTS.put(Target.BACKEND, 6);
    WEIGHTS.put(Target.SUPERVISOR, 9);
    WEIGHTS.put(Target.SERVER, 9);
    WEIGHTS.put(Target.COMMAND, 6);
  }

  private static final int SHORTEST_GAP_MILLIS = 1_500;
  private static final int LONGEST_GAP_MILLIS = 6_500;
  private static final int LONGEST_HOLD_MILLIS = 15_000;

  private final long seed;

  Schedule(long seed) {
    this.seed = seed;
  }

  /// The faults of the first so many minutes.
  List<Fault> faults(Duration during) {
    Random random = new Random(seed * 31 + 7);
    List<Fault> faults = new ArrayList<>();
    long at = 2_000;
    while (true) {
      at += random.nextInt(SHORTEST_GAP_MILLIS, LONGEST_GAP_MILLIS);
      Target target = target(random.nextInt(100));
      int roll = random.nextInt(100);
      Kind kind =
          roll < 68 ? Kind.KILL : roll < 90 || !target.service() ? Kind.PAUSE : Kind.RESTART;
      int held = random.nextInt(1_000, LONGEST_HOLD_MILLIS);
      int pick = random.nextInt(1_000);
      if (at > during.toMillis()) {
        return faults;
      }
      faults.add(
          new Fault(
              Duration.ofMillis(at),
              kind,
              target,
              pick,
              kind == Kind.PAUSE ? Duration.ofMillis(held) : Duration.ZERO));
    }
  }

  /// When the connection of an organization's subscriber is cut, of the first so many minutes.
  List<Duration> cuts(Duration during, int organization) {
    Random random = new Random(seed * 1_009 + organization);
    List<Duration> cuts = new ArrayList<>();
    for (long at = 1_000; at <= during.toMillis(); at += random.nextInt(2 * CUT_EVERY_MILLIS)) {
      cuts.add(Duration.ofMillis(at));
    }
    return cuts;
  }

  private static Target target(int roll) {
    int left = roll;
    for (Map.Entry<Target, Integer> weight : WEIGHTS.entrySet()) {
      left -= weight.getValue();
      if (left < 0) {
        return weight.getKey();
      }
    }
    throw new IllegalStateException("the weights do not add up to a hundred");
  }

  /// The endless walk of one organization.
  Supplier<Step> walk(int organization) {
    return new Walk(new Random(seed * 1_000_003 + organization), organization);
  }

  /// The walk of the application that users call all the time: deploys and roll backs only.
  Supplier<Step> steadyWalk() {
    Random random = new Random(seed * 1_000_003 - 1);
    return new Supplier<>() {

      private int number;
      private int migrations = 1;

      @Override
      public Step get() {
        number++;
        Duration pause = Duration.ofMillis(random.nextInt(3_000, 9_000));
        int roll = random.nextInt(100);
        Action action =
            roll < 60
                ? new Action.Deploy(Organization.STEADY, ++migrations)
                : roll < 90
                    ? new Action.RollBack(Organization.STEADY)
                    : new Action.DeployBroken(Organization.STEADY, ++migrations);
        return new Step(number, pause, action, random.nextBoolean(), random.nextInt(10) == 0);
      }
    };
  }

  /// The names that would be there if everything came true.
  private static final class Walk implements Supplier<Step> {

    private static final List<Action.Mistake> MISTAKES = List.of(Action.Mistake.values());

    private final Random random;
    private final int organization;
    private final List<String> instances = new ArrayList<>();
    private final List<String> links = new ArrayList<>();

    /// The instance that each uses.
    private final Map<String, String> applications = new TreeMap<>();

    private final Map<String, Integer> deploys = new HashMap<>();
    private int number;
    private int names;

    Walk(Random random, int organization) {
      this.random = random;
      this.organization = organization;
    }

    @Override
    public Step get() {
      number++;
      Duration pause = Duration.ofMillis(random.nextInt(LONGEST_PAUSE_MILLIS));
      Action action = next();
      return new Step(number, pause, action, random.nextInt(3) > 0, random.nextInt(8) == 0);
    }

    private Action next() {
      if (instances.isEmpty()) {
        return provision();
      }
      if (applications.isEmpty() && random.nextInt(3) > 0) {
        return register();
      }
      int roll = random.nextInt(100);
      if (roll < 10) {
        return instances.size() < MOST_INSTANCES ? provision() : destroy();
      }
      if (roll < 13) {
        return new Action.ProvisionAndCancel(name("try"), random.nextInt(400));
      }
      if (roll < 16) {
        return new Action.ProvisionAndDestroy(freeInstance(), random.nextInt(600));
      }
      if (roll < 25) {
        return new Action.WriteRows(any(instances), random.nextInt(3, 12));
      }
      if (roll < 33) {
        return new Action.ResetPassword(any(instances));
      }
      if (roll < 38) {
        return destroy();
      }
      if (roll < 42) {
        return link();
      }
      if (roll < 46) {
        return applications.size() < MOST_APPLICATIONS ? register() : delete();
      }
      if (roll < 50) {
        return new Action.Invalid(MISTAKES.get(random.nextInt(MISTAKES.size())));
      }
      if (roll < 52) {
        return new Action.SignUp("u%d_%d".formatted(organization, ++names));
      }
      if (applications.isEmpty()) {
        return register();
      }
      String application = any(List.copyOf(applications.keySet()));
      int deployed = deploys.getOrDefault(application, 0);
      if (roll < 70 || deployed == 0) {
        return new Action.Deploy(application, deployed(application));
      }
      if (roll < 75) {
        return new Action.DeployBroken(application, deployed(application));
      }
      if (roll < 80) {
        return new Action.DeployAndCancel(
            application, deployed(application), random.nextInt(4_000));
      }
      if (roll < 84) {
        return new Action.Redeploy(application);
      }
      if (roll < 91) {
        return new Action.RollBack(application);
      }
      if (roll < 94) {
        return changeInstance(application);
      }
      if (roll < 96) {
        return new Action.Secrets(application, "TOKEN_" + random.nextInt(5));
      }
      return roll < 98
          ? delete()
          : new Action.DeployAndDelete(forgotten(application), deployed + 1, random.nextInt(4_000));
    }

    private Action provision() {
      String name = freeInstance();
      instances.add(name);
      return new Action.Provision(name);
    }

    private Action register() {
      String name = name("app");
      String instance = any(instances);
      applications.put(name, instance);
      return new Action.Register(name, instance);
    }

    /// One without applications, so that it is not refused for that.
    private Action destroy() {
      List<String> free =
          instances.stream().filter(name -> !applications.containsValue(name)).toList();
      if (free.isEmpty()) {
        return instances.size() < MOST_INSTANCES ? provision() : delete();
      }
      String name = any(free);
      instances.remove(name);
      return new Action.Destroy(name);
    }

    private Action link() {
      if (!links.isEmpty()) {
        return new Action.Unlink(links.removeFirst());
      }
      String name = name("ln");
      links.add(name);
      return new Action.Link(name, any(instances));
    }

    private Action changeInstance(String application) {
      List<String> others =
          instances.stream().filter(it -> !it.equals(applications.get(application))).toList();
      if (others.isEmpty()) {
        return provision();
      }
      String target = any(others);
      applications.put(application, target);
      return new Action.ChangeInstance(application, target, deployed(application));
    }

    private Action delete() {
      if (applications.isEmpty()) {
        return register();
      }
      String name = any(List.copyOf(applications.keySet()));
      return new Action.Delete(forgotten(name), random.nextInt(3) > 0);
    }

    private String forgotten(String application) {
      applications.remove(application);
      return application;
    }

    private int deployed(String application) {
      return deploys.merge(application, 1, Integer::sum);
    }

    /// Names of instances come again when nobody has them, so that what is new meets what is left.
    private String freeInstance() {
      List<String> free =
          IntStream.rangeClosed(1, MOST_INSTANCES + 2)
              .mapToObj("db_%d"::formatted)
              .filter(it -> !instances.contains(it))
              .toList();
      return any(free);
    }

    private String name(String kind) {
      return "%s_%d".formatted(kind, ++names);
    }

    private String any(List<String> of) {
      return of.get(random.nextInt(of.size()));
    }
  }
}
