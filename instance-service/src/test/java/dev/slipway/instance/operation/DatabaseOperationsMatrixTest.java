package dev.slipway.instance.operation;

import static org.assertj.core.api.Assertions.assertThat;

import dev.slipway.common.contract.instance.DatabaseOperations;
import dev.slipway.common.driver.Endpoint;
import dev.slipway.common.driver.Gone;
import dev.slipway.common.driver.ScramVerifier;
import dev.slipway.common.id.Identifiers;
import dev.slipway.common.ledger.Resource;
import dev.slipway.common.operation.BeginRequest;
import dev.slipway.common.operation.Cause;
import dev.slipway.common.operation.DriverFailure;
import dev.slipway.common.operation.Fence;
import dev.slipway.common.operation.KernelDatabase;
import dev.slipway.common.operation.Operation;
import dev.slipway.common.operation.OperationEngine;
import dev.slipway.common.operation.OperationKit;
import dev.slipway.common.operation.OperationView;
import dev.slipway.common.operation.Scenario;
import dev.slipway.instance.domain.Bindings;
import dev.slipway.instance.domain.Instance;
import dev.slipway.instance.domain.InstanceKind;
import dev.slipway.instance.domain.Instances;
import dev.slipway.instance.driver.DatabaseLocation;
import dev.slipway.instance.driver.DatabaseServers;
import dev.slipway.instance.driver.DatabaseSet;
import dev.slipway.instance.driver.FakeInstanceDriver;
import dev.slipway.instance.driver.InstanceSpecification;
import dev.slipway.instance.driver.LinkedDatabases;
import dev.slipway.instance.persistence.SqlDatabaseSets;
import java.time.Duration;
import java.time.Instant;
import java.util.Collection;
import java.util.HashSet;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.SortedSet;
import java.util.TreeSet;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;

/// The operations on an application's databases as the matrix of the service has them, and what
/// they refuse.
final class DatabaseOperationsMatrixTest {

  private static final String VERIFIER = ScramVerifier.of("a password".toCharArray()).value();
  private static final Duration PATIENCE = Duration.ofMinutes(2);

  private final KernelDatabase database = KernelDatabase.fresh();

  /// Where a scenario starts: the databases are not there, or an earlier ensure has made them.
  private enum Start {
    NOTHING,
    ENSURED
  }

  static Stream<Scenario> scenarios() {
    return Stream.of(
        scenario(EnsureDatabases.KIND, Start.NOTHING),
        scenario(EnsureDatabases.KIND, Start.ENSURED),
        scenario(DropDatabases.KIND, Start.ENSURED),
        scenario(DropDatabases.KIND, Start.NOTHING));
  }

  static List<Operation<?, ?>> operations() {
    return new SetRig(KernelDatabase.fresh(), EnsureDatabases.KIND, Start.NOTHING).operations();
  }

  private static Scenario scenario(String kind, Start start) {
    return new Scenario() {
      @Override
      public String name() {
        return kind + " of " + start;
      }

      @Override
      public Rig rig(KernelDatabase kernel) {
        return new SetRig(kernel, kind, start);
      }
    };
  }

  @Test
  void whoComesSecondForANameIsRefusedAndTheFirstKeepsIt() throws Exception {
    var rig = new SetRig(database, EnsureDatabases.KIND, Start.ENSURED);
    try (OperationEngine engine = rig.engine(database)) {
      rig.prepare(engine);
      String other = Identifiers.next("app");
      rig.bound.add(other);

      OperationView end = rig.run(engine, rig.request(EnsureDatabases.KIND, other, "shop"));

      assertThat(end.cause()).extracting(Cause::code).isEqualTo("role-taken");
      assertThat(engine.openLedger(DatabaseOperations.subject(rig.instance, other))).isEmpty();
      assertThat(rig.reality()).hasSize(3);
    }
  }

  @Test
  void twoApplicationsWithNamesOfTheirOwnDoNotMeet() throws Exception {
    var rig = new SetRig(database, EnsureDatabases.KIND, Start.ENSURED);
    try (OperationEngine engine = rig.engine(database)) {
      rig.prepare(engine);
      String other = Identifiers.next("app");
      rig.bound.add(other);

      OperationView end = rig.run(engine, rig.request(EnsureDatabases.KIND, other, "blog"));
      rig.run(engine, rig.request(DropDatabases.KIND, other, "blog"));

      assertThat(end.succeeded()).isTrue();
      assertThat(rig.reality()).hasSize(3);
    }
  }

