package dev.slipway.localstack;

import java.io.IOException;
import java.io.RandomAccessFile;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.attribute.PosixFilePermissions;
import java.sql.Connection;
import java.sql.Driver;
import java.sql.SQLException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Properties;
import java.util.ServiceLoader;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.ReentrantLock;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/// The Postgres server that holds the services' databases, kept running.
///
/// The server is a process of its own session and outlives this JVM: [#start] adopts one that is
/// proven to serve the data directory, and ends what a dead one left behind before it starts
/// another. While this object is open a guard starts the server again when it dies. Only [#close]
/// stops it.
///
/// Safe for use by many threads; starting and stopping exclude each other.
public final class ControlPostgres implements AutoCloseable {

  /// The platform's own role; it owns the server and none of the services' databases.
  public static final String SUPERUSER = "slipway_control";

  private static final System.Logger LOG = System.getLogger(ControlPostgres.class.getName());
  private static final Duration LONGEST_RECOVERY = Duration.ofMinutes(5);
  private static final Duration LONGEST_RELAPSE = Duration.ofSeconds(10);
  private static final Duration GUARD_INTERVAL = Duration.ofMillis(200);
  private static final long LARGEST_LOG = 10L << 20;

  /// What a server is made of.
  ///
  /// @param directory the data directory; made when absent
  /// @param log where the server writes, kept across restarts
  /// @param password of [#SUPERUSER]
  /// @param services role and password of each service; the role owns the database of the same name
  /// @param durable whether commits survive the machine's death; only tests may do without
  public record Settings(
      PostgresBinaries binaries,
      Path directory,
      Path log,
      int port,
      String password,
      Map<String, String> services,
      boolean durable) {

    public Settings {
      services = Map.copyOf(services);
    }

    /// Without the passwords.
    @Override
    public String toString() {
      return "ControlPostgres.Settings[directory=" + directory + ", port=" + port + "]";
    }
  }

  private final Settings settings;
  private final Path directory;
  private final ServerAccount account;
  private final ServerProcesses processes;
  private final ReentrantLock lock = new ReentrantLock();
  private final CountDownLatch closing = new CountDownLatch(1);
  private volatile @Nullable ProcessHandle server;
  private boolean adopted;

  private ControlPostgres(Settings settings, Path directory, ServerAccount account) {
    this.settings = settings;
    this.directory = directory;
    this.account = account;
    this.processes = new ServerProcesses(directory, account);
  }

  /// Answers when the server does and every service has its database.
  public static ControlPostgres start(Settings settings) throws IOException, InterruptedException {
    ServerAccount account = ServerAccount.current();
    Path parent = settings.directory().toAbsolutePath().resolveSibling(".").normalize();
    Files.createDirectories(parent);
    // The kernel tells folders without links in them, so that is how they are compared.
    Path directory = parent.toRealPath().resolve(settings.directory().getFileName());
    account.requireReachable(directory.resolveSibling(".").normalize());
    account.requireReachable(settings.binaries().home());
    ControlPostgres postgres = new ControlPostgres(settings, directory, account);
    postgres.initialise();
    postgres.lock.lock();
    try {
      postgres.adoptOrStart();
    } finally {
      postgres.lock.unlock();
    }
    postgres.ensureServicesOnceItAnswers();
    Thread.ofPlatform().daemon().name("control-postgres-guard").start(postgres::guard);
    return postgres;
  }

  /// A server that says it is ready may still end because of what a dead one left behind, and is
  /// started again; a connection that breaks meanwhile says nothing.
  private void ensureServicesOnceItAnswers() throws IOException, InterruptedException {
    long deadline = System.nanoTime() + LONGEST_RELAPSE.toNanos();
    while (true) {
      try {
        ensureServices();
        return;
      } catch (SQLException failure) {
        String state = failure.getSQLState();
        boolean broken = state != null && (state.startsWith("08") || state.startsWith("57P"));
        if (!broken || System.nanoTime() > deadline) {
          throw new IOException(
              "The control Postgres refuses its own platform: " + failure.getMessage(), failure);
        }
        Thread.sleep(100);
        if (!answers()) {
          lock.lock();
          try {
            adoptOrStart();
          } finally {
            lock.unlock();
          }
        }
      }
    }
  }

