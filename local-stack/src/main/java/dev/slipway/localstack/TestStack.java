package dev.slipway.localstack;

import java.io.BufferedReader;
import java.io.File;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.sql.Connection;
import java.sql.SQLException;
import java.sql.Statement;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Properties;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.apache.kafka.clients.admin.Admin;
import org.apache.kafka.clients.admin.RecordsToDelete;
import org.apache.kafka.clients.admin.TopicDescription;
import org.apache.kafka.common.TopicPartition;
import org.jspecify.annotations.Nullable;

/// A real Kafka and a real Postgres for tests, one for the whole JVM, started at first use.
///
/// They run in a process of their own, whose input this JVM holds: it ends, and everything it made
/// is removed, when this JVM does, however that happens. A stack of its own process is also
/// indifferent to the class loaders a test framework makes and drops.
///
/// Where the system property `slipway.test.stack`, or the environment variable
/// `SLIPWAY_TEST_STACK`, names a folder that [Main] with `--test` described a running stack in,
/// that one is used. Its topics are emptied when this JVM first uses it; so stacks are shared by
/// test runs one after the other, not at the same time.
///
/// Every database has its own role and a name of its own, so tests share nothing but the server.
public final class TestStack {

  /// Names the folder of a stack to use.
  public static final String PROPERTY = "slipway.test.stack";

  /// `true` makes the Postgres of a stack that this JVM starts wait for its disk, as a real one
  /// does; for what is measured.
  public static final String DURABLE = PROPERTY + ".durable";

  private static final String VARIABLE = "SLIPWAY_TEST_STACK";
  private static final String ATTACHED = PROPERTY + ".attached";

  /// A string literal is the same object for every class loader, and a test may load this class
  /// several times.
  private static final Object JVM_LOCK = "dev.slipway.localstack.TestStack";

  private static @Nullable TestStack shared;

  private final int postgresPort;
  private final String postgresPassword;
  private final int kafkaPort;
  private final String kafkaPassword;
  private final Map<String, String> passwords = new HashMap<>();
  private final Map<String, String> databases = new HashMap<>();

  private TestStack(Properties description) {
    postgresPort = Integer.parseInt(description.getProperty("postgres.port"));
    postgresPassword = description.getProperty("postgres.password");
    kafkaPort = Integer.parseInt(description.getProperty("kafka.port"));
    kafkaPassword = description.getProperty("kafka.password");
  }

  /// The stack of this JVM.
  public static TestStack shared() {
    synchronized (JVM_LOCK) {
      @Nullable TestStack known = shared;
      if (known != null) {
        return known;
      }
      try {
        TestStack stack = attachOrStart();
        shared = stack;
        return stack;
      } catch (IOException failure) {
        throw new UncheckedIOException(
            "There is no stack to test on: " + failure.getMessage(), failure);
      } catch (InterruptedException interrupted) {
        Thread.currentThread().interrupt();
        throw new IllegalStateException("Interrupted while the test stack started", interrupted);
      }
    }
  }

  /// Makes an empty database with a role that owns it.
  ///
  /// @return its name, which is also the role's: the name asked for and a suffix nobody else has
  public synchronized String createDatabase(String name) {
    String unique =
        name + "_" + Long.toString(System.nanoTime(), 36) + "_" + ProcessHandle.current().pid();
    String password = KeyFile.generate();
    try (Connection connection =
            ControlPostgres.connect(
                postgresPort, "postgres", ControlPostgres.SUPERUSER, postgresPassword);
        Statement statement = connection.createStatement()) {
      String quoted = statement.enquoteIdentifier(unique, true);
      statement.execute(
          "CREATE ROLE "
              + quoted
              + " LOGIN PASSWORD "
              + statement.enquoteLiteral(ScramVerifier.of(password)));
      ServiceDatabases.create(statement, quoted, quoted);
    } catch (SQLException failure) {
      throw new IllegalStateException(
          "The test stack could not make the database " + name, failure);
    }
    passwords.put(unique, password);
    return unique;
  }

