package dev.slipway.instance.driver.process;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;
import static org.assertj.core.api.Assertions.assertThatIllegalStateException;
import static org.awaitility.Awaitility.await;

import dev.slipway.common.driver.Found;
import dev.slipway.common.driver.ScramVerifier;
import dev.slipway.common.ledger.Resource;
import dev.slipway.common.operation.DriverFailure;
import dev.slipway.common.operation.Fence;
import dev.slipway.common.process.FencedShell;
import dev.slipway.common.process.ProcessTable;
import dev.slipway.instance.driver.InstanceDriver;
import dev.slipway.instance.driver.InstanceDriverContract;
import dev.slipway.instance.driver.InstanceSpecification;
import dev.slipway.instance.driver.Observation;
import dev.slipway.instance.driver.TestAuthority;
import dev.slipway.instance.driver.TestPasswords;
import dev.slipway.instance.driver.sql.PlatformConnection;
import dev.slipway.instance.driver.sql.Roles;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.ServerSocket;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.sql.Connection;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.Statement;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.OptionalLong;
import java.util.Random;
import java.util.concurrent.Callable;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.TimeUnit;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestInstance;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/// The contract on real servers, and what only processes can do wrong.
@TestInstance(TestInstance.Lifecycle.PER_CLASS)
@Timeout(value = 15, unit = TimeUnit.MINUTES)
final class ProcessInstanceDriverTest extends InstanceDriverContract {

  private static final String ADMINISTRATOR = "demo_db";
  private static final String PASSWORD = "correct horse";

  @SuppressWarnings("NullAway.Init") // set before the first test
  private ProcessStage stage;

  @BeforeAll
  void open() {
    stage = new ProcessStage();
  }

  @AfterAll
  void close() {
    stage.close();
  }

  @Override
  protected InstanceDriver driver() {
    return stage.driver;
  }

  @Override
  protected InstanceDriver restarted() {
    try {
      return stage.open();
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    } catch (InterruptedException e) {
      throw new IllegalStateException(e);
    }
  }

  @Override
  protected boolean signsIn(InstanceSpecification specification, String role, String password) {
    try (Connection _ = stage.connect(specification, role, password)) {
      return true;
    } catch (SQLException e) {
      return false;
    }
  }

  private InstanceSpecification provisioned() throws Exception {
    InstanceSpecification specification = stage.specification();
    Fence fence = ProcessStage.fence(specification, 1);
    stage.driver.create(fence, specification);
    stage.driver.start(fence, specification);
    stage.driver.secure(fence, specification, ADMINISTRATOR, verifier(PASSWORD));
    return specification;
  }

  private static ScramVerifier verifier(String password) {
    return ScramVerifier.of(password.toCharArray());
  }

  private void destroy(InstanceSpecification specification) throws Exception {
    stage.driver.destroy(
        ProcessStage.fence(specification, 1000), specification.instance(), List.of());
  }

  private Path home(InstanceSpecification specification) throws IOException {
    return stage.root.toRealPath().resolve(specification.instance());
  }

  private long postmaster(InstanceSpecification specification) throws IOException {
    return PostmasterFile.read(home(specification).resolve("data")).orElseThrow().pid();
  }

  private void assertNothingLeft(InstanceSpecification specification) throws Exception {
    assertThat(home(specification)).doesNotExist();
    assertThat(Signals.livingIn(home(specification))).isEmpty();
    assertThat(stage.driver.inventory())
        .extracting(Found::subject)
        .doesNotContain(specification.instance());
  }

  private static <T> Future<T> inBackground(Callable<T> call) {
    var future = new CompletableFuture<T>();
    Thread.ofPlatform()
        .daemon()
        .start(
            () -> {
              try {
                future.complete(call.call());
              } catch (Exception e) {
                future.completeExceptionally(e);
              }
            });
    return future;
  }

