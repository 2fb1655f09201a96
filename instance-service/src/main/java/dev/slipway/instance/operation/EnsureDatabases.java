package dev.slipway.instance.operation;

import static java.time.Duration.ofMinutes;

import dev.slipway.common.contract.instance.DatabaseOperations;
import dev.slipway.common.driver.ScramVerifier;
import dev.slipway.common.ledger.LedgerRow;
import dev.slipway.common.ledger.Resource;
import dev.slipway.common.operation.Cause;
import dev.slipway.common.operation.DriverFailure;
import dev.slipway.common.operation.Operation;
import dev.slipway.common.operation.OperationKind;
import dev.slipway.common.operation.Plan;
import dev.slipway.common.operation.StepContext;
import dev.slipway.common.operation.StepOutcome;
import dev.slipway.common.operation.UndoOutcome;
import dev.slipway.instance.domain.Bindings;
import dev.slipway.instance.domain.Instance;
import dev.slipway.instance.domain.Instances;
import dev.slipway.instance.domain.KeptDatabases;
import dev.slipway.instance.driver.DatabaseLocation;
import dev.slipway.instance.driver.DatabaseServers;
import dev.slipway.instance.driver.DatabaseSet;
import jakarta.inject.Inject;
import jakarta.inject.Singleton;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.stream.Collectors;

/// Sees to it that an application has its role and its databases on an instance, and that the role
/// has the password the asker knows.
///
/// What is there already is kept as it is; an undo removes only what this operation itself was the
/// first to plan. Of two applications that want the same name on one instance, the one whose ledger
/// row stands has it, and the other is refused, unless the first has left: what an application
/// leaves that is deleted without its databases goes to the next of the organization that wants
/// them. `inherit` makes their rows this set's; `make` then marks the role as this application's,
/// and until it has, whoever acts on the set knows from the rows whose mark the role bears.
@Singleton
@OperationKind(EnsureDatabases.KIND)
public final class EnsureDatabases
    implements Operation<DatabaseOperations.Ensure, EnsureDatabases.State> {

  public static final String KIND = DatabaseOperations.ENSURE;

  /// Nothing has to be remembered between the steps.
  public record State() {}

  private final DatabaseServers servers;
  private final Instances instances;
  private final Bindings bindings;
  private final KeptDatabases kept;

  @Inject
  public EnsureDatabases(
      DatabaseServers servers, Instances instances, Bindings bindings, KeptDatabases kept) {
    this.servers = servers;
    this.instances = instances;
    this.bindings = bindings;
    this.kept = kept;
  }

  @Override
  public Plan<DatabaseOperations.Ensure, State> plan() {
    return Plan.<DatabaseOperations.Ensure, State>within(ofMinutes(5), input -> new State())
        .step("look", this::look)
        .undoNothing("Looking changes nothing")
        .kept("inherit", this::inherit)
        .undoNothing("Whose it was is gone, and the data is the same")
        .step("make", this::make)
        .making(this::missing)
        .undo(this::remove)
        .build();
  }

  /// A binding proves that the application and the instance are of one organization.
  @Override
  public Optional<Cause> refusal(String subject, DatabaseOperations.Ensure input) {
    try {
      ScramVerifier.parse(input.verifier());
      if (!set(input).subject().equals(subject)) {
        throw new IllegalArgumentException("the subject is not that of these databases");
      }
    } catch (IllegalArgumentException refused) {
      return Optional.of(new Cause("invalid-request", String.valueOf(refused.getMessage())));
    }
    return bindings.bound(input.instance(), input.application())
        ? Optional.empty()
        : Optional.of(
            new Cause("not-bound", "The application does not use this database instance"));
  }

  private StepOutcome<State> look(StepContext<DatabaseOperations.Ensure, State> context) {
    Optional<Instance> instance = instances.byId(context.input().instance());
    if (instance.isEmpty()) {
      return gone();
    }
    for (LedgerRow other : othersRows(context)) {
      if (!kept.kept(context.input().instance(), other.subject())) {
        return taken(context, other, instance.get());
      }
    }
    return StepOutcome.done(context.state());
  }

  /// Looks again: the commit refuses what is not kept any more, and then this says so.
  private StepOutcome<State> inherit(StepContext<DatabaseOperations.Ensure, State> context) {
    StepOutcome<State> looked = look(context);
    List<Resource> left = othersRows(context).stream().map(LedgerRow::resource).toList();
    return looked instanceof StepOutcome.Done<State> done && !left.isEmpty()
        ? done.also(() -> kept.inherit(context.input().instance(), context.subject(), left))
        : looked;
  }

  /// The rows of what is wanted and another set has.
  private static List<LedgerRow> othersRows(StepContext<DatabaseOperations.Ensure, State> context) {
    List<Resource> wanted = set(context.input()).resources();
    return wanted.stream()
        .map(Resource::kind)
        .distinct()
        .flatMap(kind -> context.openOfKind(kind).stream())
        .filter(row -> wanted.contains(row.resource()))
        .filter(row -> !row.subject().equals(context.subject()))
        .toList();
  }

  private static StepOutcome<State> taken(
      StepContext<DatabaseOperations.Ensure, State> context, LedgerRow row, Instance instance) {
    String kind = row.resource().kind();
    return StepOutcome.failed(
        kind + "-taken",
        "The %s %s of the database instance %s belongs to another application"
            .formatted(kind, set(context.input()).nameOf(row.resource()), instance.name()));
  }

  /// What an earlier ensure made stands in the ledger under that one.
  private List<Resource> missing(StepContext<DatabaseOperations.Ensure, State> context) {
    Set<Resource> open =
        context.openLedger().stream().map(LedgerRow::resource).collect(Collectors.toSet());
    return set(context.input()).resources().stream()
        .filter(resource -> !open.contains(resource))
        .toList();
  }

  private StepOutcome<State> make(StepContext<DatabaseOperations.Ensure, State> context)
      throws DriverFailure, InterruptedException {
    DatabaseOperations.Ensure input = context.input();
    Optional<DatabaseLocation> location = location(input.instance());
    if (location.isEmpty()) {
      return gone();
    }
    servers.ensure(
        context.fence(), location.get(), inherited(context), ScramVerifier.parse(input.verifier()));
    return StepOutcome.done(context.state());
  }

  private UndoOutcome remove(StepContext<DatabaseOperations.Ensure, State> context)
      throws DriverFailure, InterruptedException {
    List<Resource> own =
        context.openLedger().stream()
            .filter(row -> row.operation().equals(context.operation()))
            .map(LedgerRow::resource)
            .toList();
    Optional<DatabaseLocation> location = location(context.input().instance());
    if (location.isEmpty()) {
      return UndoOutcome.undone("Its database instance is gone");
    }
    if (own.isEmpty()) {
      return UndoOutcome.undone("All of it was there before");
    }
    return UndoOutcome.undone(
        servers.drop(context.fence(), location.get(), inherited(context), own).proofs());
  }

  private Optional<DatabaseLocation> location(String instance) {
    return instances.byId(instance).flatMap(DatabaseLocation::of);
  }

  private static StepOutcome<State> gone() {
    return StepOutcome.failed(
        "instance-gone", "The database instance of the application does not exist any more");
  }

  private DatabaseSet inherited(StepContext<DatabaseOperations.Ensure, State> context) {
    DatabaseSet set = set(context.input());
    return set.inheritedFrom(kept.ancestors(set.instance(), set.subject(), set.role()));
  }

  private static DatabaseSet set(DatabaseOperations.Ensure input) {
    return new DatabaseSet(input.instance(), input.application(), input.role(), input.databases());
  }
}
