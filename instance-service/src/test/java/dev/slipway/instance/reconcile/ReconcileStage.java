package dev.slipway.instance.reconcile;

import dev.slipway.common.driver.Endpoint;
import dev.slipway.common.driver.ScramVerifier;
import dev.slipway.common.id.Identifiers;
import dev.slipway.common.operation.BeginRequest;
import dev.slipway.common.operation.DriverFailure;
import dev.slipway.common.operation.KernelDatabase;
import dev.slipway.common.operation.Operation;
import dev.slipway.common.operation.OperationEngine;
import dev.slipway.common.operation.OperationKit;
import dev.slipway.common.operation.OperationView;
import dev.slipway.common.operation.Transactions;
import dev.slipway.common.outbox.Outbox;
import dev.slipway.common.reconcile.Books;
import dev.slipway.common.reconcile.Janitor;
import dev.slipway.instance.domain.Instance;
import dev.slipway.instance.domain.InstanceKind;
import dev.slipway.instance.driver.FakeInstanceDriver;
import dev.slipway.instance.driver.InstanceSpecification;
import dev.slipway.instance.driver.LinkedServer;
import dev.slipway.instance.driver.WatchedDriver;
import dev.slipway.instance.operation.DestroyInstance;
import dev.slipway.instance.operation.LinkInstance;
import dev.slipway.instance.operation.ProvisionInstance;
import dev.slipway.instance.operation.RepairInstance;
import dev.slipway.instance.operation.ResetPassword;
import dev.slipway.instance.operation.StopInstance;
import dev.slipway.instance.operation.SweepInstance;
import dev.slipway.instance.operation.UnlinkInstance;
import java.sql.PreparedStatement;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.time.Clock;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.atomic.AtomicInteger;
import org.jspecify.annotations.Nullable;

/// An instance-service in small: a fake reality, a real kernel on a real database.
final class ReconcileStage implements AutoCloseable {

  static final String INSTALLATION = "the-installation";
  static final String ORGANIZATION = "org_one";
  private static final String VERIFIER = ScramVerifier.of("a password".toCharArray()).value();
  private static final Duration PATIENCE = Duration.ofMinutes(2);

  /// How many of a kind an observer looks at at the same time.
  static final int AT_ONCE = 4;

  // One database for all, emptied for each; a stage is alone while it is open.
  private static final KernelDatabase DATABASE = KernelDatabase.fresh("classpath:db/migration");

  final KernelDatabase database = DATABASE;
  final Transactions transactions = database.transactions();
  final FakeInstanceDriver reality;
  final WatchedDriver driver;
  final FakeLinkedServer linkedServer = new FakeLinkedServer();
  final ObservationTable table =
      new ObservationTable(transactions, new Outbox("instance-service", Clock.systemUTC()));
  final SqlInstances instances = new SqlInstances(transactions, table);
  final Books books = InstancePremises.books(transactions);
  final PlatformWish wishes = new PlatformWish(transactions);
  final OperationEngine engine;
  final Repairs repairs;

  /// Lets somebody in, or not, or does not answer yet.
  static final class FakeLinkedServer implements LinkedServer {
    volatile @Nullable DriverFailure failure;
    volatile CountDownLatch answers = new CountDownLatch(0);
    final AtomicInteger asked = new AtomicInteger();

    @Override
    public void check(String instance, Endpoint endpoint, String role, String sealedPassword)
        throws DriverFailure, InterruptedException {
      asked.incrementAndGet();
      answers.await();
      DriverFailure now = failure;
      if (now != null) {
        throw now;
      }
    }
  }

  ReconcileStage() {
    this(new FakeInstanceDriver());
  }

  /// @param reality as another control database may have left it
  ReconcileStage(FakeInstanceDriver reality) {
    database.execute(
        """
        truncate instance, observation, discrepancy, installation, ledger, operation_step, operation, subject,
          outbox, idempotency_key cascade;
        update platform_wish set wish = 'RUNNING'""");
    this.reality = reality;
    this.driver = new WatchedDriver(reality);
    this.engine = replica("one");
    this.repairs = new Repairs(transactions, engine);
  }

  /// A running engine of another replica.
  OperationEngine replica(String name) {
    List<Operation<?, ?>> operations =
        List.of(
            new ProvisionInstance(driver, instances),
            new ResetPassword(driver),
            new DestroyInstance(driver, instances, (operation, instance, proof) -> {}),
            new LinkInstance(linkedServer, instances),
            new UnlinkInstance(instances, (operation, instance, proof) -> {}),
            new RepairInstance(driver, table),
            new StopInstance(driver, table),
            new SweepInstance(driver, books));
    return OperationKit.engine(database, operations, name, OperationEngine.Interruptions.NONE);
  }