  private static String query(Connection connection, String sql) throws SQLException {
    try (Statement statement = connection.createStatement();
        ResultSet row = statement.executeQuery(sql)) {
      row.next();
      return row.getString(1);
    }
  }

  // Fencing

  /// Where the suspended shell stands: just born, in the middle of the copy, after it.
  @ParameterizedTest
  @ValueSource(strings = {"", "owner", "data/PG_VERSION", "data/pg_hba.conf", "complete"})
  void suspendedCreateThatADestroyOvertakesLeavesNothing(String stage0) throws Exception {
    InstanceSpecification specification = stage.specification();
    Fence first = ProcessStage.fence(specification, 1);
    Future<?> creating =
        inBackground(
            () -> {
              stage.driver.create(first, specification);
              return null;
            });
    OptionalLong shell = shell("create", specification, creating);
    Path reached = home(specification).resolve(stage0);
    assertThat(stage0.isEmpty() || Signals.spinUntil(() -> Files.exists(reached))).isTrue();
    sendToSession("STOP", shell);

    destroy(specification);
    sendToSession("CONT", shell);

    // It was killed or refused; or it had ended before the signal, and then what it made is gone.
    try {
      creating.get(20, TimeUnit.SECONDS);
    } catch (ExecutionException e) {
      assertThat(e).hasCauseInstanceOf(DriverFailure.Fenced.class);
    }
    assertNothingLeft(specification);
  }

  @Test
  void suspendedStartThatADestroyOvertakesLeavesNothing() throws Exception {
    for (int round = 0; round < 5; round++) {
      InstanceSpecification specification = stage.specification();
      Fence first = ProcessStage.fence(specification, 1);
      stage.driver.create(first, specification);
      Future<?> starting =
          inBackground(
              () -> {
                stage.driver.start(first, specification);
                return null;
              });
      OptionalLong shell = shell("start", specification, starting);
      long until = System.nanoTime() + round * 6_000_000L;
      assertThat(Signals.spinUntil(() -> System.nanoTime() > until)).isTrue();
      sendToSession("STOP", shell);

      destroy(specification);
      sendToSession("CONT", shell);

      try {
        starting.get(20, TimeUnit.SECONDS);
      } catch (ExecutionException e) {
        assertThat(e).hasCauseInstanceOf(DriverFailure.class);
      }
      assertNothingLeft(specification);
    }
  }

  private OptionalLong shell(String action, InstanceSpecification specification, Future<?> call)
      throws IOException {
    return Signals.shell(
        "fenced.sh", action + " " + stage.root + " " + specification.instance(), call);
  }

  private static void sendToSession(String signal, OptionalLong leader) throws Exception {
    if (leader.isPresent()) {
      Signals.sendToSession(signal, leader.getAsLong());
    }
  }

  /// A shell that holds the lock and waits for input that does not come: the service that started
  /// it is suspended.
  private Process waitingShell(String action, InstanceSpecification specification, String sign)
      throws Exception {
    Path script;
    Path template;
    try (var scripts = Files.newDirectoryStream(stage.root, ".driver-*");
        var templates = Files.newDirectoryStream(stage.root, ".template-*-*")) {
      script = scripts.iterator().next().resolve("fenced.sh");
      template = templates.iterator().next();
    }
    ServerUser user = ServerUser.current();
    var builder =
        new ProcessBuilder(
            "setsid",
            "sh",
            script.toString(),
            action,
            stage.root.toRealPath().toString(),
            specification.instance(),
            "1");
    FencedShell.replaceEnvironment(
        builder,
        Map.of(
            "SLIPWAY_OWNER", stage.installation,
            "SLIPWAY_AS", String.join(" ", user.prefix()),
            "SLIPWAY_UID", user.uid() == null ? "" : user.uid().toString(),
            "SLIPWAY_POSTGRES", stage.binaries.resolve("bin/postgres").toString(),
            "SLIPWAY_TEMPLATE", template.toString(),
            "SLIPWAY_SEGMENT", Files.readString(template.resolve("segment")).strip()),
        Map.of(
            "SLIPWAY_PORT", Integer.toString(specification.endpoint().port()),
            "SLIPWAY_HOSTS", specification.endpoint().host(),
            "SLIPWAY_ROTATE", ""));
    Process shell = builder.redirectErrorStream(true).start();
    assertThat(Signals.spinUntil(() -> exists(specification, sign))).isTrue();
    return shell;
  }

