package dev.slipway.instance.operation;

import dev.slipway.common.driver.Endpoint;
import dev.slipway.common.driver.ScramVerifier;
import dev.slipway.common.id.Identifiers;
import dev.slipway.common.operation.BeginRequest;
import dev.slipway.common.operation.KernelDatabase;
import dev.slipway.common.operation.Operation;
import dev.slipway.common.operation.OperationEngine;
import dev.slipway.common.operation.OperationKit;
import dev.slipway.common.operation.OperationView;
import dev.slipway.common.operation.Scenario;
import dev.slipway.common.reconcile.Bookkeeping;
import dev.slipway.instance.driver.FakeInstanceDriver;
import dev.slipway.instance.driver.Observation;
import dev.slipway.instance.driver.WatchedDriver;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.SortedSet;
import java.util.TreeSet;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.stream.Stream;
import org.junit.jupiter.api.DynamicTest;
import org.junit.jupiter.api.TestFactory;

/// Every operation of this service against the kernel's kit, in pairs with every other one that may
/// arrive on the same instance.
final class InstanceOperationsMatrixTest {

  private static final String VERIFIER = ScramVerifier.of("a password".toCharArray()).value();
  private static final String NEW_VERIFIER =
      ScramVerifier.of("another password".toCharArray()).value();

  private static final AtomicInteger PORTS = new AtomicInteger(10_000);

  private final OperationKit kit =
      new OperationKit(
          KernelDatabase.fresh(),
          KernelDatabase.fresh(),
          KernelDatabase.fresh(),
          KernelDatabase.fresh());

  @TestFactory
  Stream<DynamicTest> everyCaseEndsAndLeavesNothing() throws Exception {
    Stream<Scenario> instances =
        Stream.of(
                ProvisionInstance.KIND,
                ResetPassword.KIND,
                RepairInstance.KIND,
                StopInstance.KIND,
                DestroyInstance.KIND,
                SweepInstance.KIND,
                LinkInstance.KIND,
                UnlinkInstance.KIND)
            .map(InstanceOperationsMatrixTest::scenario);
    return kit.matrix(
        "instance-service",
        operations(),
        Stream.concat(instances, DatabaseOperationsMatrixTest.scenarios()).toList());
  }

  /// Every operation of the service.
  static List<Operation<?, ?>> operations() {
    return Stream.of(
            new InstanceRig(ProvisionInstance.KIND).operations(),
            DatabaseOperationsMatrixTest.operations())
        .flatMap(List::stream)
        .toList();
  }

  private static Scenario scenario(String kind) {
    return new Scenario() {
      @Override
      public String name() {
        return kind;
      }

      @Override
      public Rig rig(KernelDatabase database) {
        return new InstanceRig(kind);
      }
    };
  }

  /// One instance in a reality of its own. Whether its server runs and which password it has are
  /// not part of what exists: operations that were undone may have changed them, and say so in
  /// their plans.
  private static final class InstanceRig implements Scenario.Rig {

    private final String kind;
    private final String subject = Identifiers.next("ins");
    private final FakeInstanceDriver reality = new FakeInstanceDriver();
    private final WatchedDriver driver = new WatchedDriver(reality);
    private final InstancesInMemory instances = new InstancesInMemory();
    // The ledger of the kit's database is shared by all cases, so each has an address of its own.
    private final Endpoint endpoint = new Endpoint("localhost", PORTS.getAndIncrement());

    private InstanceRig(String kind) {
      this.kind = kind;
      driver.offer(endpoint);
    }

    private boolean linked() {
      return kind.equals(LinkInstance.KIND) || kind.equals(UnlinkInstance.KIND);
    }

    @Override
    public List<Operation<?, ?>> operations() {
      return List.of(
          new ProvisionInstance(driver, instances),
          new ResetPassword(driver),
          new RepairInstance(driver, instances),
          new StopInstance(driver, instances),
          new DestroyInstance(driver, instances, (operation, instance, proof) -> {}),
          new SweepInstance(driver, instance -> Bookkeeping.NOTHING),
          new LinkInstance((instance, address, role, password) -> {}, instances),
          new UnlinkInstance(instances, (operation, instance, proof) -> {}));
    }

    @Override
    public void prepare(OperationEngine engine) throws Exception {
      // What a sweep removes stands in no ledger; the janitor's tests have it.
      if (Set.of(ProvisionInstance.KIND, LinkInstance.KIND, SweepInstance.KIND).contains(kind)) {
        return;
      }
      BeginRequest first = request(linked() ? LinkInstance.KIND : ProvisionInstance.KIND);
      OperationView end =
          engine.awaitEnd(OperationKit.id(engine.begin(first)), Duration.ofSeconds(20));
      if (!end.succeeded()) {
        throw new AssertionError(end.toString());
      }
      if (kind.equals(RepairInstance.KIND)) {
        reality.reality().kill(subject);
        driver.look(specification -> Observation.down("it was killed", Instant.now()));
      }
    }

    @Override
    public BeginRequest begin() {
      return request(kind);
    }

    @Override
    public List<BeginRequest> others() {
      Stream<String> kinds =
          linked()
              ? Stream.of(LinkInstance.KIND, UnlinkInstance.KIND)
              : Stream.of(
                  ProvisionInstance.KIND,
                  ResetPassword.KIND,
                  RepairInstance.KIND,
                  StopInstance.KIND,
                  DestroyInstance.KIND);
      // Every provisioning is of a new identifier, so none meets a repair, which would make way.
      return kinds
          .filter(
              other ->
                  !Set.of(RepairInstance.KIND, SweepInstance.KIND).contains(kind)
                      || other.equals(DestroyInstance.KIND)
                      || (kind.equals(RepairInstance.KIND)
                          && !other.equals(ProvisionInstance.KIND)))
          .map(this::request)
          .toList();
    }

    @Override
    public Optional<BeginRequest> destroy() {
      return Optional.of(request(linked() ? UnlinkInstance.KIND : DestroyInstance.KIND));
    }

    private BeginRequest request(String wanted) {
      String host = endpoint.host();
      int port = endpoint.port();
      Record input =
          switch (wanted) {
            case ProvisionInstance.KIND -> new ProvisionInstance.Input("main", "demo_db", VERIFIER);
            case ResetPassword.KIND ->
                new ResetPassword.Input("main", "demo_db", NEW_VERIFIER, host, port);
            case RepairInstance.KIND ->
                new RepairInstance.Input("main", host, port, "it was killed", Instant.EPOCH);
            case StopInstance.KIND -> new StopInstance.Input("main", host, port);
            case DestroyInstance.KIND -> new DestroyInstance.Input("main");
            case LinkInstance.KIND ->
                new LinkInstance.Input("main", "db.example", 5432, "dbosadmin", "sealed");
            case UnlinkInstance.KIND -> new UnlinkInstance.Input("main");
            case SweepInstance.KIND -> new SweepInstance.Input(List.of());
            default -> throw new IllegalArgumentException(wanted);
          };
      return BeginRequest.of(wanted, subject, "main", "org_one", "demo", input, null);
    }

    @Override
    public SortedSet<String> reality() {
      SortedSet<String> things = new TreeSet<>();
      if (reality.reality().instances().contains(subject)) {
        things.addAll(
            Set.of("directory of the instance", "port of the instance", "process of the instance"));
      }
      return things;
    }
  }
}