  /// The address of a database: of one [#createDatabase] named, or of the one this JVM keeps under
  /// a plain name, made at its first use.
  public String jdbcUrl(String database) {
    return "jdbc:postgresql://127.0.0.1:" + postgresPort + "/" + resolve(database);
  }

  public String databaseUser(String database) {
    return resolve(database);
  }

  public synchronized String databasePassword(String database) {
    @Nullable String password = passwords.get(resolve(database));
    if (password == null) {
      throw new IllegalStateException("There is no database " + database);
    }
    return password;
  }

  public int postgresPort() {
    return postgresPort;
  }

  public String kafkaBootstrap() {
    return "127.0.0.1:" + kafkaPort;
  }

  /// What any Kafka client needs, as its own property names.
  public Properties kafkaProperties() {
    return KafkaBroker.clientProperties(kafkaPort, kafkaPassword);
  }

  /// What a Quarkus service needs to use the stack; its database is the one kept under the
  /// service's name.
  ///
  /// @param service such as `account-service`
  public Map<String, String> quarkusConfiguration(String service) {
    String database = service.replace('-', '_');
    Map<String, String> configuration = new LinkedHashMap<>();
    configuration.put("quarkus.datasource.jdbc.url", jdbcUrl(database));
    configuration.put("quarkus.datasource.username", databaseUser(database));
    configuration.put("quarkus.datasource.password", databasePassword(database));
    Properties kafka = kafkaProperties();
    for (String key : kafka.stringPropertyNames()) {
      configuration.put("kafka." + key, kafka.getProperty(key));
    }
    return configuration;
  }

  private synchronized String resolve(String database) {
    if (passwords.containsKey(database)) {
      return database;
    }
    @Nullable String known = databases.get(database);
    if (known != null) {
      return known;
    }
    String created = createDatabase(database);
    databases.put(database, created);
    return created;
  }

  private static TestStack attachOrStart() throws IOException, InterruptedException {
    @Nullable String folder = System.getProperty(PROPERTY, System.getenv(VARIABLE));
    if (folder == null || folder.isBlank()) {
      folder = startProcess().toString();
      // Seen by this class in another class loader, which then uses the same stack.
      System.setProperty(PROPERTY, folder);
      System.setProperty(ATTACHED, "true");
    }
    Properties description = new Properties();
    try (InputStream input = Files.newInputStream(TestFolder.description(Path.of(folder)))) {
      description.load(input);
    }
    TestStack stack = new TestStack(description);
    if (System.getProperty(ATTACHED) == null) {
      stack.emptyTopics();
      System.setProperty(ATTACHED, "true");
    }
    return stack;
  }

  /// Starts [Main] on this JVM's class path and answers with its folder.
  private static Path startProcess() throws IOException, InterruptedException {
    ProcessBuilder builder =
        new ProcessBuilder(
                List.of(
                    Path.of(System.getProperty("java.home"), "bin", "java").toString(),
                    "-XX:+UseSerialGC",
                    "-XX:TieredStopAtLevel=1",
                    "-Xshare:auto",
                    "-Xms32m",
                    "-Xmx256m",
                    "-Djava.io.tmpdir=" + System.getProperty("java.io.tmpdir"),
                    "--enable-native-access=ALL-UNNAMED",
                    "--sun-misc-unsafe-memory-access=allow",
                    Main.class.getName(),
                    "--test",
                    "--attached",
                    Boolean.getBoolean(DURABLE) ? "--durable" : "--throw-away"))
            .redirectErrorStream(true);
    // In the environment, because a class path is longer than a process listing is wide.
    builder.environment().put("CLASSPATH", absoluteClassPath());
    Process process = builder.start();
    Runtime.getRuntime().addShutdownHook(new Thread(() -> end(process), "stop-test-stack"));
    BufferedReader output = process.inputReader(StandardCharsets.UTF_8);
    StringBuilder said = new StringBuilder();
    @Nullable String line;
    while ((line = output.readLine()) != null) {
      if (line.startsWith("ready ")) {
        Thread.ofPlatform().daemon().name("test-stack-output").start(() -> pass(output));
        return Path.of(line.substring("ready ".length()));
      }
      said.append(line).append('\n');
    }
    throw new IOException("it ended with " + process.waitFor() + ":\n" + said);
  }