  @ParameterizedTest
  @ValueSource(strings = {"create", "start"})
  void shellThatHoldsTheLockIsKilledByADestroy(String action) throws Exception {
    InstanceSpecification specification = stage.specification();
    if (action.equals("start")) {
      stage.driver.create(ProcessStage.fence(specification, 1), specification);
    }
    Process shell =
        waitingShell(
            action,
            specification,
            action.equals("start") ? "data/server.crt" : "data/postgresql.conf");
    Signals.sendToSession("STOP", shell.pid());

    assertThatExceptionOfType(DriverFailure.Transient.class)
        .isThrownBy(() -> stage.driver.stop(ProcessStage.fence(specification, 1), specification))
        .extracting(DriverFailure::code)
        .isEqualTo("busy");
    destroy(specification);

    assertThat(shell.waitFor(20, TimeUnit.SECONDS)).isTrue();
    assertThat(shell.exitValue()).isEqualTo(FencedShell.KILLED);
    assertNothingLeft(specification);
  }

  @Test
  void shellWithoutItsLeaderStillLosesTheLock() throws Exception {
    InstanceSpecification specification = stage.specification();
    Process shell = waitingShell("create", specification, "data/postgresql.conf");
    Signals.sendToSession("STOP", shell.pid());
    Signals.send("KILL", shell.pid());
    assertThat(shell.waitFor(20, TimeUnit.SECONDS)).isTrue();

    destroy(specification);

    assertNothingLeft(specification);
  }

  @Test
  void shellWhoseServiceDiedLeavesNoHalfIdentity() throws Exception {
    InstanceSpecification specification = stage.specification();
    Process shell = waitingShell("create", specification, "data/postgresql.conf");

    shell.getOutputStream().close();

    assertThat(shell.waitFor(20, TimeUnit.SECONDS)).isTrue();
    assertThat(shell.exitValue()).isNotZero();
    assertThat(home(specification).resolve("data")).doesNotExist();
    destroy(specification);
  }

  private boolean exists(InstanceSpecification specification, String name) {
    try {
      return Files.exists(home(specification).resolve(name));
    } catch (IOException e) {
      return false;
    }
  }

  @Test
  void ofManyAtOnceTheHighestEpochDecides() throws Exception {
    InstanceSpecification specification = stage.specification();
    var random = new Random(4711);
    List<Future<?>> calls = new ArrayList<>();
    try (ExecutorService callers = Executors.newFixedThreadPool(6)) {
      for (int call = 0; call < 24; call++) {
        long epoch = 1L + random.nextInt(20);
        boolean creates = random.nextBoolean();
        calls.add(
            callers.submit(
                () -> {
                  Fence fence = ProcessStage.fence(specification, epoch);
                  if (creates) {
                    stage.driver.create(fence, specification);
                  } else {
                    stage.driver.destroy(fence, specification.instance(), List.of());
                  }
                  return null;
                }));
      }
      for (Future<?> call : calls) {
        try {
          call.get();
        } catch (ExecutionException e) {
          assertThat(e.getCause())
              .isInstanceOfAny(DriverFailure.Fenced.class, DriverFailure.Transient.class);
        }
      }
    }

    stage.driver.create(ProcessStage.fence(specification, 21), specification);
    assertThatExceptionOfType(DriverFailure.Fenced.class)
        .isThrownBy(
            () ->
                stage.driver.destroy(
                    ProcessStage.fence(specification, 20), specification.instance(), List.of()));

    assertThat(home(specification).resolve("data/PG_VERSION")).exists();
    destroy(specification);
    assertNothingLeft(specification);
  }