  @Test
  void whatADeletedApplicationLeftGoesToTheNextThatWantsIt() throws Exception {
    var rig = new SetRig(database, EnsureDatabases.KIND, Start.ENSURED);
    try (OperationEngine engine = rig.engine(database)) {
      rig.prepare(engine);
      String heir = rig.succeeded(rig.application);

      OperationView end = rig.run(engine, rig.request(EnsureDatabases.KIND, heir, "shop"));

      assertThat(end.succeeded()).isTrue();
      assertThat(engine.openLedger(rig.subject())).isEmpty();
      assertThat(engine.openLedger(DatabaseOperations.subject(rig.instance, heir))).hasSize(3);
      assertThat(rig.driver.reality().ownerOf(rig.instance, "shop")).isEqualTo(heir);
      assertThat(rig.reality()).hasSize(3);
    }
  }

  @Test
  void heirWhoseDatabasesCannotBeMadeLeavesThemAsTheyAreAndTriesAgain() throws Exception {
    var rig = new SetRig(database, EnsureDatabases.KIND, Start.ENSURED);
    try (OperationEngine engine = rig.engine(database)) {
      rig.prepare(engine);
      String heir = rig.succeeded(rig.application);
      rig.refuseToMake();

      OperationView failed = rig.run(engine, rig.request(EnsureDatabases.KIND, heir, "shop"));
      SortedSet<String> left = rig.reality();
      String marked = rig.driver.reality().ownerOf(rig.instance, "shop");
      rig.makeAgain();
      OperationView again = rig.run(engine, rig.request(EnsureDatabases.KIND, heir, "shop"));

      assertThat(failed.cause()).extracting(Cause::code).isEqualTo("stubborn");
      assertThat(left).hasSize(3);
      assertThat(marked).isEqualTo(rig.application);
      assertThat(again.succeeded()).isTrue();
      assertThat(rig.driver.reality().ownerOf(rig.instance, "shop")).isEqualTo(heir);
    }
  }

  @Test
  void heirOfAnHeirKnowsWhoseMarkTheRoleMayStillBear() throws Exception {
    var rig = new SetRig(database, EnsureDatabases.KIND, Start.ENSURED);
    try (OperationEngine engine = rig.engine(database)) {
      rig.prepare(engine);
      String second = rig.succeeded(rig.application);
      rig.refuseToMake();
      rig.run(engine, rig.request(EnsureDatabases.KIND, second, "shop"));
      rig.makeAgain();
      String third = rig.succeeded(second);

      OperationView made = rig.run(engine, rig.request(EnsureDatabases.KIND, third, "shop"));
      OperationView dropped = rig.run(engine, rig.request(DropDatabases.KIND, third, "shop"));

      assertThat(made.succeeded()).isTrue();
      assertThat(dropped.succeeded()).isTrue();
      assertThat(rig.reality()).isEmpty();
    }
  }

  @Test
  void dropOfWhatWasInheritedAndNeverMarkedLeavesNothing() throws Exception {
    var rig = new SetRig(database, EnsureDatabases.KIND, Start.ENSURED);
    try (OperationEngine engine = rig.engine(database)) {
      rig.prepare(engine);
      String heir = rig.succeeded(rig.application);
      rig.refuseToMake();
      rig.run(engine, rig.request(EnsureDatabases.KIND, heir, "shop"));

      OperationView dropped = rig.run(engine, rig.request(DropDatabases.KIND, heir, "shop"));

      assertThat(dropped.succeeded()).isTrue();
      assertThat(rig.reality()).isEmpty();
      assertThat(engine.openLedger(DatabaseOperations.subject(rig.instance, heir))).isEmpty();
    }
  }

  @Test
  void dropByWhoNeverInheritedLeavesWhatIsKept() throws Exception {
    var rig = new SetRig(database, EnsureDatabases.KIND, Start.ENSURED);
    try (OperationEngine engine = rig.engine(database)) {
      rig.prepare(engine);
      String newcomer = rig.succeeded(rig.application);

      rig.run(engine, rig.request(DropDatabases.KIND, newcomer, "shop"));

      assertThat(rig.reality()).hasSize(3);
      assertThat(engine.openLedger(rig.subject())).hasSize(3);
    }
  }