  private static String absoluteClassPath() {
    return Stream.of(System.getProperty("java.class.path").split(File.pathSeparator, -1))
        .map(entry -> Path.of(entry).toAbsolutePath().toString())
        .collect(Collectors.joining(File.pathSeparator));
  }

  /// Kafka's warnings appear among the test's output.
  private static void pass(BufferedReader output) {
    try (output) {
      output.lines().forEach(line -> System.err.println("[test stack] " + line));
    } catch (IOException | UncheckedIOException ended) {
      // The process is gone, and so is its output.
    }
  }

  private static void end(Process process) {
    try {
      process.getOutputStream().close();
      if (!process.waitFor(15, TimeUnit.SECONDS)) {
        process.destroyForcibly();
      }
    } catch (IOException gone) {
      process.destroy();
    } catch (InterruptedException interrupted) {
      Thread.currentThread().interrupt();
    }
  }

  private void emptyTopics() throws IOException, InterruptedException {
    try (Admin admin = Admin.create(kafkaProperties())) {
      Map<TopicPartition, RecordsToDelete> everything = new HashMap<>();
      for (TopicDescription topic :
          admin.describeTopics(Topics.ALL.keySet()).allTopicNames().get().values()) {
        topic
            .partitions()
            .forEach(
                partition ->
                    everything.put(
                        new TopicPartition(topic.name(), partition.partition()),
                        // Minus one is the end as it is now.
                        RecordsToDelete.beforeOffset(-1)));
      }
      admin.deleteRecords(everything).all().get();
    } catch (ExecutionException failure) {
      throw new IOException("the topics could not be emptied", failure);
    }
  }

  /// Starts a stack in a test folder: on free ports, with passwords nobody else knows, and without
  /// waiting for the disk, which only protects from the machine's death.
  ///
  /// @param durable whether to wait for the disk all the same
  static LocalStack start(Path folder, boolean durable) throws IOException, InterruptedException {
    List<Integer> ports = FreePorts.find(3);
    String postgresPassword = KeyFile.generate();
    String kafkaPassword = KeyFile.generate();
    Properties description = new Properties();
    description.setProperty("postgres.port", ports.get(0).toString());
    description.setProperty("postgres.password", postgresPassword);
    description.setProperty("kafka.port", ports.get(1).toString());
    description.setProperty("kafka.password", kafkaPassword);
    LocalStack stack =
        LocalStack.start(
            new LocalStack.Settings(
                TestFolder.binaries(folder),
                new LocalStack.ControlPostgresSettings(
                    TestFolder.control(folder),
                    folder.resolve("control.log"),
                    ports.get(0),
                    postgresPassword,
                    Map.of(),
                    durable),
                new KafkaBroker.Settings(
                    folder.resolve("kafka"),
                    ports.get(1),
                    ports.get(2),
                    kafkaPassword,
                    Topics.ALL)));
    write(description, TestFolder.description(folder));
    return stack;
  }

  /// Copies a stack's description to the folder that was asked for.
  static void describe(Path folder, Path asked) throws IOException {
    if (folder.equals(asked)) {
      return;
    }
    Files.createDirectories(asked);
    Properties description = new Properties();
    try (InputStream input = Files.newInputStream(TestFolder.description(folder))) {
      description.load(input);
    }
    write(description, TestFolder.description(asked));
  }

  private static void write(Properties description, Path file) throws IOException {
    // Made readable by its owner only, and renamed when it is whole.
    Path fresh = Files.createTempFile(file.resolveSibling(".").normalize(), ".stack-", ".new");
    try (OutputStream output = Files.newOutputStream(fresh)) {
      description.store(output, "A running test stack.");
    }
    Files.move(fresh, file, StandardCopyOption.ATOMIC_MOVE);
  }
}