  @Test
  void transactionOfASuspendedServiceDoesNotKeepTheNextOneOut() throws Exception {
    InstanceSpecification specification = provisioned();
    char[] own = TestPasswords.derive("instance " + specification.instance());
    try (PlatformConnection suspended =
        PlatformConnection.open(
            specification.endpoint(),
            stage.authority.authority(),
            own,
            ProcessStage.fence(specification, 2))) {
      assertThatExceptionOfType(SQLException.class)
          .isThrownBy(
              () ->
                  suspended.fenced(
                      ProcessStage.fence(specification, 2),
                      statement -> {
                        try {
                          stage.driver.resetPassword(
                              ProcessStage.fence(specification, 3),
                              specification,
                              ADMINISTRATOR,
                              verifier("third"));
                        } catch (InterruptedException e) {
                          throw new SQLException(e);
                        }
                        Roles.setPassword(statement, ADMINISTRATOR, verifier("second"));
                      }));
    }

    assertThat(signsIn(specification, ADMINISTRATOR, "third")).isTrue();
    destroy(specification);
  }

  @Test
  void interruptedCreateHasStoppedActing() throws Exception {
    InstanceSpecification specification = stage.specification();
    var failure = new CompletableFuture<Throwable>();
    Thread creating =
        Thread.ofVirtual()
            .start(
                () -> {
                  try {
                    stage.driver.create(ProcessStage.fence(specification, 1), specification);
                    failure.completeExceptionally(new IllegalStateException("not interrupted"));
                  } catch (Exception e) {
                    failure.complete(e);
                  }
                });
    long shell = shell("create", specification, failure).orElseThrow();

    creating.interrupt();

    assertThat(failure.get(20, TimeUnit.SECONDS)).isInstanceOf(InterruptedException.class);
    for (long pid : ProcessTable.all()) {
      assertThat(ProcessTable.find(pid).filter(entry -> entry.session() == shell && entry.alive()))
          .isEmpty();
    }
    stage.driver.create(ProcessStage.fence(specification, 1), specification);
    destroy(specification);
  }

  // Restart

  @Test
  void killedServerWithABusyBackendIsBackWithinFiveSeconds() throws Exception {
    InstanceSpecification specification = provisioned();
    Connection busy = stage.connect(specification, ADMINISTRATOR, PASSWORD);
    Future<?> query =
        inBackground(
            () -> {
              try (Statement statement = busy.createStatement()) {
                return statement.execute("DO $$ BEGIN LOOP END LOOP; END $$");
              }
            });
    await().until(() -> processTitles(specification).anyMatch(title -> title.endsWith(" DO")));
    long killed = postmaster(specification);
    Signals.send("KILL", killed);
    await().until(() -> ProcessTable.find(killed).filter(ProcessTable.Entry::alive).isEmpty());
    Observation observed = stage.driver.observe(specification);
    assertThat(Signals.livingIn(home(specification))).isNotEmpty();

    long began = System.nanoTime();
    stage.driver.start(ProcessStage.fence(specification, 2), specification);
    Duration took = Duration.ofNanos(System.nanoTime() - began);

    assertThat(observed.state()).isEqualTo(Observation.State.DOWN);
    assertThat(took).isLessThan(Duration.ofSeconds(5));
    assertThat(stage.driver.observe(specification).isUp()).isTrue();
    assertThat(signsIn(specification, ADMINISTRATOR, PASSWORD)).isTrue();
    assertThatExceptionOfType(ExecutionException.class)
        .isThrownBy(() -> query.get(20, TimeUnit.SECONDS));
    destroy(specification);
    assertNothingLeft(specification);
  }

  private Stream<String> processTitles(InstanceSpecification specification) throws IOException {
    return Signals.livingIn(home(specification)).stream()
        .map(Signals::commandLine)
        .map(String::strip);
  }