  @Test
  void ofAnInstanceThatIsGoneNothingIsMadeAndEverythingCountsAsDropped() throws Exception {
    var rig = new SetRig(database, EnsureDatabases.KIND, Start.ENSURED);
    try (OperationEngine engine = rig.engine(database)) {
      rig.prepare(engine);
      rig.gone = true;

      OperationView ensured = rig.run(engine, rig.begin());
      OperationView dropped =
          rig.run(engine, rig.request(DropDatabases.KIND, rig.application, "shop"));

      assertThat(ensured.cause()).extracting(Cause::code).isEqualTo("instance-gone");
      assertThat(dropped.succeeded()).isTrue();
      assertThat(engine.openLedger(rig.subject())).isEmpty();
    }
  }

  @Test
  void anEnsureThatCannotBeDoneIsRefusedToItsAsker() {
    var rig = new SetRig(database, EnsureDatabases.KIND, Start.NOTHING);
    EnsureDatabases ensure = rig.ensure();
    String subject = rig.subject();

    assertThat(ensure.refusal(subject, rig.ensureInput("shop", VERIFIER))).isEmpty();
    assertThat(codeOf(ensure, subject, rig.ensureInput("pg_shop", VERIFIER)))
        .isEqualTo("invalid-request");
    assertThat(codeOf(ensure, subject, rig.ensureInput("shop\"; DROP ROLE x", VERIFIER)))
        .isEqualTo("invalid-request");
    assertThat(codeOf(ensure, subject, rig.ensureInput("shop", "a password in the clear")))
        .isEqualTo("invalid-request");
    assertThat(codeOf(ensure, Identifiers.next("dbs"), rig.ensureInput("shop", VERIFIER)))
        .isEqualTo("invalid-request");
    rig.bound.clear();
    assertThat(codeOf(ensure, subject, rig.ensureInput("shop", VERIFIER))).isEqualTo("not-bound");
  }

  private static @Nullable String codeOf(
      EnsureDatabases ensure, String subject, DatabaseOperations.Ensure input) {
    return ensure.refusal(subject, input).map(Cause::code).orElse(null);
  }

  /// One application's databases on an instance in a reality of its own.
  private static final class SetRig implements Scenario.Rig {

    private final String kind;
    private final Start start;
    private final String instance = Identifiers.next("ins");
    private final String application = Identifiers.next("app");
    private final FakeInstanceDriver driver = new FakeInstanceDriver();
    private final Endpoint endpoint = new Endpoint("localhost", 1001);
    private volatile boolean gone;
    private final Set<String> bound = new HashSet<>();
    private final KernelDatabase kernel;
    private final Bindings bindings = new OneBinding();

    private SetRig(KernelDatabase kernel, String kind, Start start) {
      this.kernel = kernel;
      this.kind = kind;
      bound.add(application);
      this.start = start;
      var fence = new Fence(instance, 1);
      var specification = new InstanceSpecification(instance, "org_one", endpoint);
      try {
        driver.create(fence, specification);
        driver.start(fence, specification);
      } catch (Exception failure) {
        throw new IllegalStateException(failure);
      }
    }

    private String subject() {
      return DatabaseOperations.subject(instance, application);
    }

    private EnsureDatabases ensure() {
      return new EnsureDatabases(servers(), new OneInstance(), bindings, sets());
    }

    private SqlDatabaseSets sets() {
      return new SqlDatabaseSets(
          kernel.transactions(),
          () -> {
            throw new UnsupportedOperationException("No instance goes here");
          },
          bindings);
    }

    private void refuseToMake() {
      driver.crashAt(
          (act, fence, moment) -> {
            if (act.equals("ensureDatabases")) {
              throw new DriverFailure.Permanent("stubborn", "it is not made");
            }
          });
    }

    private void makeAgain() {
      driver.crashAt((act, fence, moment) -> {});
    }

    /// The application is deleted without its databases, and another is there.
    private String succeeded(String gone) {
      String next = Identifiers.next("app");
      bound.remove(gone);
      bound.add(next);
      return next;
    }

