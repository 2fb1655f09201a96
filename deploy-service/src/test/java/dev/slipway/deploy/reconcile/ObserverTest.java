package dev.slipway.deploy.reconcile;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;

import com.sun.net.httpserver.HttpServer;
import dev.slipway.common.operation.BeginRequest;
import dev.slipway.common.operation.KernelDatabase;
import dev.slipway.common.operation.OperationEngine;
import dev.slipway.common.operation.OperationKit;
import dev.slipway.common.operation.OperationView;
import dev.slipway.deploy.domain.Executor;
import dev.slipway.deploy.driver.ExecutorObservation;
import dev.slipway.deploy.operation.AnsweredChildren;
import dev.slipway.deploy.operation.DeployStage;
import dev.slipway.deploy.operation.DrainExecutors;
import dev.slipway.deploy.operation.RestoreExecutors;
import dev.slipway.deploy.operation.StopExecutors;
import java.net.InetSocketAddress;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.LinkedBlockingQueue;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/// What is seen of executors, and what the platform does about it.
final class ObserverTest {

  private static final Duration PATIENCE = Duration.ofMinutes(2);
  private static final KernelDatabase DATABASE = KernelDatabase.fresh("classpath:db/migration");
  private static final AnsweredChildren CHILDREN = new AnsweredChildren(DATABASE);

  private static int ports = 4000;

  private final DeployStage stage = new DeployStage(DATABASE, ports);
  private final OperationEngine engine =
      OperationKit.engine(DATABASE, stage.operations(), "one", OperationEngine.Interruptions.NONE);
  private final PlatformWish wishes = new PlatformWish(DATABASE.transactions());
  private final Observer observer =
      new Observer(
          stage.runtime(),
          stage.specifications(),
          stage.applications(),
          stage.versions(),
          stage.executors(),
          stage.accesses(),
          stage.schemas(),
          new Upkeep(DATABASE.transactions(), engine),
          stage.recovery(),
          Duration.ofHours(1),
          Duration.ZERO,
          Duration.ZERO);

  @BeforeEach
  void deploy() throws Exception {
    ports += 20;
    wishes.set(Wish.RUNNING);
    stage.register();
    deployAnother();
  }

  private String deployAnother() throws Exception {
    String version = stage.addVersion();
    assertThat(run(stage.deploy(version)).succeeded()).isTrue();
    return version;
  }

  private OperationView run(BeginRequest request) throws Exception {
    return engine.awaitEnd(OperationKit.id(engine.begin(request)), PATIENCE);
  }

  private OperationView ended(String kind) throws Exception {
    return engine.awaitEnd(engine.latest(stage.application(), kind).orElseThrow().id(), PATIENCE);
  }

  private Executor only() {
    List<Executor> all = stage.executors().of(stage.application());
    assertThat(all).hasSize(1);
    return all.getFirst();
  }

  @AfterEach
  void stop() {
    engine.close();
    stage.applications().remove(stage.application());
  }

  @AfterAll
  static void stopChildren() throws Exception {
    CHILDREN.stop();
  }

  @Test
  void whatIsSeenIsStored() throws Exception {
    observer.round();
    assertThat(only().up()).isTrue();
    assertThat(only().reason()).isNull();

    stage.reality().becomes(only().id(), ExecutorObservation.State.SILENT);
    observer.round();

    assertThat(only().up()).isFalse();
    assertThat(only().reason()).isEqualTo("it does not answer");
    assertThat(engine.latest(stage.application(), RestoreExecutors.KIND)).isEmpty();
  }

  @Test
  void whatIsGoneIsBroughtBack() throws Exception {
    stage.reality().restartMachine();

    observer.round();

    assertThat(ended(RestoreExecutors.KIND).succeeded()).isTrue();
    assertThat(stage.reality().executors()).containsExactly(only().id());
    observer.round();
    assertThat(only().up()).isTrue();
  }

  @Test
  void nothingIsBroughtBackWhileThePlatformStops() throws Exception {
    var stop = new PlatformStop(wishes, stage.applications(), stage.executors(), engine, PATIENCE);

    PlatformStop.Summary summary = stop.stop();
    observer.round();

    assertThat(summary).isEqualTo(new PlatformStop.Summary(1, 1, List.of()));
    assertThat(stage.reality().executors()).isEmpty();
    assertThat(ended(StopExecutors.KIND).succeeded()).isTrue();
    assertThat(engine.latest(stage.application(), RestoreExecutors.KIND)).isEmpty();

    wishes.set(Wish.RUNNING);
    observer.round();
    assertThat(ended(RestoreExecutors.KIND).succeeded()).isTrue();
    assertThat(stage.reality().executors()).containsExactly(only().id());
  }

  @Test
  void anExecutorEndsWhenItHasDrained() throws Exception {
    String first = stage.applications().byId(stage.application()).orElseThrow().serving();
    assertThat(first).isNotNull();
    stage.schemas().workflows(first, 1);
    deployAnother();
    observer.round();
    assertThat(engine.latest(stage.application(), DrainExecutors.KIND)).isEmpty();

    stage.schemas().workflows(first, 0);
    observer.round();

    assertThat(ended(DrainExecutors.KIND).succeeded()).isTrue();
    assertThat(only().version()).isNotEqualTo(first);
  }

  @Test
  void workflowsOfAProcessThatEndedGoOn() throws Exception {
    stage.withSdk();
    String version = deployAnother();
    Executor executor = only();
    var asked = new LinkedBlockingQueue<String>();
    HttpServer admin =
        HttpServer.create(new InetSocketAddress(executor.host(), executor.adminPort()), 0);
    admin.createContext(
        "/dbos-workflow-recovery",
        exchange -> {
          asked.add(new String(exchange.getRequestBody().readAllBytes(), UTF_8));
          exchange.sendResponseHeaders(204, -1);
          exchange.close();
        });
    admin.start();
    try {
      stage.schemas().pending(version, executor.id() + ".0.0");
      observer.round();
      assertThat(asked).as("its process runs").isEmpty();

      stage.schemas().pending(version, executor.id() + ".0.7");
      observer.round();
      observer.round();

      assertThat(asked).containsExactly("[\"" + executor.id() + ".0.7\"]");
    } finally {
      admin.stop(0);
    }
  }
}
