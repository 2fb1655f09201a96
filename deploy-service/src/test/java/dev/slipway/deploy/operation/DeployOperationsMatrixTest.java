package dev.slipway.deploy.operation;

import dev.slipway.common.operation.BeginRequest;
import dev.slipway.common.operation.KernelDatabase;
import dev.slipway.common.operation.Operation;
import dev.slipway.common.operation.OperationEngine;
import dev.slipway.common.operation.OperationKit;
import dev.slipway.common.operation.OperationView;
import dev.slipway.common.operation.Scenario;
import dev.slipway.deploy.domain.Language;
import dev.slipway.deploy.domain.SchemaRecord;
import dev.slipway.deploy.domain.Version;
import dev.slipway.deploy.driver.ExecutorObservation;
import java.time.Duration;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.SortedSet;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.DynamicTest;
import org.junit.jupiter.api.TestFactory;

/// Every operation of this service against the kernel's kit, in pairs with other ones that may
/// arrive on the same application. Children are answered at once, as if by instance-service.
final class DeployOperationsMatrixTest {

  private static final Duration PATIENCE = Duration.ofMinutes(2);
  private static final String MIGRATIONS = "classpath:db/migration";

  private static final KernelDatabase[] LANES = {
    KernelDatabase.fresh(MIGRATIONS), KernelDatabase.fresh(MIGRATIONS),
    KernelDatabase.fresh(MIGRATIONS), KernelDatabase.fresh(MIGRATIONS)
  };

  private static final AnsweredChildren CHILDREN = new AnsweredChildren(LANES);

  // The ledger of a lane is shared by all cases, so each has ports of its own.
  private static final AtomicInteger PORTS = new AtomicInteger(10_000);

  /// Some step of theirs waits for instance-service.
  private static final Set<String> ASKING =
      Set.of(DeployVersion.KIND, ChangeInstance.KIND, DeleteApplication.KIND);

  private static final String MOVE_BACK = "a move back";

  private final OperationKit kit = new OperationKit(LANES);

  @TestFactory
  Stream<DynamicTest> everyCaseEndsAndLeavesNothing() throws Exception {
    return kit.matrix(
        "deploy-service",
        operations(),
        Stream.of(plain(), besideWorkflows(), Stream.of(movingBack()))
            .flatMap(scenarios -> scenarios)
            .toList());
  }

  private static Stream<Scenario> plain() {
    return Stream.of(
            RegisterApplication.KIND,
            DeployVersion.KIND,
            RollBackVersion.KIND,
            ChangeInstance.KIND,
            DeleteApplication.KIND,
            DrainExecutors.KIND,
            RestoreExecutors.KIND,
            StopExecutors.KIND,
            PruneVersions.KIND,
            SweepApplication.KIND)
        .map(kind -> scenario(kind, kind, Workflows.NONE));
  }

  /// Deploys while an earlier version has active workflows.
  private static Stream<Scenario> besideWorkflows() {
    return Stream.of(
        scenario("a guarded deploy", DeployVersion.KIND, Workflows.GUARDED),
        scenario("a deploy that may break", DeployVersion.KIND, Workflows.BREAKING));
  }

  /// To a database that the application has left before.
  private static Scenario movingBack() {
    return scenario(MOVE_BACK, ChangeInstance.KIND, Workflows.NONE);
  }

  /// What becomes of the active workflows of an earlier version.
  private enum Workflows {
    NONE,
    GUARDED,
    BREAKING
  }

  @AfterAll
  static void stopAnswering() throws Exception {
    CHILDREN.stop();
  }

  /// Every operation of the service.
  static List<Operation<?, ?>> operations() {
    return new DeployStage(LANES[0], PORTS.get()).operations();
  }

  private static Scenario scenario(String name, String kind, Workflows workflows) {
    return new Scenario() {
      @Override
      public String name() {
        return name;
      }

      @Override
      public boolean asks() {
        // Beside workflows something was deployed before, and the databases are there.
        return ASKING.contains(kind) && workflows == Workflows.NONE;
      }

      @Override
      public Rig rig(KernelDatabase database) {
        return new ApplicationRig(
            kind,
            workflows,
            name.equals(MOVE_BACK),
            new DeployStage(database, PORTS.getAndAdd(20)));
      }
    };
  }

  private static final class ApplicationRig implements Scenario.Rig {

    private final String kind;
    private final Workflows workflows;
    private final boolean back;
    private final DeployStage stage;
    private String first = "1";
    private String second = "2";
    private String target = "other";

    private ApplicationRig(String kind, Workflows workflows, boolean back, DeployStage stage) {
      this.kind = kind;
      this.workflows = workflows;
      this.back = back;
      this.stage = stage;
    }

    @Override
    public List<Operation<?, ?>> operations() {
      return stage.operations();
    }