    private DatabaseServers servers() {
      return new DatabaseServers(driver, new NoLinkedServer());
    }

    @Override
    public List<Operation<?, ?>> operations() {
      return List.of(ensure(), new DropDatabases(servers(), new OneInstance(), sets()));
    }

    private OperationEngine engine(KernelDatabase kernel) {
      return OperationKit.engine(kernel, operations(), "one", OperationEngine.Interruptions.NONE);
    }

    private OperationView run(OperationEngine engine, BeginRequest request) throws Exception {
      return engine.awaitEnd(OperationKit.id(engine.begin(request)), PATIENCE);
    }

    @Override
    public void prepare(OperationEngine engine) throws Exception {
      if (start == Start.ENSURED) {
        OperationView end = run(engine, request(EnsureDatabases.KIND, application, "shop"));
        if (!end.succeeded()) {
          throw new AssertionError(end.toString());
        }
      }
    }

    @Override
    public BeginRequest begin() {
      return request(kind, application, "shop");
    }

    @Override
    public List<BeginRequest> others() {
      return List.of(
          request(EnsureDatabases.KIND, application, "shop"),
          request(DropDatabases.KIND, application, "shop"));
    }

    @Override
    public List<BeginRequest> asked() {
      return others();
    }

    @Override
    public Optional<BeginRequest> destroy() {
      return Optional.of(request(DropDatabases.KIND, application, "shop"));
    }

    private DatabaseOperations.Ensure ensureInput(String name, String verifier) {
      return new DatabaseOperations.Ensure(
          instance, application, name, verifier, List.of(name, name + "_dbos_sys"));
    }

    private BeginRequest request(String wanted, String whose, String name) {
      List<String> databases = List.of(name, name + "_dbos_sys");
      Record input =
          wanted.equals(EnsureDatabases.KIND)
              ? new DatabaseOperations.Ensure(instance, whose, name, VERIFIER, databases)
              : new DatabaseOperations.Drop(instance, whose, name, databases);
      return BeginRequest.of(
          wanted,
          DatabaseOperations.subject(instance, whose),
          "main",
          "org_one",
          "demo",
          input,
          null);
    }

    @Override
    public SortedSet<String> reality() {
      SortedSet<String> things = new TreeSet<>();
      driver.reality().applicationRoles(instance).forEach(name -> things.add("role " + name));
      driver.reality().databases(instance).forEach(name -> things.add("database " + name));
      return things;
    }

    private final class OneBinding implements Bindings {
      @Override
      public List<String> lockApplicationsOf(String of) {
        return List.copyOf(bound);
      }

      @Override
      public boolean bound(String to, String who) {
        return bound.contains(who);
      }
    }

    private final class OneInstance implements Instances {

      @Override
      public Optional<Instance> byId(String id) {
        return gone
            ? Optional.empty()
            : Optional.of(
                new Instance(
                    id,
                    "org_one",
                    "main",
                    InstanceKind.PROVISIONED,
                    "demo_db",
                    endpoint.host(),
                    endpoint.port(),
                    null,
                    null,
                    "iop_one",
                    "demo",
                    Instant.EPOCH));
      }

      @Override
      public boolean add(Instance added) {
        throw new UnsupportedOperationException();
      }

      @Override
      public Optional<Instance> find(String organization, String name) {
        throw new UnsupportedOperationException();
      }

      @Override
      public long count(String organization) {
        throw new UnsupportedOperationException();
      }

      @Override
      public void placed(String id, String host, int port) {
        throw new UnsupportedOperationException();
      }

      @Override
      public void remove(String id) {
        throw new UnsupportedOperationException();
      }

      @Override
      public void forget(String id) {
        throw new UnsupportedOperationException();
      }
    }
  }

  private static final class NoLinkedServer implements LinkedDatabases {
    @Override
    public void ensure(
        Fence fence, DatabaseLocation.Linked location, DatabaseSet set, ScramVerifier verifier) {
      throw new UnsupportedOperationException();
    }

    @Override
    public Gone drop(
        Fence fence,
        DatabaseLocation.Linked location,
        DatabaseSet set,
        Collection<Resource> expected) {
      throw new UnsupportedOperationException();
    }
  }
}