  @Test
  void numberOfADeadServerThatAnotherProcessHasNowIsNoHindrance() throws Exception {
    InstanceSpecification specification = provisioned();
    stage.driver.stop(ProcessStage.fence(specification, 1), specification);
    Path file = home(specification).resolve("data/postmaster.pid");
    Files.writeString(
        file,
        "%d%n%s%n1%n%d%n%n%n%nready   %n"
            .formatted(
                ProcessHandle.current().pid(), file.getParent(), specification.endpoint().port()));

    boolean down = !stage.driver.observe(specification).isUp();
    stage.driver.start(ProcessStage.fence(specification, 2), specification);

    assertThat(down).isTrue();
    assertThat(stage.driver.observe(specification).isUp()).isTrue();
    destroy(specification);
  }

  @Test
  void stopEndsAServerWhoseClientsStay() throws Exception {
    InstanceSpecification specification = provisioned();
    try (Connection _ = stage.connect(specification, ADMINISTRATOR, PASSWORD)) {
      stage.driver.stop(ProcessStage.fence(specification, 2), specification);

      assertThat(Signals.livingIn(home(specification))).isEmpty();
    }
    destroy(specification);
  }

  @Test
  void stopEndsASuspendedServerWhenItsPatienceIsOver() throws Exception {
    InstanceSpecification specification = provisioned();
    Signals.send("STOP", postmaster(specification));
    ProcessInstanceDriver impatient =
        stage.open(
            new ProcessDriverSettings(
                stage.root,
                stage.binaries,
                stage.installation,
                ProcessStage.FIRST_PORT,
                ProcessStage.LAST_PORT,
                Duration.ZERO,
                Duration.ofMillis(200),
                0));

    impatient.stop(ProcessStage.fence(specification, 2), specification);

    assertThat(Signals.livingIn(home(specification))).isEmpty();
    destroy(specification);
  }

  @Test
  void serverThatDoesNotAnswerIsNotCalledUp() throws Exception {
    InstanceSpecification specification = provisioned();
    stage.driver.start(ProcessStage.fence(specification, 2), specification);
    for (long pid : Signals.livingIn(home(specification))) {
      Signals.send("STOP", pid);
    }

    Observation observed = restarted().observe(specification);

    assertThat(observed.state()).isEqualTo(Observation.State.UNKNOWN);
    destroy(specification);
    assertNothingLeft(specification);
  }

  // Failures

  @Test
  void portThatAStrangerTookIsNamed() throws Exception {
    InstanceSpecification specification = stage.specification();
    stage.driver.create(ProcessStage.fence(specification, 1), specification);
    try (var stranger = new ServerSocket()) {
      stranger.bind(
          new InetSocketAddress(InetAddress.getLoopbackAddress(), specification.endpoint().port()));

      assertThatExceptionOfType(DriverFailure.Permanent.class)
          .isThrownBy(() -> stage.driver.start(ProcessStage.fence(specification, 1), specification))
          .extracting(DriverFailure::code)
          .isEqualTo("port-taken");
      assertThat(stage.driver.freeEndpoints(specification.instance()))
          .doesNotContain(specification.endpoint());
      assertThat(
              stage
                  .driver
                  .destroy(
                      ProcessStage.fence(specification, 2),
                      specification.instance(),
                      List.of(new Resource("port", specification.endpoint().toString())))
                  .proofs())
          .containsKey(new Resource("port", specification.endpoint().toString()));
    }
    assertNothingLeft(specification);
  }

  @Test
  void serverThatWillNotStartSaysWhy() throws Exception {
    InstanceSpecification specification = stage.specification();
    stage.driver.create(ProcessStage.fence(specification, 1), specification);
    Files.writeString(
        home(specification).resolve("data/postgresql.conf"), "shared_buffers = 'a lot'\n");

    assertThatExceptionOfType(DriverFailure.Permanent.class)
        .isThrownBy(() -> stage.driver.start(ProcessStage.fence(specification, 1), specification))
        .satisfies(failure -> assertThat(failure.code()).isEqualTo("server-failed"))
        .withMessageContaining("shared_buffers")
        .withMessageNotContaining(stage.root.toString());
    destroy(specification);
  }

