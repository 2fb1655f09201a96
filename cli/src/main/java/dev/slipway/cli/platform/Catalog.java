package dev.slipway.cli.platform;

import dev.slipway.cli.console.CommandFailure;
import dev.slipway.cli.console.Surroundings;
import java.io.IOException;
import java.net.URI;
import java.nio.file.DirectoryStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;

/// The processes of a platform, and how each is started.
final class Catalog {

  static final String LOCAL_STACK = "local-stack";
  static final String ACCOUNT_SERVICE = "account-service";
  static final String INSTANCE_SERVICE = "instance-service";
  static final String DEPLOY_SERVICE = "deploy-service";
  static final String GATEWAY = "gateway";

  /// In the order in which they are stopped: who is asked first, last who is asked by all. Those
  /// of one list are stopped together.
  static final List<List<String>> STOPPING =
      List.of(
          List.of(GATEWAY),
          List.of(DEPLOY_SERVICE, INSTANCE_SERVICE, ACCOUNT_SERVICE),
          List.of(LOCAL_STACK));

  /// Who runs processes that have to end while those who know how are still there, in the order in
  /// which they are asked: an application that ends may have something to write into its database.
  static final List<String> RUNNING_PROCESSES = List.of(DEPLOY_SERVICE, INSTANCE_SERVICE);

  /// Set by `up --trust-applications`: applications run although nothing keeps them apart here.
  static final String TRUSTED = "SLIPWAY_APPLICATIONS_TRUSTED";

  /// Writing a cache takes a second JVM several seconds.
  private static final Duration TRAINING_PATIENCE = Duration.ofMinutes(2);

  private final PlatformHome home;
  private final PlatformSettings settings;
  private final Surroundings surroundings;
  private final boolean training;

  /// @param training whether the processes write a cache of their classes when they end, instead
  ///     of using one
  Catalog(
      PlatformHome home, PlatformSettings settings, Surroundings surroundings, boolean training) {
    this.home = home;
    this.settings = settings;
    this.surroundings = surroundings;
    this.training = training;
  }

  static boolean trusted(Surroundings surroundings) {
    return surroundings.variable(TRUSTED).filter("true"::equals).isPresent();
  }

  List<ProcessPlan> plans() throws IOException {
    return List.of(localStack(), accountService(), instanceService(), deployService(), gateway());
  }

  private ProcessPlan localStack() throws IOException {
    Map<String, String> environment = common();
    environment.put("SLIPWAY_HEALTH_PORT", port(LOCAL_STACK));
    environment.put("SLIPWAY_POSTGRES_PORT", port("postgres"));
    environment.put("SLIPWAY_KAFKA_PORT", port("kafka"));
    environment.put("SLIPWAY_KAFKA_CONTROLLER_PORT", port("kafka-controller"));
    return plan(
        LOCAL_STACK,
        "local-stack-*.jar",
        256,
        environment,
        List.of("/health"),
        Duration.ofSeconds(40));
  }

  private ProcessPlan accountService() throws IOException {
    Map<String, String> environment = service(ACCOUNT_SERVICE);
    environment.put("SLIPWAY_INSTANCE_URL", url(INSTANCE_SERVICE));
    environment.put("SLIPWAY_DEPLOY_URL", url(DEPLOY_SERVICE));
    return plan(
        ACCOUNT_SERVICE,
        "*-runner.jar",
        // A password takes 9 MB while it is hashed, two may be, and the library keeps as much.
        // Where that does not fit, the collector stops everybody, over and over.
        128,
        environment,
        List.of("/q/health/ready"),
        Duration.ofSeconds(15));
  }

  private ProcessPlan instanceService() throws IOException {
    Map<String, String> environment = service(INSTANCE_SERVICE);
    environment.put("SLIPWAY_ACCOUNT_URL", url(ACCOUNT_SERVICE));
    environment.put(Preparation.DRIVER, settings.driver());
    return plan(
        INSTANCE_SERVICE,
        "*-runner.jar",
        64,
        environment,
        List.of("/q/health/ready"),
        Duration.ofSeconds(15));
  }

