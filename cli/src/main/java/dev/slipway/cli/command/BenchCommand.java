package dev.slipway.cli.command;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.slipway.cli.api.ApiClient;
import dev.slipway.cli.api.ApplicationCalls;
import dev.slipway.cli.api.Applications;
import dev.slipway.cli.api.Databases;
import dev.slipway.cli.api.Databases.Database;
import dev.slipway.cli.api.Operations;
import dev.slipway.cli.api.PasswordFile;
import dev.slipway.cli.archive.ApplicationArchive;
import dev.slipway.cli.archive.ApplicationFolder;
import dev.slipway.cli.bench.DeployBench;
import dev.slipway.cli.bench.HandDeploy;
import dev.slipway.cli.bench.OperationsBench;
import dev.slipway.cli.bench.ProvisionBench;
import dev.slipway.cli.bench.Samples;
import dev.slipway.cli.console.CommandFailure;
import dev.slipway.cli.console.Interruption;
import dev.slipway.cli.console.Json;
import dev.slipway.cli.console.Output;
import dev.slipway.cli.console.Surroundings;
import dev.slipway.cli.console.Words;
import dev.slipway.cli.platform.PlatformHome;
import dev.slipway.cli.platform.PlatformSettings;
import dev.slipway.cli.platform.Postgres;
import java.io.IOException;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.ThreadLocalRandom;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.Spec;

/// Measures.
@Command(
    name = "bench",
    description = "Measure the platform on this machine.",
    mixinStandardHelpOptions = true,
    footer = {
      "",
      "Examples:",
      "  slipway bench provision --runs 11",
      "  slipway bench deploy --runs 7",
      "  slipway bench operations"
    })
final class BenchCommand implements Runnable {

  @Spec private CommandSpec spec;

  private final Surroundings surroundings;
  private final Output output;

  BenchCommand(Surroundings surroundings) {
    this.surroundings = surroundings;
    this.output = new Output(surroundings);
  }

  @Override
  public void run() {
    throw new ParameterException(spec.commandLine(), "a command is missing");
  }

  @Command(
      name = "provision",
      description = "Compare provisioning with making a Postgres by hand.",
      footer = {
        "",
        "floor  cp -a of an initialised data directory, pg_ctl start -w, one role",
        "plain  initdb, pg_ctl start -w",
        "ours   from the request until the status is available",
        "",
        "Where instances are containers, plain is `docker run` of the image until it accepts a connection, and there is no",
        "floor.",
        "",
        "They take turns, and whatever they make is removed again. You have to be signed in.",
        "",
        "Example:",
        "  slipway bench provision --runs 11 --parallel 8 --json"
      })
  int provision(
      @Option(names = "--runs", defaultValue = "9", description = "Of each (${DEFAULT-VALUE}).")
          int runs,
      @Option(
              names = "--parallel",
              defaultValue = "8",
              description = "How many to ask for at once in the end (${DEFAULT-VALUE}).")
          int parallel,
      @Option(
              names = "--driver",
              paramLabel = "DRIVER",
              description = "What this platform's instances run on; another one is refused.")
          @Nullable String driver,
      @Mixin OutputOptions options)
      throws IOException, InterruptedException {
    if (runs < 1 || parallel < 0 || parallel > 100) {
      throw CommandFailure.misused("--runs is at least 1, --parallel 0 to 100").build();
    }
    ApiClient client = ApiClient.of(surroundings);
    if (!client.address().local()) {
      throw CommandFailure.misused("DBOS_DOMAIN points to another machine")
          .next("Unset it: this compares with what is done by hand here.")
          .build();
    }
    client.profile();
    PlatformHome home = PlatformHome.of(surroundings);
    String chosen =
        PlatformSettings.read(home).map(PlatformSettings::driver).orElse(PlatformSettings.PROCESS);
    if (driver != null && !driver.equals(chosen)) {
      throw CommandFailure.misused("this platform's driver is '%s'".formatted(chosen))
          .next("Measure another platform with SLIPWAY_HOME=FOLDER.")
          .build();
    }
    ProvisionBench bench =
        new ProvisionBench(
            () -> new Databases(ApiClient.of(surroundings)),
            () -> new Operations(ApiClient.of(surroundings)),
            Postgres.of(home),
            home.data().toRealPath(),
            output::live);
    String image = surroundings.variable("SLIPWAY_DOCKER_IMAGE").orElse("postgres:18");
    ProvisionBench.Result result =
        Interruption.cleanly(
            () ->
                chosen.equals(PlatformSettings.DOCKER)
                    ? bench.run(runs, parallel, image)
                    : bench.run(runs, parallel));
    if (options.json) {
      output.json(json(result, runs));
    } else {
      print(result);
    }
    return 0;
  }