    @Override
    public void prepare(OperationEngine engine) throws Exception {
      if (kind.equals(RegisterApplication.KIND)) {
        return;
      }
      stage.register();
      if (kind.equals(SweepApplication.KIND)) {
        // What a sweep removes stands in no ledger; the janitor's tests have it.
        return;
      }
      first = stage.addVersion();
      second = stage.addVersion();
      if (!kind.equals(DeployVersion.KIND)) {
        succeed(engine, stage.deploy(first));
      } else if (workflows != Workflows.NONE) {
        String earlier = stage.addVersion();
        succeed(engine, stage.deploy(earlier));
        stage.schemas.workflows(earlier, 1);
        if (workflows == Workflows.BREAKING) {
          stage.schemas.breaks(first, List.of("table public.old"));
        }
      }
      if (back) {
        succeed(engine, request(ChangeInstance.KIND));
        second = stage.addVersion();
        target = "main";
      }
      switch (kind) {
        case RollBackVersion.KIND -> succeed(engine, stage.deploy(second));
        case DrainExecutors.KIND -> {
          stage.schemas.workflows(first, 1);
          succeed(engine, stage.deploy(second));
          stage.schemas.workflows(first, 0);
        }
        case PruneVersions.KIND -> {
          stage.schemas.revert(stage.main, "v" + first);
          stage.unchanging.add(first);
          stage.records.put(stage.application, stage.main, SchemaRecord.NONE.ran(first, false, ""));
          succeed(engine, stage.deploy(second));
        }
        case RestoreExecutors.KIND ->
            stage
                .reality
                .executors()
                .forEach(
                    executor -> stage.reality.becomes(executor, ExecutorObservation.State.GONE));
        default -> {}
      }
    }

    private static void succeed(OperationEngine engine, BeginRequest request) throws Exception {
      OperationView end = engine.awaitEnd(OperationKit.id(engine.begin(request)), PATIENCE);
      if (!end.succeeded()) {
        throw new AssertionError(end.toString());
      }
    }

    @Override
    public BeginRequest begin() {
      return request(kind);
    }

    @Override
    public List<BeginRequest> others() {
      // What takes over from one that yields would leave something else than it does.
      return switch (kind) {
        case RegisterApplication.KIND -> List.of(request(RegisterApplication.KIND));
        case DrainExecutors.KIND,
            RestoreExecutors.KIND,
            PruneVersions.KIND,
            SweepApplication.KIND ->
            List.of(request(DeleteApplication.KIND));
        default ->
            Stream.of(DeployVersion.KIND, RestoreExecutors.KIND, DeleteApplication.KIND)
                .map(this::request)
                .toList();
      };
    }

    @Override
    public Optional<BeginRequest> destroy() {
      // What was never registered is nobody's to delete.
      return kind.equals(RegisterApplication.KIND)
          ? Optional.empty()
          : Optional.of(request(DeleteApplication.KIND));
    }

    private BeginRequest request(String wanted) {
      String name = stage.name;
      Record input =
          switch (wanted) {
            case RegisterApplication.KIND ->
                new RegisterApplication.Input("acme", name, Language.NODE, "main", "shop", 512, 1);
            case DeployVersion.KIND ->
                new DeployVersion.Input(
                    name, first, DeployVersion.Mode.DEPLOY, workflows == Workflows.BREAKING, false);
            case RollBackVersion.KIND -> new RollBackVersion.Input(name, first);
            case ChangeInstance.KIND -> new ChangeInstance.Input(name, second, target);
            case DeleteApplication.KIND -> new DeleteApplication.Input(name, true);
            case DrainExecutors.KIND -> new DrainExecutors.Input(name, 3600);
            case RestoreExecutors.KIND -> new RestoreExecutors.Input(name);
            case StopExecutors.KIND -> new StopExecutors.Input(name);
            case PruneVersions.KIND -> new PruneVersions.Input(name, 0, 0);
            case SweepApplication.KIND -> new SweepApplication.Input(List.of());
            default -> throw new IllegalArgumentException(wanted);
          };
      return stage.request(wanted, input);
    }

    @Override
    public SortedSet<String> reality() {
      SortedSet<String> things =
          stage.things(
              kind.equals(PruneVersions.KIND)
                  ? stage.versions.list(stage.application).stream().map(Version::id).toList()
                  : List.of());
      if (stage.applications.byId(stage.application).isPresent()) {
        // What a deleted application leaves armed is disarmed by the next one's first migration.
        if (stage.schemas.isGuarded(stage.main)) {
          things.add("guard");
        }
        for (String instance : List.of(stage.main, stage.other)) {
          if (!stage.recordTellsTheSchema(instance)) {
            things.add("a record that is not true");
          }
        }
      }
      return things;
    }
  }
}