  private ProcessPlan deployService() throws IOException {
    Map<String, String> environment = service(DEPLOY_SERVICE);
    environment.put("SLIPWAY_ACCOUNT_URL", url(ACCOUNT_SERVICE));
    environment.put("SLIPWAY_INSTANCE_URL", url(INSTANCE_SERVICE));
    environment.put("SLIPWAY_RUNTIME", settings.driver());
    environment.put(TRUSTED, Boolean.toString(trusted(surroundings)));
    return plan(
        DEPLOY_SERVICE,
        "*-runner.jar",
        64,
        environment,
        List.of("/q/health/ready"),
        Duration.ofSeconds(15));
  }

  private ProcessPlan gateway() throws IOException {
    Map<String, String> environment = common();
    // It follows the routes of applications.
    environment.putAll(kafka());
    environment.put("QUARKUS_HTTP_HOST", "127.0.0.1");
    environment.put("QUARKUS_HTTP_PORT", port(GATEWAY));
    environment.put("QUARKUS_HTTP_SSL_PORT", Integer.toString(settings.publicPort()));
    environment.put("SLIPWAY_GATEWAY_PORT", Integer.toString(settings.publicPort()));
    environment.put("SLIPWAY_ACCOUNT_URL", url(ACCOUNT_SERVICE));
    environment.put("SLIPWAY_INSTANCE_URL", url(INSTANCE_SERVICE));
    environment.put("SLIPWAY_DEPLOY_URL", url(DEPLOY_SERVICE));
    environment.put("SLIPWAY_INTERNAL_SECRET", secret("internal.secret"));
    return plan(
        GATEWAY,
        "*-runner.jar",
        48,
        environment,
        List.of("/health/ready", "/q/health/ready"),
        Duration.ofSeconds(10));
  }

  /// What every process is told.
  private Map<String, String> common() throws IOException {
    Map<String, String> environment = new HashMap<>();
    Path data = home.data().toRealPath();
    environment.put("SLIPWAY_HOME", home.path().toString());
    environment.put("SLIPWAY_INSTALLATION", settings.installation());
    environment.put("SLIPWAY_PUBLIC_URL", settings.publicUrl());
    environment.put("SLIPWAY_KEYS_DIRECTORY", home.keys().toString());
    environment.put(
        "SLIPWAY_CA_DIRECTORY", home.certificateAuthority().resolveSibling("").toString());
    environment.put("SLIPWAY_DATA_DIRECTORY", data.toString());
    environment.put("SLIPWAY_POSTGRES_DIRECTORY", data.resolve("postgres-18").toString());
    return environment;
  }

  private Map<String, String> service(String name) throws IOException {
    Map<String, String> environment = common();
    String database = name.replace('-', '_');
    environment.put("SLIPWAY_REPLICA", name + "-1");
    environment.put("QUARKUS_HTTP_HOST", "127.0.0.1");
    environment.put("QUARKUS_HTTP_PORT", port(name));
    environment.put(
        "QUARKUS_DATASOURCE_JDBC_URL",
        "jdbc:postgresql://127.0.0.1:" + port("postgres") + "/" + database);
    environment.put("QUARKUS_DATASOURCE_USERNAME", database);
    environment.put("QUARKUS_DATASOURCE_PASSWORD", secret(name + ".password"));
    environment.putAll(kafka());
    return environment;
  }

  private Map<String, String> kafka() throws IOException {
    return Map.of(
        "KAFKA_BOOTSTRAP_SERVERS",
        "127.0.0.1:" + port("kafka"),
        "KAFKA_SECURITY_PROTOCOL",
        "SASL_PLAINTEXT",
        "KAFKA_SASL_MECHANISM",
        "PLAIN",
        "KAFKA_SASL_JAAS_CONFIG",
        "org.apache.kafka.common.security.plain.PlainLoginModule required username=\"slipway\" password=\""
            + secret("kafka.password")
            + "\";");
  }

