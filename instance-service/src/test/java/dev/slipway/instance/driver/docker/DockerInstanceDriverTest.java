package dev.slipway.instance.driver.docker;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;
import static org.awaitility.Awaitility.await;

import com.github.dockerjava.api.command.InspectContainerResponse;
import com.github.dockerjava.api.model.Capability;
import com.github.dockerjava.api.model.ExposedPort;
import com.github.dockerjava.api.model.HostConfig;
import com.github.dockerjava.api.model.MountType;
import com.github.dockerjava.api.model.Ports;
import dev.slipway.common.driver.Found;
import dev.slipway.common.driver.ScramVerifier;
import dev.slipway.common.ledger.Resource;
import dev.slipway.common.operation.DriverFailure;
import dev.slipway.common.operation.Fence;
import dev.slipway.docker.Engine;
import dev.slipway.docker.Names;
import dev.slipway.instance.driver.InstanceDriver;
import dev.slipway.instance.driver.InstanceDriverContract;
import dev.slipway.instance.driver.InstanceSpecification;
import dev.slipway.instance.driver.Observation;
import dev.slipway.instance.driver.TestPasswords;
import dev.slipway.instance.driver.sql.ServerSessions;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.sql.Connection;
import java.sql.SQLException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Random;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.stream.Stream;
import org.assertj.core.api.ThrowableAssert.ThrowingCallable;
import org.junit.jupiter.api.AutoClose;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestInstance;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/// The contract on real containers, and what only containers can do wrong.
@TestInstance(TestInstance.Lifecycle.PER_CLASS)
@Timeout(value = 15, unit = TimeUnit.MINUTES)
final class DockerInstanceDriverTest extends InstanceDriverContract {

  private static final String ADMINISTRATOR = "demo_db";
  private static final String PASSWORD = "correct horse";

  @AutoClose
  @SuppressWarnings("NullAway.Init") // set before the first test
  private DockerStage stage;

  @BeforeAll
  void open() {
    stage = new DockerStage();
  }

  @Override
  protected InstanceDriver driver() {
    return stage.driver;
  }

  @Override
  protected InstanceDriver restarted() {
    return stage.open();
  }

  @Override
  protected boolean signsIn(InstanceSpecification specification, String role, String password) {
    try (Connection _ = stage.connect(specification, role, password)) {
      return true;
    } catch (SQLException e) {
      return false;
    }
  }

  private InstanceSpecification provisioned(InstanceSpecification specification) throws Exception {
    provision(stage.driver, specification, 1);
    return specification;
  }

  private static void provision(
      InstanceDriver driver, InstanceSpecification specification, long epoch) throws Exception {
    Fence fence = DockerStage.fence(specification, epoch);
    driver.create(fence, specification);
    driver.start(fence, specification);
    driver.secure(fence, specification, ADMINISTRATOR, verifier(PASSWORD));
  }

  private static ScramVerifier verifier(String password) {
    return ScramVerifier.of(password.toCharArray());
  }

  private void destroy(InstanceSpecification specification, long epoch) throws Exception {
    stage.driver.destroy(
        DockerStage.fence(specification, epoch), specification.instance(), List.of());
  }

  private String container(InstanceSpecification specification, long epoch) {
    return stage.names.container(specification.instance(), epoch);
  }

  /// Containers and volumes of the instance, and its organization's networks, as the engine has
  /// them.
  private List<String> left(InstanceSpecification specification) throws Exception {
    var left = new ArrayList<String>();
    stage
        .engine
        .containers(stage.names.of(Names.INSTANCE, specification.instance()))
        .forEach(it -> left.add(it.name()));
    stage
        .engine
        .volumes(stage.names.of(Names.INSTANCE, specification.instance()))
        .forEach(it -> left.add(it.name()));
    stage
        .engine
        .networks(stage.names.networkLabels(specification.organization()))
        .forEach(it -> left.add(it.name()));
    return left;
  }

  private static void assertFails(
      Class<? extends DriverFailure> kind, String code, ThrowingCallable act) {
    assertThatExceptionOfType(kind).isThrownBy(act).extracting(DriverFailure::code).isEqualTo(code);
  }

  // ---- What a container may

