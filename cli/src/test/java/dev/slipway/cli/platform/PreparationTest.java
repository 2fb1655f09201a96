package dev.slipway.cli.platform;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.slipway.cli.console.CommandFailure;
import dev.slipway.cli.console.Surroundings;
import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.io.Reader;
import java.net.BindException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.ServerSocket;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Properties;
import java.util.Set;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.TimeUnit;
import java.util.function.Predicate;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class PreparationTest {

  @TempDir private Path folder;

  private final List<PortReservation> reservations = new ArrayList<>();

  @AfterEach
  void release() {
    reservations.forEach(PortReservation::close);
  }

  @Test
  void portsAndInstallationAreChosenOnceAndKept() throws Exception {
    PlatformSettings first = prepare("one", freePort(), purpose -> false);
    PlatformSettings again = prepare("one", first.publicPort(), purpose -> false);

    assertThat(again).isEqualTo(first);
    assertThat(first.ports().values()).allMatch(port -> port < 32768).doesNotHaveDuplicates();
  }

  /// Or an executor that is started while Kafka is not there may take its port, and the platform
  /// never comes back.
  @ParameterizedTest
  @CsvSource({"instance-service,slipway.instances", "deploy-service,slipway.applications"})
  void portsAreNoneOfThoseThatInstancesAndExecutorsMayHave(String service, String prefix)
      throws Exception {
    Properties usual = new Properties();
    try (Reader file =
        Files.newBufferedReader(
            Path.of("..", service, "src/main/resources/application.properties"))) {
      usual.load(file);
    }
    int highest = Integer.parseInt(usual.getProperty(prefix + ".last-port"));

    assertThat(prepare("one", freePort(), purpose -> false).ports().values())
        .allMatch(port -> port > highest);
  }

  @Test
  void portsThatExecutorsMayHaveAreGivenUpAtTheNextStart() throws Exception {
    PlatformSettings first = prepare("one", freePort(), purpose -> false);
    Path file = folder.resolve("one/platform.json");
    Integer kafka = first.ports().get("kafka");
    Files.writeString(file, Files.readString(file).replace(" : %d".formatted(kafka), " : 30325"));

    PlatformSettings running = prepare("one", first.publicPort(), purpose -> true);
    PlatformSettings again = prepare("one", first.publicPort(), purpose -> false);

    assertThat(running.ports()).containsEntry("kafka", 30325);
    assertThat(again.ports().get("kafka")).isGreaterThan(31999);
  }

  @Test
  void theDriverIsChosenOnceAndKept() throws Exception {
    int port = freePort();
    PlatformSettings usual = prepare("one", port, purpose -> false, Map.of());
    PlatformSettings docker =
        prepare("one", port, purpose -> false, Map.of("SLIPWAY_DRIVER", "docker"));
    PlatformSettings again = prepare("one", port, purpose -> false, Map.of());

    assertThat(usual.driver()).isEqualTo("process");
    assertThat(docker.driver()).isEqualTo("docker");
    assertThat(again.driver()).isEqualTo("docker");
    assertThatThrownBy(
            () -> prepare("one", port, purpose -> false, Map.of("SLIPWAY_DRIVER", "process")))
        .isInstanceOf(CommandFailure.class)
        .hasMessageContaining("'docker', which cannot be changed");
    assertThatThrownBy(
            () -> prepare("two", port, purpose -> false, Map.of("SLIPWAY_DRIVER", "podman")))
        .isInstanceOf(CommandFailure.class)
        .hasMessageContaining("there is no driver 'podman'");
  }

  @Test
  void theDriverIsNotChangedUnderInstances() throws Exception {
    int port = freePort();
    prepare("one", port, purpose -> false, Map.of());
    Files.createDirectories(folder.resolve("one/data/instances/ins_of_somebody"));

    assertThatThrownBy(
            () -> prepare("one", port, purpose -> false, Map.of("SLIPWAY_DRIVER", "docker")))
        .isInstanceOf(CommandFailure.class)
        .hasMessageContaining("'process', which cannot be changed");
  }

  @Test
  void aKeptPortThatIsTakenIsReplacedUnlessItIsOurs() throws Exception {
    PlatformSettings first = prepare("one", freePort(), purpose -> false);
    try (ServerSocket taken = listen(first.port("kafka"))) {
      assertThat(taken.isBound()).isTrue();
      assertThat(prepare("one", first.publicPort(), "kafka"::equals).port("kafka"))
          .isEqualTo(first.port("kafka"));
      assertThat(prepare("one", first.publicPort(), purpose -> false).port("kafka"))
          .isNotEqualTo(first.port("kafka"));
    }
  }

  /// Between the choice of a port and the start of what listens there, and while that is started
  /// again, nobody listens.
  @Test
  void platformsThatStartAtOnceHaveDifferentPorts() throws Exception {
    Set<Integer> all = new HashSet<>();
    for (int i = 0; i < 40; i++) {
      all.addAll(launch("home" + i, freePort(), purpose -> false).ports().values());
    }

    assertThat(all).hasSize(40 * Preparation.PORTS.size());
  }

  @Test
  void aKeptPortThatAnotherPlatformHasReservedIsReplacedUnlessItIsOurs() throws Exception {
    int port = freePort();
    PlatformSettings first = launch("one", port, purpose -> false);

    assertThat(launch("one", port, "kafka"::equals).port("kafka")).isEqualTo(first.port("kafka"));
    PlatformSettings other = launch("one", port, purpose -> false);
    reservations.forEach(PortReservation::close);
    PlatformSettings again = prepare("one", port, purpose -> false);

    assertThat(other.ports().values()).doesNotContainAnyElementsOf(first.ports().values());
    assertThat(again).isEqualTo(other);
  }

  /// A process that was killed may be dead before its port is free.
  @Test
  void aKeptPortThatGetsFreeInAMomentIsKept() throws Exception {
    PlatformSettings first = prepare("one", freePort(), purpose -> false);
    CountDownLatch listening = new CountDownLatch(1);
    try (var others = Executors.newSingleThreadExecutor()) {
      Future<Boolean> dying =
          others.submit(
              () -> {
                try (ServerSocket socket = listen(first.port("kafka"))) {
                  listening.countDown();
                  TimeUnit.MILLISECONDS.sleep(300);
                  return socket.isBound();
                }
              });
      listening.await();

      assertThat(prepare("one", first.publicPort(), purpose -> false)).isEqualTo(first);
      assertThat(dying.get()).isTrue();
    }
  }

  @Test
  void aHomeOfAnEarlierReleaseGetsWhatIsNewAndKeepsTheRest() throws Exception {
    PlatformSettings first = prepare("one", freePort(), purpose -> false);
    Path settings = folder.resolve("one/platform.json");
    Path password = folder.resolve("one/keys/deploy-service.password");
    String kept = Files.readString(folder.resolve("one/keys/instance-service.password"));
    Files.writeString(
        settings, Files.readString(settings).replaceAll("\\s*\"deploy-service\" : \\d+,", ""));
    Files.delete(password);
    assertThat(settings).content().doesNotContain("deploy-service");

    PlatformSettings again = prepare("one", first.publicPort(), purpose -> false);

    assertThat(again.ports()).containsKey("deploy-service");
    assertThat(again.ports().values()).doesNotHaveDuplicates();
    for (String purpose : Preparation.PORTS) {
      if (!purpose.equals("deploy-service")) {
        assertThat(again.port(purpose)).isEqualTo(first.port(purpose));
      }
    }
    assertThat(password).content().hasSize(33);
    assertThat(folder.resolve("one/keys/instance-service.password")).content().isEqualTo(kept);
    assertThat(settings).content().contains("deploy-service");
  }

  @Test
  void aTakenPublicPortIsAClearMessage() throws Exception {
    int port = freePort();
    try (ServerSocket taken = listen(port)) {
      assertThat(taken.isBound()).isTrue();
      assertThatThrownBy(() -> prepare("one", port, purpose -> false))
          .isInstanceOfSatisfying(
              CommandFailure.class,
              failure -> {
                assertThat(failure.exitCode()).isEqualTo(1);
                assertThat(failure.message()).contains("port " + port + " is taken");
                assertThat(failure.next()).contains("ss -ltnp").contains("SLIPWAY_PORT=");
              });
    }
  }

  /// Who runs the tests may be root, whom the kernel refuses no port.
  @Test
  void aPortThatIsForRootIsNotSaidToBeTaken() {
    CommandFailure reserved = Preparation.unusable(443, new BindException("Permission denied"));
    CommandFailure taken = Preparation.unusable(443, new BindException("Address already in use"));

    assertThat(reserved.code()).isEqualTo("port-reserved");
    assertThat(reserved.message())
        .contains("port 443", "ports below 1024 are for root")
        .doesNotContain("taken");
    assertThat(reserved.next()).contains("1024 or higher").containsPattern("SLIPWAY_PORT=\\d{4,}");
    assertThat(taken.code()).isEqualTo("port-taken");
  }

  @Test
  void twoHomesShareNothing() throws Exception {
    PlatformSettings one = prepare("one", freePort(), purpose -> false);
    PlatformSettings two = prepare("two", freePort(), purpose -> false);

    assertThat(one.installation()).isNotEqualTo(two.installation());
    assertThat(Files.readString(folder.resolve("one/keys/kafka.password")))
        .isNotEqualTo(Files.readString(folder.resolve("two/keys/kafka.password")));
  }

  @Test
  void secretsAreReadableByTheirOwnerOnly() throws Exception {
    prepare("one", freePort(), purpose -> false);

    Set<String> modes = new HashSet<>();
    try (var files = Files.list(folder.resolve("one/keys"))) {
      for (Path file : files.toList()) {
        modes.add(PosixFilePermissions.toString(Files.getPosixFilePermissions(file)));
      }
    }
    assertThat(modes).containsExactly("rw-------");
    assertThat(folder.resolve("one/keys/internal.key.pem"))
        .content()
        .startsWith("-----BEGIN PRIVATE KEY-----");
  }

  @Test
  void onlyOneMayLookAfterAHome() throws Exception {
    prepare("one", freePort(), purpose -> false);
    PlatformHome home = new PlatformHome(folder.resolve("one"));

    try (Supervisor.Lock lock = Supervisor.Lock.acquire(home).orElseThrow()) {
      assertThat(lock.held().isValid()).isTrue();
      assertThat(Supervisor.Lock.acquire(home)).isEmpty();
    }
    try (Supervisor.Lock lock = Supervisor.Lock.acquire(home).orElseThrow()) {
      assertThat(lock.held().isValid()).isTrue();
    }
  }

  private PlatformSettings prepare(String home, int publicPort, Predicate<String> ours)
      throws IOException {
    return prepare(home, publicPort, ours, Map.of());
  }

  private PlatformSettings prepare(
      String home, int publicPort, Predicate<String> ours, Map<String, String> more)
      throws IOException {
    try (PortReservation reservation = new PortReservation()) {
      return prepare(home, publicPort, reservation, ours, more);
    }
  }

  /// One that holds its ports until the test ends.
  private PlatformSettings launch(String home, int publicPort, Predicate<String> ours)
      throws IOException {
    PortReservation reservation = new PortReservation();
    reservations.add(reservation);
    return prepare(home, publicPort, reservation, ours, Map.of());
  }

  private PlatformSettings prepare(
      String home,
      int publicPort,
      PortReservation reservation,
      Predicate<String> ours,
      Map<String, String> more)
      throws IOException {
    Map<String, String> environment = new HashMap<>(more);
    environment.put("SLIPWAY_PORT", Integer.toString(publicPort));
    Surroundings surroundings =
        new Surroundings(
            environment,
            folder,
            new ByteArrayInputStream(new byte[0]),
            System.out,
            System.err,
            Set.of(),
            folder);
    PlatformHome place = new PlatformHome(folder.resolve(home));
    // A link to the system's data folder is nothing a test may leave behind.
    Files.createDirectories(place.data());
    Preparation preparation = new Preparation(place, surroundings);
    preparation.folders();
    return preparation.prepare(reservation, ours);
  }

  private static int freePort() throws IOException {
    return FreePorts.find(1).getFirst();
  }

  private static ServerSocket listen(int port) throws IOException {
    ServerSocket socket = new ServerSocket();
    socket.bind(new InetSocketAddress(InetAddress.getLoopbackAddress(), port));
    return socket;
  }
}