  public int port() {
    return settings.port();
  }

  /// The server's process, for those who want to see it.
  public long pid() {
    @Nullable ProcessHandle current = server;
    return current == null ? -1 : current.pid();
  }

  /// Whether the server lives and accepts connections.
  public boolean answers() {
    @Nullable ProcessHandle current = server;
    return current != null
        && ServerProcesses.living(current)
        && PostmasterFile.read(directory)
            .filter(file -> file.pid() == current.pid() && file.ready())
            .isPresent();
  }

  /// A connection as the platform's own role.
  public Connection connect(String database) throws SQLException {
    return connect(settings.port(), database, SUPERUSER, settings.password());
  }

  static Connection connect(int port, String database, String user, String password)
      throws SQLException {
    Properties properties = new Properties();
    properties.setProperty("user", user);
    properties.setProperty("password", password);
    properties.setProperty("connectTimeout", "5");
    properties.setProperty("socketTimeout", "30");
    String url = "jdbc:postgresql://127.0.0.1:" + port + "/" + database;
    // Not through DriverManager, which hides drivers of other class loaders; a test's classes come
    // from several.
    for (Driver driver : ServiceLoader.load(Driver.class, ControlPostgres.class.getClassLoader())) {
      if (driver.acceptsURL(url)) {
        @Nullable Connection connection = driver.connect(url, properties);
        if (connection != null) {
          return connection;
        }
      }
    }
    throw new SQLException("There is no driver for " + url);
  }

  /// Stops the server: connections are cut, open transactions roll back, everything is written.
  @Override
  public void close() {
    closing.countDown();
    lock.lock();
    try {
      stop();
    } catch (IOException failure) {
      LOG.log(System.Logger.Level.WARNING, "The control Postgres did not stop cleanly", failure);
    } catch (InterruptedException interrupted) {
      Thread.currentThread().interrupt();
    } finally {
      lock.unlock();
    }
  }

  /// Undoes the start: stops a server of its own making, and leaves one it found.
  void withdraw() {
    if (adopted) {
      abandon();
    } else {
      close();
    }
  }

  /// Ends the guard and leaves the server running, as the death of this JVM would.
  void abandon() {
    closing.countDown();
  }

  /// Stops whatever serves a data directory, started by whom ever. The last resort is a kill, which
  /// Postgres recovers from.
  static void stop(Path dataDirectory) throws IOException, InterruptedException {
    if (!Files.isDirectory(dataDirectory)) {
      return;
    }
    Path directory = dataDirectory.toRealPath();
    ServerProcesses processes = new ServerProcesses(directory, ServerAccount.current());
    Optional<ProcessHandle> running =
        PostmasterFile.read(directory).flatMap(file -> processes.find(file.pid()));
    if (running.isPresent()) {
      stop(running.get());
    }
    processes.endAll();
  }

  private static void stop(ProcessHandle postmaster) throws IOException, InterruptedException {
    // INT is the fast shutdown, QUIT the one that leaves recovery to the next start.
    ServerProcesses.signal(postmaster, "INT");
    if (!ServerProcesses.awaitEnd(postmaster, Duration.ofSeconds(7))) {
      ServerProcesses.signal(postmaster, "QUIT");
      if (!ServerProcesses.awaitEnd(postmaster, Duration.ofSeconds(2))) {
        postmaster.destroyForcibly();
      }
    }
  }

  private void stop() throws IOException, InterruptedException {
    stop(directory);
    server = null;
  }