  @Test
  void containerMayNothingThatPostgresDoesNotNeed() throws Exception {
    InstanceSpecification specification = stage.specification("org_hardened");
    stage.driver.create(DockerStage.fence(specification, 1), specification);

    InspectContainerResponse seen =
        stage.client.inspectContainerCmd(container(specification, 1)).exec();

    HostConfig host = seen.getHostConfig();
    assertThat(host.getReadonlyRootfs()).isTrue();
    assertThat(host.getCapDrop()).containsExactly(Capability.ALL);
    assertThat(host.getCapAdd()).isNullOrEmpty();
    assertThat(host.getPrivileged()).isFalse();
    assertThat(host.getSecurityOpts()).contains("no-new-privileges");
    assertThat(host.getMemory()).isEqualTo(512L << 20);
    assertThat(host.getNanoCPUs()).isEqualTo(1_000_000_000L);
    assertThat(host.getPidsLimit()).isPositive();
    assertThat(host.getRestartPolicy().getName()).isIn("", "no");
    assertThat(host.getBinds()).isNullOrEmpty();
    assertThat(seen.getConfig().getUser()).isEqualTo("postgres");
    assertThat(host.getMounts())
        .allSatisfy(
            mount -> {
              assertThat(mount.getType()).isEqualTo(MountType.VOLUME);
              assertThat(mount.getSource()).isEqualTo(stage.names.volume(specification.instance()));
            });
    assertThat(host.getPortBindings().getBindings().get(ExposedPort.tcp(5432)))
        .extracting(Ports.Binding::getHostIp)
        .containsExactly("127.0.0.1");
    destroy(specification, 2);
  }

  @Test
  void serverTellsNobodyItsPasswordAndSpeaksOnlyTls() throws Exception {
    InstanceSpecification specification = provisioned(stage.specification());
    String password =
        new String(TestPasswords.derive(ServerSessions.passwordName(specification.instance())));

    InspectContainerResponse seen =
        stage.client.inspectContainerCmd(container(specification, 1)).exec();

    assertThat(String.join(" ", seen.getConfig().getEnv()))
        .doesNotContain(password, "SCRAM-SHA-256");
    assertThat(
            String.join(" ", stage.engine.log(seen.getId(), seen.getState().getStartedAt(), 500)))
        .doesNotContain(password, "SCRAM-SHA-256");
    assertThat(stage.engine.read(seen.getId(), ServerFiles.PASSWORD)).hasValue("");
    assertThatExceptionOfType(SQLException.class)
        .isThrownBy(() -> stage.connect(specification, ADMINISTRATOR, PASSWORD, "disable"));
    destroy(specification, 2);
  }

  @Test
  void eachOrganizationHasItsNetworkUntilItsLastInstanceGoes() throws Exception {
    InstanceSpecification one = stage.specification("org_first");
    InstanceSpecification two = stage.specification("org_first");
    InstanceSpecification other = stage.specification("org_second");
    for (InstanceSpecification specification : List.of(one, two, other)) {
      stage.driver.create(DockerStage.fence(specification, 1), specification);
    }
    Map<String, String> first = stage.names.networkLabels("org_first");
    Map<String, String> second = stage.names.networkLabels("org_second");
    List<Engine.Network> networks = stage.engine.networks(first);

    destroy(one, 2);
    boolean stays = !stage.engine.networks(first).isEmpty();
    destroy(two, 2);

    assertThat(networks).hasSize(1);
    assertThat(stays).isTrue();
    assertThat(stage.engine.networks(first)).isEmpty();
    assertThat(stage.engine.networks(second)).hasSize(1);
    destroy(other, 2);
    assertThat(left(other)).isEmpty();
  }

  /// The engine accepts several networks of one name, and then starts nothing in any of them.
  @Test
  void firstInstancesOfAnOrganizationThatAreMadeAtOnceShareItsNetwork() throws Exception {
    List<InstanceSpecification> specifications =
        Stream.generate(() -> stage.specification("org_rush")).limit(6).toList();
    List<InstanceDriver> replicas = List.of(stage.open(), stage.open());
    try (ExecutorService threads = Executors.newVirtualThreadPerTaskExecutor()) {
      List<Future<?>> provisioned = new ArrayList<>();
      for (int i = 0; i < specifications.size(); i++) {
        InstanceDriver replica = replicas.get(i % replicas.size());
        InstanceSpecification specification = specifications.get(i);
        provisioned.add(
            threads.submit(
                () -> {
                  provision(replica, specification, 1);
                  return null;
                }));
      }
      for (Future<?> one : provisioned) {
        one.get();
      }
    }

    Map<String, String> labels = stage.names.networkLabels("org_rush");
    List<String> networks = stage.engine.networks(labels).stream().map(Engine.Network::id).toList();
    assertThat(networks).hasSize(1);
    for (Engine.Listed container : stage.engine.containers(labels)) {
      assertThat(container.networks()).as(container.name()).isEqualTo(networks);
    }
    for (InstanceSpecification specification : specifications) {
      destroy(specification, 2);
    }
    assertThat(stage.engine.networks(labels)).isEmpty();
  }