  @Test
  void damagedDataIsAPermanentFailure() throws Exception {
    InstanceSpecification specification = stage.specification();
    stage.driver.create(ProcessStage.fence(specification, 1), specification);
    Files.delete(home(specification).resolve("data/global/pg_control"));

    assertThatExceptionOfType(DriverFailure.Permanent.class)
        .isThrownBy(() -> stage.driver.start(ProcessStage.fence(specification, 1), specification))
        .extracting(DriverFailure::code)
        .isEqualTo("server-failed");
    destroy(specification);
  }

  @Test
  void folderOfAnotherInstallationIsLeftAlone() throws Exception {
    InstanceSpecification specification = stage.specification();
    stage.driver.create(ProcessStage.fence(specification, 1), specification);
    Files.writeString(home(specification).resolve("owner"), "inst_of_somebody_else\n");

    assertThatExceptionOfType(DriverFailure.Permanent.class)
        .isThrownBy(() -> destroy(specification))
        .extracting(DriverFailure::code)
        .isEqualTo("foreign");
    assertThat(stage.driver.inventory())
        .extracting(Found::subject)
        .doesNotContain(specification.instance());
    assertThat(home(specification).resolve("data/PG_VERSION")).exists();
  }

  /// As whoever was killed between making it and writing `owner` leaves it.
  @Test
  void folderThatDoesNotSayWhoseItIsIsFound() throws Exception {
    InstanceSpecification specification = stage.specification();
    Files.createDirectory(home(specification));

    List<Found> found = stage.driver.inventory();

    assertThat(found).extracting(Found::subject).contains(specification.instance());
    destroy(specification);
    assertNothingLeft(specification);
  }

  @Test
  void rootOfAnotherInstallationIsRefused() {
    ProcessDriverSettings settings = stage.settings();

    assertThatIllegalStateException()
        .isThrownBy(
            () ->
                stage.open(
                    ProcessDriverSettings.of(
                        settings.root(), settings.postgres(), "inst_other", 23_000, 23_001)))
        .withMessageContaining("belongs to another installation");
  }

  // Access

  @Test
  void nobodyButThePlatformSignsInBeforeTheInstanceIsSecured() throws Exception {
    InstanceSpecification specification = stage.specification();
    stage.driver.create(ProcessStage.fence(specification, 1), specification);
    stage.driver.start(ProcessStage.fence(specification, 1), specification);

    assertThat(signsIn(specification, ADMINISTRATOR, PASSWORD)).isFalse();
    assertThat(signsIn(specification, "slipway", "")).isFalse();
    assertThat(signsIn(specification, "slipway", "slipway")).isFalse();
    assertThat(signsIn(specification, "slipway", new String(TestPasswords.derive("template"))))
        .isTrue();

    stage.driver.secure(
        ProcessStage.fence(specification, 1), specification, ADMINISTRATOR, verifier(PASSWORD));
    assertThat(signsIn(specification, "slipway", new String(TestPasswords.derive("template"))))
        .isFalse();
    destroy(specification);
  }

  @Test
  void connectionsWithoutEncryptionAreRefused() throws Exception {
    InstanceSpecification specification = provisioned();

    assertThatExceptionOfType(SQLException.class)
        .isThrownBy(() -> stage.connect(specification, ADMINISTRATOR, PASSWORD, "disable").close())
        .withMessageContaining("no encryption");
    destroy(specification);
  }

  @Test
  void anotherAuthorityIsNotTrusted() throws Exception {
    InstanceSpecification specification = provisioned();
    var other = new TestAuthority(Files.createDirectory(stage.folder.resolve("other")));

    assertThatExceptionOfType(SQLException.class)
        .isThrownBy(
            () ->
                PlatformConnection.open(
                    specification.endpoint(),
                    other.authority(),
                    TestPasswords.derive("instance " + specification.instance()),
                    ProcessStage.fence(specification, 1)));
    destroy(specification);
  }