  /// Makes the data directory beside its place and renames it when it is whole.
  private void initialise() throws IOException, InterruptedException {
    String half = directory.getFileName() + ".initialising-";
    Path parent = directory.resolveSibling(".").normalize();
    try (Stream<Path> siblings = Files.list(parent)) {
      for (Path left :
          siblings.filter(it -> it.getFileName().toString().startsWith(half)).toList()) {
        Folders.delete(left);
      }
    }
    if (Files.exists(directory.resolve("PG_VERSION"))) {
      return;
    }
    Path fresh = Files.createTempDirectory(parent, half);
    Path data = Files.createDirectory(fresh.resolve("data"));
    Path verifier =
        Files.createFile(
            fresh.resolve("verifier"),
            PosixFilePermissions.asFileAttribute(PosixFilePermissions.fromString("rw-------")));
    Files.writeString(verifier, ScramVerifier.of(settings.password()));
    account.give(fresh, account.initialUser());
    List<String> command =
        new ArrayList<>(
            List.of(
                settings.binaries().program("initdb").toString(),
                "--pgdata=" + data,
                "--username=" + SUPERUSER,
                "--pwfile=" + verifier,
                "--auth=scram-sha-256",
                "--encoding=UTF8",
                "--locale-provider=builtin",
                "--builtin-locale=C.UTF-8",
                "--locale=C",
                "--wal-segsize=1",
                "--no-instructions"));
    // One call for the whole file system instead of one for each of a thousand files.
    command.add(settings.durable() ? "--sync-method=syncfs" : "--no-sync");
    Process process =
        new ProcessBuilder(account.runInitially(command))
            .directory(fresh.toFile())
            .redirectErrorStream(true)
            .start();
    process.getOutputStream().close();
    String output = new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
    if (process.waitFor() != 0) {
      throw new IOException("Postgres could not be initialised:\n" + output);
    }
    account.give(data, account.user());
    Folders.delete(directory);
    Files.move(data, directory, StandardCopyOption.ATOMIC_MOVE);
    Folders.delete(fresh);
  }

  private void adoptOrStart() throws IOException, InterruptedException {
    boolean changed = configure();
    Optional<PostmasterFile> file = PostmasterFile.read(directory);
    Optional<ProcessHandle> running = file.flatMap(it -> processes.find(it.pid()));
    if (running.isPresent()) {
      if (!changed && !file.orElseThrow().stopping()) {
        await(running.get());
        adopted = true;
        return;
      }
      stop(running.get());
    }
    startServer();
  }

  private void startServer() throws IOException, InterruptedException {
    processes.endAll();
    // No process of the directory lives, so the file is of a dead server; its number may be
    // somebody else's by now, or
    // a zombie's, and either would keep the new one from starting.
    Files.deleteIfExists(PostmasterFile.in(directory));
    if (Files.exists(settings.log()) && Files.size(settings.log()) > LARGEST_LOG) {
      Files.move(
          settings.log(),
          settings.log().resolveSibling(settings.log().getFileName() + ".1"),
          StandardCopyOption.REPLACE_EXISTING);
    }
    List<String> command = new ArrayList<>();
    // A session of its own: an interrupt typed at the terminal would be a shutdown for Postgres.
    command.add("setsid");
    command.addAll(
        account.run(
            List.of(
                settings.binaries().program("postgres").toString(), "-D", directory.toString())));
    Process process =
        new ProcessBuilder(command)
            .directory(Path.of("/").toFile())
            .redirectErrorStream(true)
            .redirectOutput(ProcessBuilder.Redirect.appendTo(settings.log().toFile()))
            .redirectInput(ProcessBuilder.Redirect.from(Path.of("/dev/null").toFile()))
            .start();
    await(process.toHandle());
  }

  /// Waits for the postmaster to accept connections; recovery after a crash may take its time.
  private void await(ProcessHandle postmaster) throws IOException, InterruptedException {
    long deadline = System.nanoTime() + LONGEST_RECOVERY.toNanos();
    while (System.nanoTime() < deadline) {
      boolean ready =
          PostmasterFile.read(directory)
              .filter(file -> file.pid() == postmaster.pid() && file.ready())
              .isPresent();
      if (ready) {
        server = postmaster;
        return;
      }
      if (!ServerProcesses.living(postmaster)) {
        throw new IOException("Postgres ended while it started:\n" + endOfLog());
      }
      TimeUnit.MILLISECONDS.sleep(2);
    }
    throw new IOException(
        "Postgres is not ready after " + LONGEST_RECOVERY.toMinutes() + " minutes:\n" + endOfLog());
  }