  // ---- Fencing

  /// Somebody destroys the instance between a look and the request that follows it; whoever was
  /// overtaken finds nothing to act on, and takes back what it makes.
  @ParameterizedTest
  @ValueSource(
      strings = {
        "inspect volume",
        "list networks",
        "create container",
        "read from container",
        "write to container",
        "start container"
      })
  void overtakenBeforeARequestLeavesNothing(String request) throws Exception {
    InstanceSpecification specification = stage.specification("org_overtaken");
    var once = new AtomicBoolean();
    InstanceDriver slow =
        stage.open(
            stage.settings(),
            now -> {
              if (now.equals(request) && once.compareAndSet(false, true)) {
                destroyUnchecked(specification, 9);
              }
            });

    assertThatExceptionOfType(DriverFailure.Fenced.class)
        .isThrownBy(() -> provision(slow, specification, 1));

    assertThat(once).isTrue();
    // A network without an instance is removed with the next look for such.
    stage.driver.prepare();
    assertThat(left(specification)).isEmpty();
  }

  @Test
  void overtakenBeforeItStopsDoesNotStopWhatTheNextOneStarted() throws Exception {
    InstanceSpecification specification = provisioned(stage.specification());
    InstanceDriver slow =
        stage.open(
            stage.settings(),
            now -> {
              if (now.equals("stop container")) {
                try {
                  stage.driver.start(DockerStage.fence(specification, 3), specification);
                } catch (DriverFailure | InterruptedException e) {
                  throw new IllegalStateException(e);
                }
              }
            });

    assertThatExceptionOfType(DriverFailure.Fenced.class)
        .isThrownBy(() -> slow.stop(DockerStage.fence(specification, 2), specification));

    assertThat(stage.driver.observe(specification).isUp()).isTrue();
    destroy(specification, 4);
  }

  private void destroyUnchecked(InstanceSpecification specification, long epoch) {
    try {
      destroy(specification, epoch);
    } catch (Exception e) {
      throw new IllegalStateException(e);
    }
  }