  Observer observer() {
    return observer(Duration.ofSeconds(5));
  }

  Observer observer(Duration limit) {
    return new Observer(
        driver,
        linkedServer,
        table,
        repairs,
        wishes,
        new Observer.Settings(Duration.ofSeconds(30), Duration.ofSeconds(5), limit, AT_ONCE));
  }

  Janitor janitor(Duration apart) {
    return InstancePremises.janitor(driver, transactions, engine, INSTALLATION, apart);
  }

  // ---- What people ask for

  /// A provisioned instance.
  String provision(String name) throws Exception {
    String id = Identifiers.next("ins");
    OperationView end = engine.awaitEnd(beginProvision(id, name), PATIENCE);
    if (!end.succeeded()) {
      throw new AssertionError(end.toString());
    }
    return id;
  }

  String beginProvision(String id, String name) throws SQLException {
    return bring(
        id,
        name,
        InstanceKind.PROVISIONED,
        ProvisionInstance.KIND,
        new ProvisionInstance.Input(name, "demo_db", VERIFIER));
  }

  String link(String name) throws Exception {
    String id = Identifiers.next("ins");
    String operation =
        bring(
            id,
            name,
            InstanceKind.LINKED,
            LinkInstance.KIND,
            new LinkInstance.Input(name, "db.example", 5432, "dbosadmin", "sealed"));
    engine.awaitEnd(operation, PATIENCE);
    return id;
  }

  private String bring(String id, String name, InstanceKind kind, String operation, Record input)
      throws SQLException {
    return transactions.inNew(
        connection -> {
          String begun =
              OperationKit.id(
                  engine.begin(
                      BeginRequest.of(operation, id, name, ORGANIZATION, "demo", input, null)));
          instances.add(
              new Instance(
                  id,
                  ORGANIZATION,
                  name,
                  kind,
                  "demo_db",
                  null,
                  null,
                  kind == InstanceKind.LINKED ? "sealed" : null,
                  null,
                  begun,
                  "demo",
                  Instant.now()));
          return begun;
        });
  }

  OperationView destroy(String id) throws Exception {
    return run(DestroyInstance.KIND, id, new DestroyInstance.Input("main"));
  }

  String beginReset(String id) throws SQLException {
    Endpoint endpoint = specification(id).endpoint();
    return OperationKit.id(
        engine.begin(
            BeginRequest.of(
                ResetPassword.KIND,
                id,
                "main",
                ORGANIZATION,
                "demo",
                new ResetPassword.Input(
                    "main", "demo_db", VERIFIER, endpoint.host(), endpoint.port()),
                null)));
  }

  OperationView run(String kind, String id, Record input) throws Exception {
    return engine.awaitEnd(
        OperationKit.id(
            engine.begin(
                BeginRequest.of(kind, id, "main", ORGANIZATION, Repairs.PLATFORM, input, null))),
        PATIENCE);
  }

  InstanceSpecification specification(String id) {
    Instance instance = instances.byId(id).orElseThrow();
    String host = instance.host();
    Integer port = instance.port();
    if (host == null || port == null) {
      throw new AssertionError("It has no address yet");
    }
    return new InstanceSpecification(id, "org_one", new Endpoint(host, port));
  }

  Watched watched(String id) throws SQLException {
    return table.watchlist(Duration.ofSeconds(5)).stream()
        .filter(watched -> watched.id().equals(id))
        .findFirst()
        .orElseThrow();
  }

  // ---- What stands in the database

  /// `UP`, `DOWN: why`, or nothing.
  Optional<String> stored(String id) {
    return texts(
            "select state || coalesce(': ' || reason, '') from observation where instance = '"
                + id
                + "'")
        .stream()
        .findFirst();
  }

  List<String> operations(String kind) {
    return texts("select id from operation where kind = '" + kind + "' order by created_at, id");
  }

  List<String> texts(String sql) {
    try {
      return transactions.inNew(
          connection -> {
            try (PreparedStatement select = connection.prepareStatement(sql);
                ResultSet rows = select.executeQuery()) {
              List<String> texts = new ArrayList<>();
              while (rows.next()) {
                texts.add(rows.getString(1));
              }
              return texts;
            }
          });
    } catch (SQLException failure) {
      throw new IllegalStateException(failure);
    }
  }

  /// The platform runs for so long.
  void passRunning(Duration time) {
    database.execute(
        "update platform_clock set running_millis = running_millis + " + time.toMillis());
  }

  OperationView await(String operation) throws Exception {
    return engine.awaitEnd(operation, PATIENCE);
  }

  @Override
  public void close() {
    engine.close();
  }
}
