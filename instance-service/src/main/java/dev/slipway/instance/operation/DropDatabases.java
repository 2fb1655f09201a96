package dev.slipway.instance.operation;

import static java.time.Duration.ofMinutes;

import dev.slipway.common.contract.instance.DatabaseOperations;
import dev.slipway.common.driver.Gone;
import dev.slipway.common.ledger.LedgerRow;
import dev.slipway.common.ledger.Resource;
import dev.slipway.common.operation.Cause;
import dev.slipway.common.operation.DriverFailure;
import dev.slipway.common.operation.Operation;
import dev.slipway.common.operation.OperationKind;
import dev.slipway.common.operation.Plan;
import dev.slipway.common.operation.StepContext;
import dev.slipway.common.operation.StepOutcome;
import dev.slipway.instance.domain.Instances;
import dev.slipway.instance.domain.KeptDatabases;
import dev.slipway.instance.driver.DatabaseLocation;
import dev.slipway.instance.driver.DatabaseServers;
import dev.slipway.instance.driver.DatabaseSet;
import jakarta.inject.Inject;
import jakarta.inject.Singleton;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.function.Function;
import java.util.stream.Collectors;
import java.util.stream.Stream;

/// Removes an application's databases from an instance, with whoever is connected to them, and the
/// role that owns them; proves that nothing is left.
///
/// It takes over from whatever has the databases, works from every open ledger row and from what it
/// was asked for, and there is only forward. What has such a name and is not the application's is
/// left alone.
@Singleton
@OperationKind(DropDatabases.KIND)
public final class DropDatabases
    implements Operation<DatabaseOperations.Drop, DropDatabases.State> {

  public static final String KIND = DatabaseOperations.DROP;

  /// Nothing has to be remembered between the steps: the ledger does.
  public record State() {}

  private final DatabaseServers servers;
  private final Instances instances;
  private final KeptDatabases kept;

  @Inject
  public DropDatabases(DatabaseServers servers, Instances instances, KeptDatabases kept) {
    this.servers = servers;
    this.instances = instances;
    this.kept = kept;
  }

  @Override
  public Plan<DatabaseOperations.Drop, State> plan() {
    return Plan.<DatabaseOperations.Drop, State>within(ofMinutes(5), input -> new State())
        .superseding()
        .step("remove", this::remove)
        .forwardOnly()
        .build();
  }

  @Override
  public Optional<Cause> refusal(String subject, DatabaseOperations.Drop input) {
    try {
      return set(input).subject().equals(subject)
          ? Optional.empty()
          : Optional.of(new Cause("invalid-request", "the subject is not that of these databases"));
    } catch (IllegalArgumentException refused) {
      return Optional.of(new Cause("invalid-request", String.valueOf(refused.getMessage())));
    }
  }

  private StepOutcome<State> remove(StepContext<DatabaseOperations.Drop, State> context)
      throws DriverFailure, InterruptedException {
    DatabaseSet named = set(context.input());
    DatabaseSet set =
        named.inheritedFrom(kept.ancestors(named.instance(), named.subject(), named.role()));
    List<Resource> expected =
        Stream.concat(
                context.openLedger().stream().map(LedgerRow::resource), set.resources().stream())
            .distinct()
            .toList();
    Optional<DatabaseLocation> location =
        instances.byId(set.instance()).flatMap(DatabaseLocation::of);
    Gone gone =
        location.isPresent()
            ? servers.drop(context.fence(), location.get(), set, expected)
            : new Gone(allOf(expected, "its database instance is gone"));
    return StepOutcome.done(context.state()).striking(gone.proofs());
  }

  private static Map<Resource, String> allOf(List<Resource> resources, String proof) {
    return resources.stream().collect(Collectors.toMap(Function.identity(), resource -> proof));
  }

  private static DatabaseSet set(DatabaseOperations.Drop input) {
    return new DatabaseSet(input.instance(), input.application(), input.role(), input.databases());
  }
}