  @Test
  void ofManyAtOnceTheHighestEpochDecides() throws Exception {
    InstanceSpecification specification = stage.specification("org_many");
    List<InstanceDriver> replicas = List.of(stage.driver, stage.open());
    var random = new Random(4711);
    List<Future<?>> calls = new ArrayList<>();
    try (ExecutorService callers = Executors.newFixedThreadPool(6)) {
      for (int call = 0; call < 24; call++) {
        long epoch = 1L + random.nextInt(20);
        boolean creates = random.nextBoolean();
        InstanceDriver driver = replicas.get(random.nextInt(2));
        calls.add(
            callers.submit(
                () -> {
                  Fence fence = DockerStage.fence(specification, epoch);
                  if (creates) {
                    driver.create(fence, specification);
                  } else {
                    driver.destroy(fence, specification.instance(), List.of());
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

    stage.driver.create(DockerStage.fence(specification, 21), specification);
    assertThatExceptionOfType(DriverFailure.Fenced.class)
        .isThrownBy(() -> destroy(specification, 20));

    assertThat(left(specification)).contains(container(specification, 21));
    destroy(specification, 22);
    assertThat(left(specification)).isEmpty();
  }

  // ---- Crashes

  /// The service dies before its n-th request; somebody else destroys what is there.
  @Test
  void whateverRequestItDiesAtADestroyLeavesNothing() throws Exception {
    int requests = count(specification -> provision(counting(), specification, 1));
    for (int request = 1; request <= requests; request++) {
      InstanceSpecification specification = stage.specification("org_crashed");
      InstanceDriver dying = dyingAt(request);

      assertThatExceptionOfType(Crash.class).isThrownBy(() -> provision(dying, specification, 1));
      destroy(specification, 2);

      assertThat(left(specification)).as("request %d of %d", request, requests).isEmpty();
    }
  }

  /// The service dies before some of its requests; somebody else goes on.
  @Test
  void whateverRequestItDiesAtTheNextOneProvisions() throws Exception {
    int requests = count(specification -> provision(counting(), specification, 1));
    for (int request : new Random(7).ints(1, requests + 1).distinct().limit(4).toArray()) {
      InstanceSpecification specification = stage.specification("org_crashed");
      InstanceDriver dying = dyingAt(request);

      assertThatExceptionOfType(Crash.class).isThrownBy(() -> provision(dying, specification, 1));
      provision(stage.driver, specification, 2);

      assertThat(signsIn(specification, ADMINISTRATOR, PASSWORD))
          .as("request %d of %d", request, requests)
          .isTrue();
      destroy(specification, 3);
    }
  }

  @Test
  void destroyThatDiesIsEndedByTheNextOne() throws Exception {
    InstanceSpecification counted = stage.specification("org_crashed");
    stage.driver.create(DockerStage.fence(counted, 1), counted);
    var seen = new AtomicInteger();
    stage
        .open(stage.settings(), now -> seen.incrementAndGet())
        .destroy(DockerStage.fence(counted, 2), counted.instance(), List.of());
    for (int request = 1; request <= seen.get(); request++) {
      InstanceSpecification specification = stage.specification("org_crashed");
      stage.driver.create(DockerStage.fence(specification, 1), specification);
      InstanceDriver dying = dyingAt(request);

      assertThatExceptionOfType(Crash.class)
          .isThrownBy(
              () ->
                  dying.destroy(
                      DockerStage.fence(specification, 2), specification.instance(), List.of()));
      destroy(specification, 3);

      assertThat(left(specification)).as("request %d", request).isEmpty();
    }
  }

  private interface Act {
    void on(InstanceSpecification specification) throws Exception;
  }

  private final AtomicInteger counted = new AtomicInteger();

  private InstanceDriver counting() {
    counted.set(0);
    return stage.open(
        stage.settings(),
        now -> {
          // Waiting looks as often as it takes.
          if (!now.equals("inspect container")) {
            counted.incrementAndGet();
          }
        });
  }

  private int count(Act act) throws Exception {
    InstanceSpecification specification = stage.specification("org_crashed");
    act.on(specification);
    destroy(specification, 2);
    return counted.get();
  }

  private InstanceDriver dyingAt(int request) {
    var seen = new AtomicInteger();
    return stage.open(
        stage.settings(),
        now -> {
          if (!now.equals("inspect container") && seen.incrementAndGet() >= request) {
            throw new Crash();
          }
        });
  }

  private static final class Crash extends RuntimeException {
    private static final long serialVersionUID = 1;
  }

  @Test
  void firstStartThatWasCutOffBeginsAgain() throws Exception {
    InstanceSpecification specification = stage.specification();
    Fence fence = DockerStage.fence(specification, 1);
    var started = new AtomicBoolean();
    var once = new AtomicBoolean();
    InstanceDriver driver =
        stage.open(
            stage.settings(),
            now -> {
              // The first look after the start: initdb works.
              if (now.equals("start container")) {
                started.set(true);
              }
              if (now.equals("inspect container")
                  && started.get()
                  && once.compareAndSet(false, true)) {
                stage.client.killContainerCmd(container(specification, 1)).exec();
              }
            });
    driver.create(fence, specification);

    assertFails(
        DriverFailure.Transient.class, "server-died", () -> driver.start(fence, specification));
    driver.start(fence, specification);
    driver.secure(fence, specification, ADMINISTRATOR, verifier(PASSWORD));

    assertThat(signsIn(specification, ADMINISTRATOR, PASSWORD)).isTrue();
    destroy(specification, 2);
  }

  @Test
  void serverThatWasKilledIsSeenDownAndComesBackWithItsData() throws Exception {
    InstanceSpecification specification = provisioned(stage.specification());
    stage.client.killContainerCmd(container(specification, 1)).exec();

    Observation seen = stage.driver.observe(specification);
    stage.driver.start(DockerStage.fence(specification, 2), specification);

    assertThat(seen.state()).isEqualTo(Observation.State.DOWN);
    assertThat(signsIn(specification, ADMINISTRATOR, PASSWORD)).isTrue();
    destroy(specification, 3);
  }

  @Test
  void containerThatSomebodyRemovedIsMadeAgainAroundTheData() throws Exception {
    InstanceSpecification specification = provisioned(stage.specification());
    stage
        .client
        .removeContainerCmd(container(specification, 1))
        .withForce(true)
        .withRemoveVolumes(true)
        .exec();

    boolean down = !stage.driver.observe(specification).isUp();
    stage.driver.start(DockerStage.fence(specification, 2), specification);

    assertThat(down).isTrue();
    assertThat(signsIn(specification, ADMINISTRATOR, PASSWORD)).isTrue();
    destroy(specification, 3);
  }

  // ---- Trash

  @Test
  void whatIsInTheTrashKeepsItsDataAndADestroyLeavesItThere() throws Exception {
    InstanceSpecification specification = provisioned(stage.specification("org_trash"));
    Resource trash =
        Objects.requireNonNull(
            stage.driver.moveToTrash(specification.instance(), List.of()).folder());

    destroy(specification, 5);

    assertThat(left(specification))
        .containsExactlyInAnyOrder(trash.name(), stage.names.volume(specification.instance()));
    assertThat(stage.engine.read(trash.name(), ServerFiles.COMPLETE)).isPresent();
  }

  @Test
  void volumeWithoutAContainerIsTrashedToo() throws Exception {
    InstanceSpecification specification = stage.specification("org_trash");
    stage.driver.create(DockerStage.fence(specification, 1), specification);
    stage.client.removeContainerCmd(container(specification, 1)).exec();

    Resource trash =
        Objects.requireNonNull(
            stage.driver.moveToTrash(specification.instance(), List.of()).folder());

    assertThat(stage.driver.inventory())
        .filteredOn(found -> found.subject().equals(specification.instance()))
        .extracting(Found::resource)
        .containsExactly(trash);
  }

  // ---- Bad surroundings

  @Test
  void nameOfAForeignVolumeIsLeftAlone() throws Exception {
    InstanceSpecification specification = stage.specification("org_foreign");
    String name = stage.names.volume(specification.instance());
    stage.client.createVolumeCmd().withName(name).exec();

    assertFails(
        DriverFailure.Permanent.class,
        "foreign",
        () -> stage.driver.create(DockerStage.fence(specification, 1), specification));
    destroy(specification, 2);

    assertThat(stage.engine.volume(name)).isPresent();
    stage.client.removeVolumeCmd(name).exec();
    assertThat(left(specification)).isEmpty();
  }

  @Test
  void nameOfAForeignContainerIsLeftAlone() throws Exception {
    InstanceSpecification specification = stage.specification("org_foreign");
    String name = container(specification, 1);
    stage.client.createContainerCmd(DockerStage.IMAGE).withName(name).exec();

    assertFails(
        DriverFailure.Permanent.class,
        "foreign",
        () -> stage.driver.create(DockerStage.fence(specification, 1), specification));
    destroy(specification, 1);

    assertThat(stage.engine.inspect(name)).isPresent();
    stage.client.removeContainerCmd(name).withRemoveVolumes(true).exec();
    assertThat(left(specification)).isEmpty();
  }

  @Test
  void portThatIsTakenIsSaidAndNothingRuns() throws Exception {
    InstanceSpecification specification = stage.specification();
    Fence fence = DockerStage.fence(specification, 1);
    stage.driver.create(fence, specification);
    try (var _ =
        new ServerSocket(specification.endpoint().port(), 1, InetAddress.getLoopbackAddress())) {

      assertFails(
          DriverFailure.Permanent.class,
          "port-taken",
          () -> stage.driver.start(fence, specification));
    }

    assertThat(stage.driver.observe(specification).state()).isEqualTo(Observation.State.DOWN);
    destroy(specification, 2);
  }

  @Test
  void imageThatIsNowhereIsSaidWithWhatToDo() throws Exception {
    InstanceSpecification specification = stage.specification("org_without_image");
    InstanceDriver driver =
        stage.open(
            DockerStage.withImage(stage.settings(), "localhost:9/slipway-has-no-such-image:1"),
            request -> {});
    Fence fence = DockerStage.fence(specification, 1);

    assertFails(
        DriverFailure.Transient.class, "image-pulling", () -> driver.create(fence, specification));
    await()
        .atMost(Duration.ofSeconds(30))
        .untilAsserted(
            () ->
                assertThatExceptionOfType(DriverFailure.Permanent.class)
                    .isThrownBy(() -> driver.create(fence, specification))
                    .withMessageContaining("docker pull localhost:9/slipway-has-no-such-image:1"));

    destroy(specification, 2);
    assertThat(left(specification)).isEmpty();
  }
}
