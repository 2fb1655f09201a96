package dev.slipway.bench;

import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.slipway.localstack.TestStack;
import java.io.IOException;
import java.net.ServerSocket;
import java.net.http.HttpClient;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Comparator;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.TreeMap;
import java.util.stream.Stream;

/// Measures operations of five steps that do nothing, from the request to the end, beside the same
/// five steps in DBOS Transact; on a Postgres that waits for its disk, with every event relayed to
/// Kafka, and all of it on this machine.
///
/// `RUNS IN_FLIGHT` are how many are run alone and how many are asked for at a time. The result is
/// printed as JSON. What is measured takes turns, so that whatever else the machine does hits both
/// alike.
public final class OperationsBench {

  private static final int ROUNDS = 3;

  /// How many of those in flight follow each other in a round.
  private static final int IN_A_ROW = 40;

  private static final Duration PATIENCE = Duration.ofSeconds(30);

  private OperationsBench() {}

  /// What was measured of one of the two.
  ///
  /// @param median    milliseconds from the request to the end, alone
  /// @param perSecond how many ended, in the middle of the rounds
  record Measured(double median, double p95, double perSecond) {

    static Measured of(List<double[]> alone, List<Double> together) {
      double[] all = alone.stream().flatMapToDouble(Arrays::stream).sorted().toArray();
      List<Double> rounds = together.stream().sorted().toList();
      return new Measured(
          all[all.length / 2], all[(int) (all.length * 0.95)], rounds.get(rounds.size() / 2));
    }
  }

  public static void main(String[] arguments) throws IOException, InterruptedException {
    int runs = Integer.parseInt(arguments[0]);
    int inFlight = Integer.parseInt(arguments[1]);
    endInOrder(Thread.currentThread());
    System.setProperty(TestStack.DURABLE, "true");
    say("starting Kafka and Postgres");
    TestStack stack = TestStack.shared();
    Path folder = Files.createTempDirectory("slipway-bench-");
    try (HttpClient client = HttpClient.newBuilder().version(HttpClient.Version.HTTP_1_1).build()) {
      Map<String, String> environment = environment(stack, folder);
      say("starting two replicas");
      try (Replica one = replica(client, folder, 1, environment);
          Replica two = replica(client, folder, 2, environment)) {
        List<Replica> replicas = List.of(one, two);
        String secret = Files.readString(folder.resolve("keys/internal.secret")).strip();
        var ours = new Load(client, replicas, secret, "/bench/operations", "SUCCEEDED");
        var transact = new Load(client, replicas, secret, "/bench/workflows", "5");
        print(measure(ours, transact, runs, inFlight));
      }
    } finally {
      remove(folder);
    }
  }

  /// Who is told to end stops what it has started first.
  private static void endInOrder(Thread main) {
    Runtime.getRuntime()
        .addShutdownHook(
            new Thread(
                () -> {
                  main.interrupt();
                  try {
                    boolean ended = main.join(PATIENCE);
                    assert ended : "what was started has ended";
                  } catch (InterruptedException stopped) {
                    Thread.currentThread().interrupt();
                  }
                },
                "end-in-order"));
  }

  private static List<Measured> measure(Load ours, Load transact, int runs, int inFlight)
      throws IOException, InterruptedException {
    say("warming up");
    for (Load load : List.of(ours, transact)) {
      load.together(inFlight * IN_A_ROW, inFlight);
      load.alone(runs / ROUNDS);
    }
    List<List<double[]>> alone = List.of(new ArrayList<>(), new ArrayList<>());
    List<List<Double>> together = List.of(new ArrayList<>(), new ArrayList<>());
    for (int round = 1; round <= ROUNDS; round++) {
      say("round %d of %d".formatted(round, ROUNDS));
      alone.get(0).add(ours.alone(Math.max(1, runs / ROUNDS)));
      alone.get(1).add(transact.alone(Math.max(1, runs / ROUNDS)));
      together.get(0).add(ours.together(inFlight * IN_A_ROW, inFlight));
      together.get(1).add(transact.together(inFlight * IN_A_ROW, inFlight));
    }
    return List.of(
        Measured.of(alone.get(0), together.get(0)), Measured.of(alone.get(1), together.get(1)));
  }

  private static Replica replica(
      HttpClient client, Path folder, int number, Map<String, String> environment)
      throws IOException, InterruptedException {
    Map<String, String> own = new TreeMap<>(environment);
    own.put("SLIPWAY_REPLICA", "bench-" + number);
    return Replica.start(client, folder.resolve("replica-" + number + ".log"), freePort(), own);
  }

  private static int freePort() throws IOException {
    try (ServerSocket socket = new ServerSocket(0)) {
      return socket.getLocalPort();
    }
  }

  private static Map<String, String> environment(TestStack stack, Path folder) {
    Map<String, String> environment = new TreeMap<>();
    stack
        .quarkusConfiguration("bench")
        .forEach((key, value) -> environment.put(variable(key), value));
    environment.put("SLIPWAY_KEYS_DIRECTORY", folder.resolve("keys").toString());
    environment.put("BENCH_TRANSACT_URL", stack.jdbcUrl("transact"));
    environment.put("BENCH_TRANSACT_USER", stack.databaseUser("transact"));
    environment.put("BENCH_TRANSACT_PASSWORD", stack.databasePassword("transact"));
    return environment;
  }

  private static String variable(String key) {
    return key.replaceAll("[^a-zA-Z0-9]", "_").toUpperCase(Locale.ROOT);
  }

  private static void print(List<Measured> measured) {
    ObjectNode result = new ObjectMapper().createObjectNode();
    put(result, "median", "p95", "operations", measured.get(0));
    put(result, "transactMedian", "transactP95", "transactWorkflows", measured.get(1));
    System.out.println(result);
  }

  private static void put(
      ObjectNode result, String median, String p95, String perSecond, Measured one) {
    result.put(median + "Millis", rounded(one.median()));
    result.put(p95 + "Millis", rounded(one.p95()));
    result.put(perSecond + "PerSecond", rounded(one.perSecond()));
  }

  private static double rounded(double value) {
    return Math.round(value * 10) / 10.0;
  }

  private static void say(String what) {
    System.err.println(what);
  }

  private static void remove(Path folder) throws IOException {
    try (Stream<Path> files = Files.walk(folder)) {
      for (Path file : files.sorted(Comparator.reverseOrder()).toList()) {
        Files.delete(file);
      }
    }
  }
}