  @Command(
      name = "deploy",
      description = "Compare a deploy of unchanged packages with doing the same by hand.",
      footer = {
        "",
        "ours     from the request until the new version answers over the gateway",
        "by hand  unzip, link node_modules, migrate, start, until it answers",
        "adds     ours without install, build, migrate and the application's own start",
        "",
        "examples/guestbook is deployed under a name of its own, and deleted again. You have to be signed in, and the",
        "password of the instance's user has to be known on this machine, as after `slipway db provision`.",
        "",
        "Example:",
        "  slipway bench deploy -d main --runs 7 --json"
      })
  int deploy(
      @Option(names = "--runs", defaultValue = "5", description = "Of each (${DEFAULT-VALUE}).")
          int runs,
      @Option(
              names = {"-d", "--database"},
              defaultValue = "main",
              paramLabel = "INSTANCE",
              description = "The Postgres instance to use (${DEFAULT-VALUE}).")
          String instance,
      @Mixin OutputOptions options)
      throws IOException, InterruptedException {
    if (runs < 1) {
      throw CommandFailure.misused("--runs is at least 1").build();
    }
    ApiClient client = ApiClient.of(surroundings);
    if (!client.address().local()) {
      throw CommandFailure.misused("DBOS_DOMAIN points to another machine")
          .next("Unset it: this compares with what is done by hand here.")
          .build();
    }
    client.profile();
    DeployBench.Result result = Interruption.cleanly(() -> measure(client, instance, runs));
    if (options.json) {
      output.json(json(result));
    } else {
      print(result);
    }
    return 0;
  }

  @Command(
      name = "operations",
      description = "Measure what an operation costs apart from what its steps do.",
      footer = {
        "",
        "An operation of five steps that do nothing, from the request to its end, beside the same five steps as a workflow",
        "of DBOS Transact. Both run in two replicas of a service, on a Kafka and a Postgres that are started for it and",
        "removed again; Postgres waits for the disk. No platform is needed.",
        "",
        "median, p95   one after the other",
        "per second    with many asked for at a time, of both replicas",
        "",
        "Example:",
        "  slipway bench operations --runs 600 --in-flight 32 --json"
      })
  int operations(
      @Option(
              names = "--runs",
              defaultValue = "300",
              description = "How many of each one after the other (${DEFAULT-VALUE}).")
          int runs,
      @Option(
              names = "--in-flight",
              defaultValue = "32",
              description = "How many at a time in the rounds with many (${DEFAULT-VALUE}).")
          int inFlight,
      @Mixin OutputOptions options)
      throws IOException, InterruptedException {
    if (runs < 1 || inFlight < 1 || inFlight > 200) {
      throw CommandFailure.misused("--runs is at least 1, --in-flight 1 to 200").build();
    }
    JsonNode result = new OperationsBench(surroundings.root(), output::live).run(runs, inFlight);
    if (options.json) {
      output.json(result);
    } else {
      output.table(
          List.of("FIVE STEPS", "MEDIAN", "P95", "PER SECOND"),
          List.of(
              operations("ours, with every event in Kafka", result, "median", "p95", "operations"),
              operations(
                  "DBOS Transact", result, "transactMedian", "transactP95", "transactWorkflows")));
    }
    return 0;
  }

  private static List<String> operations(
      String name, JsonNode result, String median, String p95, String perSecond) {
    return List.of(
        name,
        result.path(median + "Millis").asText() + " ms",
        result.path(p95 + "Millis").asText() + " ms",
        result.path(perSecond + "PerSecond").asText());
  }

  private DeployBench.Result measure(ApiClient client, String instance, int runs)
      throws IOException, InterruptedException {
    String name = "bench-" + Long.toHexString(ThreadLocalRandom.current().nextLong(1L << 40));
    Applications applications = new Applications(client);
    Deployment deployment = new Deployment(client, output, true);
    Path example = surroundings.root().resolve("examples/guestbook");
    ApplicationFolder folder = ApplicationFolder.of(surroundings, example, null);
    PlatformHome home = PlatformHome.of(surroundings);
    Database database = new Databases(client).info(instance);
    String password =
        new PasswordFile(home.databasePasswords())
            .find(database.host(), database.port(), database.user())
            .orElseThrow(
                () ->
                    CommandFailure.misused(
                            "no password of %s on %s is kept on this machine"
                                .formatted(database.user(), instance))
                        .next("Set one: slipway db reset-password %s".formatted(instance))
                        .build());
    try (ApplicationArchive archive = deployment.pack(folder)) {
      deployment.prepare(name, folder, instance);
      output.live("the first deploy, which installs");
      deployment.await(name, applications.deploy(name, archive));
      Path authority = client.address().authority().orElseThrow();
      String url =
          database
              .url(password, Optional.of(authority))
              .replace("/postgres?", "/" + applications.info(name).database() + "?");
      Path work =
          home.path().resolve("bench-" + Long.toHexString(ThreadLocalRandom.current().nextLong()));
      try (HandDeploy byHand =
          new HandDeploy(
              work,
              archive.file(),
              List.of("npx", "knex", "migrate:latest"),
              List.of("node", "main.js"),
              Map.of("DBOS_DATABASE_URL", url, "NODE_EXTRA_CA_CERTS", authority.toString()))) {
        byHand.prepare();
        return new DeployBench(
                applications,
                new Operations(client),
                new ApplicationCalls(client.address()),
                output::live)
            .run(name, archive, byHand, runs);
      }
    } finally {
      if (applications.find(name).isPresent()) {
        deployment.awaitPlain(applications.delete(name, true));
      }
    }
  }