  /// Writes the configuration; answers whether it is another one than before.
  private boolean configure() throws IOException {
    boolean changed = write("postgresql.conf", configuration());
    return write(
            "pg_hba.conf", "# Written at every start.\nhost all all 127.0.0.1/32 scram-sha-256\n")
        || changed;
  }

  private boolean write(String name, String content) throws IOException {
    Path file = directory.resolve(name);
    if (Files.exists(file) && Files.readString(file).equals(content)) {
      return false;
    }
    Path fresh = directory.resolve(name + ".new");
    Files.writeString(fresh, content);
    Files.setPosixFilePermissions(fresh, PosixFilePermissions.fromString("rw-------"));
    account.give(fresh, account.user());
    Files.move(fresh, file, StandardCopyOption.ATOMIC_MOVE);
    return true;
  }

  /// Small, because a laptop runs it beside everything else: no workers for what the services never
  /// do.
  private String configuration() {
    return """
        # Written at every start.
        listen_addresses = '127.0.0.1'
        port = %d
        unix_socket_directories = ''
        password_encryption = 'scram-sha-256'
        max_connections = 100
        # Whoever connects and says nothing keeps a place from the services.
        authentication_timeout = 10s
        shared_buffers = 32MB
        huge_pages = off
        io_method = sync
        jit = off
        dynamic_shared_memory_type = mmap
        max_worker_processes = 2
        max_parallel_workers_per_gather = 0
        max_logical_replication_workers = 0
        wal_level = minimal
        max_wal_senders = 0
        min_wal_size = 16MB
        max_wal_size = 256MB
        recovery_init_sync_method = syncfs
        fsync = %s
        synchronous_commit = on
        full_page_writes = on
        timezone = 'UTC'
        log_timezone = 'UTC'
        log_min_messages = warning
        log_min_error_statement = panic
        """
        .formatted(settings.port(), settings.durable() ? "on" : "off");
  }

  private void ensureServices() throws SQLException {
    try (Connection connection = connect("postgres")) {
      ServiceDatabases.ensure(connection, settings.services());
    }
  }

  private void guard() {
    Duration pause = GUARD_INTERVAL;
    try {
      while (!closing.await(pause.toMillis(), TimeUnit.MILLISECONDS)) {
        @Nullable ProcessHandle current = server;
        if (current != null && ServerProcesses.living(current)) {
          pause = GUARD_INTERVAL;
          continue;
        }
        pause = restart() ? GUARD_INTERVAL : Duration.ofSeconds(2);
      }
    } catch (InterruptedException interrupted) {
      Thread.currentThread().interrupt();
    }
  }

  private boolean restart() throws InterruptedException {
    lock.lockInterruptibly();
    try {
      if (closing.getCount() == 0) {
        return true;
      }
      LOG.log(System.Logger.Level.WARNING, "The control Postgres is gone; starting it again");
      adoptOrStart();
      return true;
    } catch (IOException failure) {
      LOG.log(System.Logger.Level.WARNING, "The control Postgres does not start", failure);
      return false;
    } finally {
      lock.unlock();
    }
  }

  private String endOfLog() throws IOException {
    if (!Files.exists(settings.log())) {
      return "(no output)";
    }
    try (RandomAccessFile file = new RandomAccessFile(settings.log().toFile(), "r")) {
      file.seek(Math.max(0, file.length() - 2000));
      byte[] end = new byte[(int) (file.length() - file.getFilePointer())];
      file.readFully(end);
      return new String(end, StandardCharsets.UTF_8);
    }
  }
}