  @Test
  void newPasswordKeepsOpenConnections() throws Exception {
    InstanceSpecification specification = provisioned();
    long server = postmaster(specification);
    try (Connection open = stage.connect(specification, ADMINISTRATOR, PASSWORD)) {
      String before = query(open, "SELECT pg_backend_pid()");

      stage.driver.resetPassword(
          ProcessStage.fence(specification, 2), specification, ADMINISTRATOR, verifier("new"));

      assertThat(query(open, "SELECT pg_backend_pid()")).isEqualTo(before);
    }
    assertThat(signsIn(specification, ADMINISTRATOR, PASSWORD)).isFalse();
    assertThat(signsIn(specification, ADMINISTRATOR, "new")).isTrue();
    assertThat(postmaster(specification)).isEqualTo(server);
    destroy(specification);
  }

  @Test
  void administratorMakesDatabasesAndRolesAndIsNoSuperuser() throws Exception {
    InstanceSpecification specification = provisioned();

    try (Connection connection = stage.connect(specification, ADMINISTRATOR, PASSWORD);
        Statement statement = connection.createStatement()) {
      statement.execute("CREATE DATABASE shop");
      statement.execute("CREATE ROLE shop LOGIN");
      statement.execute("CREATE SCHEMA mine");
      statement.execute("CREATE TABLE public.guests (name text)");

      assertThat(query(connection, "SELECT rolsuper FROM pg_roles WHERE rolname = current_user"))
          .isEqualTo("f");
      for (String refused :
          List.of(
              "SELECT * FROM slipway.fence",
              "UPDATE slipway.fence SET epoch = 0",
              "ALTER ROLE slipway PASSWORD 'x'",
              "DROP SCHEMA slipway CASCADE",
              "COPY (SELECT 1) TO PROGRAM 'true'",
              "SELECT pg_read_file('pg_hba.conf')",
              "SELECT * FROM pg_authid",
              "ALTER SYSTEM SET ssl = off")) {
        assertThatExceptionOfType(SQLException.class)
            .as(refused)
            .isThrownBy(() -> statement.execute(refused));
      }
    }
    destroy(specification);
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "a\"; DROP ROLE slipway; --",
        "it's",
        "select",
        "123",
        "back\\slash",
        "Großbuchstabe",
        "$1",
        "a b"
      })
  void hostileRoleNamesAreNamesAndNothingElse(String name) throws Exception {
    InstanceSpecification specification = stage.specification();
    Fence fence = ProcessStage.fence(specification, 1);
    stage.driver.create(fence, specification);
    stage.driver.start(fence, specification);

    stage.driver.secure(fence, specification, name, verifier(PASSWORD));
    stage.driver.resetPassword(fence, specification, name, verifier("new"));

    assertThat(signsIn(specification, name, "new")).isTrue();
    destroy(specification);
  }

  @Test
  void everyInstanceIsAClusterOfItsOwnAndSurvivesACrash() throws Exception {
    InstanceSpecification one = provisioned();
    InstanceSpecification other = provisioned();
    String sql = "SELECT system_identifier FROM pg_control_system()";
    String identifier;
    try (Connection first = stage.connect(one, ADMINISTRATOR, PASSWORD);
        Connection second = stage.connect(other, ADMINISTRATOR, PASSWORD);
        Statement statement = first.createStatement()) {
      identifier = query(first, sql);
      assertThat(query(second, sql)).isNotEqualTo(identifier);
      statement.execute("CREATE TABLE rows AS SELECT generate_series(1, 20000) AS number");
    }
    for (long pid : Signals.livingIn(home(one))) {
      Signals.send("KILL", pid);
    }

    stage.driver.start(ProcessStage.fence(one, 2), one);

    try (Connection first = stage.connect(one, ADMINISTRATOR, PASSWORD)) {
      assertThat(query(first, "SELECT count(*) FROM rows")).isEqualTo("20000");
      assertThat(query(first, sql)).isEqualTo(identifier);
    }
    destroy(one);
    destroy(other);
  }

  @Test
  void secretsAreNowhere() throws Exception {
    String marker = "Marker7Pf2Qx9";
    InstanceSpecification specification = stage.specification();
    Fence fence = ProcessStage.fence(specification, 1);
    stage.driver.create(fence, specification);
    stage.driver.start(fence, specification);
    stage.driver.secure(fence, specification, ADMINISTRATOR, verifier(marker));
    try (Connection connection = stage.connect(specification, ADMINISTRATOR, marker);
        Statement statement = connection.createStatement()) {
      assertThatExceptionOfType(SQLException.class)
          .isThrownBy(() -> statement.execute("ALTER ROLE nobody_here PASSWORD '" + marker + "'"));
      assertThatExceptionOfType(SQLException.class)
          .isThrownBy(() -> statement.execute("SELECT '" + marker + "'::integer"));
    }
    List<String> secrets =
        List.of(
            marker,
            new String(TestPasswords.derive("template")),
            new String(TestPasswords.derive("instance " + specification.instance())));

    for (long pid : Signals.livingIn(home(specification))) {
      String seen = Signals.commandLine(pid) + readIfAlive(pid, "environ");
      assertThat(seen).doesNotContain(secrets);
    }
    stage.driver.stop(fence, specification);
    try (Stream<Path> files = Files.walk(stage.root)) {
      for (Path file : files.filter(Files::isRegularFile).toList()) {
        String text = Files.readString(file, StandardCharsets.ISO_8859_1);
        for (String secret : secrets) {
          assertThat(text.contains(secret)).as("%s holds a secret", file).isFalse();
        }
      }
    }
    destroy(specification);
  }

  /// A connection's process may be gone a moment after it was listed. While it ends, it is there
  /// and nothing of it can be read.
  private static String readIfAlive(long pid, String file) throws Exception {
    long until = System.nanoTime() + TimeUnit.SECONDS.toNanos(30);
    while (true) {
      try {
        return Files.readString(Path.of("/proc/" + pid + "/" + file), StandardCharsets.ISO_8859_1);
      } catch (IOException e) {
        if (ProcessTable.find(pid).filter(ProcessTable.Entry::alive).isEmpty()) {
          return "";
        }
        if (System.nanoTime() > until) {
          throw e;
        }
      }
      Thread.sleep(10);
    }
  }

  @Test
  void filesAreTheServersOwn() throws Exception {
    InstanceSpecification specification = provisioned();
    Path data = home(specification).resolve("data");
    ServerUser user = ServerUser.current();
    int owner =
        user.uid() == null
            ? (Integer) Files.getAttribute(Path.of("/proc/self"), "unix:uid")
            : user.uid();

    assertThat(Files.getPosixFilePermissions(data)).hasSize(3);
    for (String file : List.of("PG_VERSION", "server.key", "server.crt", "global/pg_control")) {
      assertThat(Files.getAttribute(data.resolve(file), "unix:uid")).as(file).isEqualTo(owner);
    }
    assertThat(Files.getAttribute(Path.of("/proc/" + postmaster(specification)), "unix:uid"))
        .isEqualTo(owner);
    destroy(specification);
  }

  @Test
  void idleInstanceStaysSmall() throws Exception {
    InstanceSpecification specification = provisioned();

    long kilobytes = 0;
    for (long pid : Signals.livingIn(home(specification))) {
      for (String line : readIfAlive(pid, "smaps_rollup").lines().toList()) {
        if (line.startsWith("Pss:")) {
          kilobytes += Long.parseLong(line.replaceAll("\\D", ""));
        }
      }
    }

    assertThat(kilobytes).isPositive().isLessThan(40 * 1024);
    destroy(specification);
  }
}