  private void print(DeployBench.Result result) {
    output.table(
        List.of("STEP", "MEDIAN"),
        result.steps().entrySet().stream()
            .map(it -> List.of(it.getKey(), Words.duration(it.getValue())))
            .toList());
    output.line("");
    output.table(
        List.of("WHAT", "MEDIAN", "BEST", "RUNS"),
        List.of(
            row("ours", result.ours().stream().map(DeployBench.Run::whole).toList()),
            row("adds", result.ours().stream().map(DeployBench.Run::added).toList()),
            row("by hand", result.byHand())));
    output.line("");
    output.line(String.format(Locale.ROOT, "ours / by hand  %.2f", result.ratio()));
  }

  private static ObjectNode json(DeployBench.Result result) {
    ObjectNode json = Json.object();
    json.put("runs", result.ours().size());
    json.put("oursMedianMillis", millis(result.oursMedian()));
    json.put("addedMedianMillis", millis(result.addedMedian()));
    json.put("byHandMedianMillis", millis(Samples.median(result.byHand())));
    json.put("ratio", result.ratio());
    ObjectNode steps = json.putObject("stepsMedianMillis");
    result.steps().forEach((name, took) -> steps.put(name, millis(took)));
    times(json.putArray("oursMillis"), result.ours().stream().map(DeployBench.Run::whole).toList());
    times(
        json.putArray("addedMillis"), result.ours().stream().map(DeployBench.Run::added).toList());
    times(json.putArray("byHandMillis"), result.byHand());
    return json;
  }

  private void print(ProvisionBench.Result result) {
    boolean containers = result.floor().isEmpty();
    List<List<String>> rows = new ArrayList<>();
    if (!containers) {
      rows.add(row("floor (copy, start, role)", result.floor()));
    }
    rows.add(row(containers ? "plain (docker run)" : "plain (initdb, start)", result.plain()));
    rows.add(row("ours (request to available)", result.ours()));
    output.table(List.of("WHAT", "MEDIAN", "BEST", "RUNS"), rows);
    output.line("");
    if (!containers) {
      output.line(String.format(Locale.ROOT, "ours / floor  %.2f", result.ratioToFloor()));
    }
    output.line(String.format(Locale.ROOT, "ours / plain  %.2f", result.ratioToPlain()));
    if (!result.parallel().isEmpty()) {
      output.line(
          "%d at once: p95 %s, median %s"
              .formatted(
                  result.parallel().size(),
                  Words.duration(Samples.percentile95(result.parallel())),
                  Words.duration(Samples.median(result.parallel()))));
    }
  }

  private static List<String> row(String name, List<Duration> times) {
    return List.of(
        name,
        Words.duration(Samples.median(times)),
        Words.duration(Samples.smallest(times)),
        Integer.toString(times.size()));
  }

  private static ObjectNode json(ProvisionBench.Result result, int runs) {
    ObjectNode json = Json.object();
    json.put("runs", runs);
    if (!result.floor().isEmpty()) {
      json.put("floorMedianMillis", millis(Samples.median(result.floor())));
      json.put("ratioToFloor", result.ratioToFloor());
    }
    json.put("plainMedianMillis", millis(Samples.median(result.plain())));
    json.put("oursMedianMillis", millis(Samples.median(result.ours())));
    json.put("ratioToPlain", result.ratioToPlain());
    if (!result.parallel().isEmpty()) {
      json.put("parallel", result.parallel().size());
      json.put("parallelP95Millis", millis(Samples.percentile95(result.parallel())));
      json.put("parallelMedianMillis", millis(Samples.median(result.parallel())));
    }
    times(json.putArray("floorMillis"), result.floor());
    times(json.putArray("plainMillis"), result.plain());
    times(json.putArray("oursMillis"), result.ours());
    times(json.putArray("parallelMillis"), result.parallel());
    return json;
  }

  private static void times(ArrayNode array, List<Duration> times) {
    times.forEach(it -> array.add(millis(it)));
  }

  private static double millis(Duration duration) {
    return Math.round(duration.toNanos() / 100_000.0) / 10.0;
  }
}