  private ProcessPlan plan(
      String name,
      String artifact,
      int heap,
      Map<String, String> environment,
      List<String> health,
      Duration patience)
      throws IOException {
    Path jar = jar(name, artifact);
    Path cache = jar.resolveSibling(name + ".aot");
    List<String> command = new ArrayList<>();
    command.add(Path.of(System.getProperty("java.home"), "bin", "java").toString());
    command.addAll(
        List.of(
            "-XX:+UseSerialGC",
            "-XX:TieredStopAtLevel=1",
            "-Xss512k",
            "-Xms16m",
            "-Xmx" + heap(name, heap) + "m",
            "-XX:+ExitOnOutOfMemoryError",
            // More than processors: what only computes would keep all others waiting.
            "-Djdk.virtualThreadScheduler.parallelism=8",
            "--add-opens=java.base/java.lang=ALL-UNNAMED",
            "--sun-misc-unsafe-memory-access=allow",
            "--enable-native-access=ALL-UNNAMED"));
    if (training) {
      Files.deleteIfExists(cache);
      command.add("-XX:AOTCacheOutput=" + cache);
    } else if (younger(cache, jar)) {
      // One that was made elsewhere is passed over in silence; one of an earlier build at the same
      // place is not, and would run that build.
      command.add("-XX:AOTCache=" + cache);
      command.add("-Xlog:aot=off,aot*=off,cds=off,cds*=off,class+path=off");
    }
    surroundings
        .variable("SLIPWAY_JVM_OPTIONS")
        .ifPresent(options -> command.addAll(List.of(options.strip().split("\\s+", -1))));
    command.addAll(List.of("-jar", jar.toString()));
    int port = settings.port(name);
    return new ProcessPlan(
        name,
        command,
        environment,
        List.of(jar),
        health.stream().map(path -> URI.create("http://127.0.0.1:" + port + path)).toList(),
        name.equals(GATEWAY) ? settings.publicPort() : port,
        training ? TRAINING_PATIENCE : patience);
  }

  private static boolean younger(Path cache, Path jar) throws IOException {
    return Files.isRegularFile(cache)
        && Files.getLastModifiedTime(cache).compareTo(Files.getLastModifiedTime(jar)) > 0;
  }

  /// `SLIPWAY_GATEWAY_HEAP=64` and the like, in megabytes.
  private int heap(String name, int usual) {
    String variable = "SLIPWAY_" + name.toUpperCase(Locale.ROOT).replace('-', '_') + "_HEAP";
    return surroundings
        .variable(variable)
        .map(
            value -> {
              try {
                return Integer.parseInt(value.strip());
              } catch (NumberFormatException notANumber) {
                throw CommandFailure.misused(variable + " is not a number of megabytes: " + value)
                    .cause(notANumber)
                    .build();
              }
            })
        .orElse(usual);
  }

  private Path jar(String module, String pattern) throws IOException {
    Path target = surroundings.root().resolve(module).resolve("target");
    if (Files.isDirectory(target)) {
      try (DirectoryStream<Path> jars = Files.newDirectoryStream(target, pattern)) {
        for (Path jar : jars) {
          String name = jar.getFileName().toString();
          if (!name.contains("-sources") && !name.contains("-tests")) {
            return jar;
          }
        }
      }
    }
    throw CommandFailure.failed("not-built", "%s is not built".formatted(module))
        .next(
            "Run %s, which builds what is missing."
                .formatted(surroundings.root().resolve("slipway")))
        .build();
  }

  private String secret(String file) throws IOException {
    return Files.readString(home.keys().resolve(file)).strip();
  }

  private String port(String purpose) {
    return Integer.toString(settings.port(purpose));
  }

  private String url(String service) {
    return "http://127.0.0.1:" + port(service);
  }
}
