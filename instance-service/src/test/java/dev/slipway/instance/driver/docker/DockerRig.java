package dev.slipway.instance.driver.docker;

import com.github.dockerjava.api.exception.DockerException;
import dev.slipway.common.driver.Endpoint;
import dev.slipway.common.driver.HostPorts;
import dev.slipway.common.driver.ScramVerifier;
import dev.slipway.common.id.Identifiers;
import dev.slipway.common.operation.BeginRequest;
import dev.slipway.common.operation.DriverFailure;
import dev.slipway.common.operation.Fence;
import dev.slipway.common.operation.KernelDatabase;
import dev.slipway.common.operation.Operation;
import dev.slipway.common.operation.OperationEngine;
import dev.slipway.common.operation.OperationKit;
import dev.slipway.common.operation.OperationView;
import dev.slipway.common.operation.Scenario;
import dev.slipway.common.operation.SqlEpochs;
import dev.slipway.docker.Engine;
import dev.slipway.docker.Names;
import dev.slipway.instance.driver.WatchedDriver;
import dev.slipway.instance.operation.DestroyInstance;
import dev.slipway.instance.operation.InstancesInMemory;
import dev.slipway.instance.operation.ProvisionInstance;
import dev.slipway.instance.operation.RepairInstance;
import dev.slipway.instance.operation.ResetPassword;
import dev.slipway.instance.operation.StopInstance;
import java.time.Instant;
import java.util.List;
import java.util.Optional;
import java.util.SortedSet;
import java.util.TreeSet;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicLong;

/// One instance on a real engine, worked on by the service's own operations, whose epochs are those
/// of the kernel's database.
///
/// Each engine of operations has a driver of its own, as each process has.
final class DockerRig implements Scenario.Rig {

  static final String ADMINISTRATOR = "demo_db";
  static final String PASSWORD = "a password";
  static final String NEW_PASSWORD = "another password";

  private static final AtomicInteger PORTS = new AtomicInteger(23_000);
  private static final String VERIFIER = ScramVerifier.of(PASSWORD.toCharArray()).value();
  private static final String NEW_VERIFIER = ScramVerifier.of(NEW_PASSWORD.toCharArray()).value();

  final String subject = Identifiers.next("ins");
  final Endpoint endpoint = freeEndpoint();
  private final String kind;
  private final DockerStage stage;
  private final DockerDriverSettings settings;
  private final KernelDatabase database;
  private final String organization;
  private final AtomicLong acts = new AtomicLong();

  DockerRig(
      String kind, DockerStage stage, DockerDriverSettings settings, KernelDatabase database) {
    this(kind, stage, settings, database, DockerStage.ORGANIZATION);
  }

  /// @param organization of its own where cases run side by side: an engine may lose count of a
  ///     network whose containers come and go at the same time, and keeps it then
  DockerRig(
      String kind,
      DockerStage stage,
      DockerDriverSettings settings,
      KernelDatabase database,
      String organization) {
    this.kind = kind;
    this.stage = stage;
    this.settings = settings;
    this.database = database;
    this.organization = organization;
  }

  /// Of two that are looked for at the same time, neither is listened on yet.
  private static Endpoint freeEndpoint() {
    while (true) {
      int port = PORTS.getAndIncrement();
      if (new HostPorts("localhost", port, port).isFree(port)) {
        return new Endpoint("localhost", port);
      }
    }
  }

  private DockerInstanceDriver open() {
    var epochs = new SqlEpochs(database.transactions());
    return stage.replica(
        settings,
        of -> {
          // Whoever acts asks first.
          acts.incrementAndGet();
          return epochs.current(of);
        });
  }

  @Override
  public long acts() {
    return acts.get();
  }

  @Override
  public List<Operation<?, ?>> operations() {
    var driver = new WatchedDriver(open());
    driver.offer(endpoint);
    var instances = new InstancesInMemory();
    return List.of(
        new ProvisionInstance(driver, instances),
        new ResetPassword(driver),
        new RepairInstance(driver, instances),
        new StopInstance(driver, instances),
        new DestroyInstance(driver, instances, (operation, instance, proof) -> {}));
  }

  @Override
  public void prepare(OperationEngine engine) throws Exception {
    if (kind.equals(ProvisionInstance.KIND)) {
      return;
    }
    OperationView end =
        engine.awaitEnd(
            OperationKit.id(engine.begin(request(ProvisionInstance.KIND))), OperationKit.PATIENCE);
    if (!end.succeeded()) {
      throw new AssertionError(end.toString());
    }
    if (kind.equals(RepairInstance.KIND)) {
      for (Engine.Listed container :
          stage.engine.containers(stage.names.of(Names.INSTANCE, subject))) {
        stage.client.killContainerCmd(container.id()).exec();
      }
    }
  }

  @Override
  public BeginRequest begin() {
    return request(kind);
  }

  @Override
  public List<BeginRequest> others() {
    return List.of(request(DestroyInstance.KIND));
  }

  @Override
  public Optional<BeginRequest> destroy() {
    return Optional.of(request(DestroyInstance.KIND));
  }

  private BeginRequest request(String wanted) {
    String host = endpoint.host();
    int port = endpoint.port();
    Record input =
        switch (wanted) {
          case ProvisionInstance.KIND ->
              new ProvisionInstance.Input("main", ADMINISTRATOR, VERIFIER);
          case ResetPassword.KIND ->
              new ResetPassword.Input("main", ADMINISTRATOR, NEW_VERIFIER, host, port);
          case RepairInstance.KIND ->
              new RepairInstance.Input("main", host, port, "it was killed", Instant.EPOCH);
          case StopInstance.KIND -> new StopInstance.Input("main", host, port);
          case DestroyInstance.KIND -> new DestroyInstance.Input("main");
          default -> throw new IllegalArgumentException(wanted);
        };
    return BeginRequest.of(wanted, subject, "main", organization, "demo", input, null);
  }

  /// What the engine has of the instance. Two containers would be two things.
  @Override
  public SortedSet<String> reality() {
    SortedSet<String> things = new TreeSet<>();
    try {
      int number = 0;
      for (Engine.Listed container :
          stage.engine.containers(stage.names.of(Names.INSTANCE, subject))) {
        number++;
        things.add("container " + number);
        things.add("port " + number);
        if (container.running()) {
          things.add("process " + number);
        }
      }
      if (!stage.engine.volumes(stage.names.of(Names.INSTANCE, subject)).isEmpty()) {
        things.add("volume 1");
      }
    } catch (DriverFailure | DockerException failure) {
      throw new IllegalStateException(failure);
    } catch (InterruptedException stopped) {
      throw new IllegalStateException(stopped);
    }
    return things;
  }

  /// Removes what is there.
  @Override
  public void close() throws Exception {
    open().destroy(new Fence(subject, 1_000_000), subject, List.of());
  }
}
