package dev.slipway.instance.operation;

import static java.time.Duration.ofMinutes;

import dev.slipway.common.contract.instance.InstanceEvent.InstanceProvisioned;
import dev.slipway.common.driver.Endpoint;
import dev.slipway.common.driver.Gone;
import dev.slipway.common.driver.ScramVerifier;
import dev.slipway.common.ledger.LedgerRow;
import dev.slipway.common.ledger.Resource;
import dev.slipway.common.operation.Admission;
import dev.slipway.common.operation.DriverFailure;
import dev.slipway.common.operation.Operation;
import dev.slipway.common.operation.OperationKind;
import dev.slipway.common.operation.Plan;
import dev.slipway.common.operation.StepContext;
import dev.slipway.common.operation.StepOutcome;
import dev.slipway.common.operation.UndoOutcome;
import dev.slipway.instance.domain.Instances;
import dev.slipway.instance.driver.Footprint;
import dev.slipway.instance.driver.InstanceDriver;
import dev.slipway.instance.driver.InstanceSpecification;
import jakarta.inject.Inject;
import jakarta.inject.Singleton;
import java.util.List;
import java.util.Objects;
import java.util.Set;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/// Provisions one Postgres instance; ends with it answering over TLS.
///
/// The endpoint is chosen by `reserve`, before any effect, so every undo can name what a lost step
/// may have made. It is allocated by the ledger row that `create` is entered with: whoever comes
/// second chooses again.
@Singleton
@OperationKind(ProvisionInstance.KIND)
public final class ProvisionInstance
    implements Operation<ProvisionInstance.Input, ProvisionInstance.State> {

  public static final String KIND = "instance.provision";

  /// @param administrator the developer's role
  /// @param verifier      of the developer's password; the password itself was never kept
  public record Input(String name, String administrator, String verifier) {}

  /// @param host where it will answer; absent until it is reserved
  public record State(@Nullable String host, int port) {}

  private final InstanceDriver driver;
  private final Instances instances;

  @Inject
  public ProvisionInstance(InstanceDriver driver, Instances instances) {
    this.driver = driver;
    this.instances = instances;
  }

  @Override
  public Plan<Input, State> plan() {
    return Plan.<Input, State>within(ofMinutes(10), input -> new State(null, 0))
        .step("reserve", this::reserve)
        .undoNothing("An endpoint is only chosen here")
        .step("create", this::create)
        .making(this::directory)
        .as(Admission.START)
        .undo(this::destroy)
        .step("start", this::start)
        .making(this::process)
        .as(Admission.START)
        .undo(this::stop)
        .step("secure", this::secure)
        .as(Admission.START)
        .undoNothing("Roles go with the data")
        .step("announce", this::announce)
        .undoNothing("What is announced is what the last step found")
        .build();
  }

  private StepOutcome<State> reserve(StepContext<Input, State> context) {
    Set<String> taken =
        context.openOfKind("port").stream()
            .map(row -> row.resource().name())
            .collect(Collectors.toSet());
    try (Stream<Endpoint> free = driver.freeEndpoints(context.subject())) {
      return free.filter(endpoint -> !taken.contains(endpoint.toString()))
          .findFirst()
          .<StepOutcome<State>>map(
              endpoint -> StepOutcome.done(new State(endpoint.host(), endpoint.port())))
          .orElseGet(
              () ->
                  StepOutcome.failed(
                      "ports-used-up", "Every port that instances may have is in use"));
    }
  }

  private List<Resource> directory(StepContext<Input, State> context) {
    Footprint footprint = driver.footprint(specification(context));
    return Stream.of(footprint.reserved(), footprint.created()).flatMap(List::stream).toList();
  }

  private StepOutcome<State> create(StepContext<Input, State> context)
      throws DriverFailure, InterruptedException {
    driver.create(context.fence(), specification(context));
    return StepOutcome.done(context.state());
  }

  private UndoOutcome destroy(StepContext<Input, State> context)
      throws DriverFailure, InterruptedException {
    List<Resource> open = context.openLedger().stream().map(LedgerRow::resource).toList();
    Gone gone = driver.destroy(context.fence(), context.subject(), open);
    return UndoOutcome.undone(gone.proofs());
  }

  private List<Resource> process(StepContext<Input, State> context) {
    return driver.footprint(specification(context)).started();
  }

  private StepOutcome<State> start(StepContext<Input, State> context)
      throws DriverFailure, InterruptedException {
    driver.start(context.fence(), specification(context));
    return StepOutcome.done(context.state());
  }

  private UndoOutcome stop(StepContext<Input, State> context)
      throws DriverFailure, InterruptedException {
    driver.stop(context.fence(), specification(context));
    return UndoOutcome.undone(driver.proveGone(context.subject(), process(context)).proofs());
  }

  private StepOutcome<State> secure(StepContext<Input, State> context)
      throws DriverFailure, InterruptedException {
    Input input = context.input();
    driver.secure(
        context.fence(),
        specification(context),
        input.administrator(),
        ScramVerifier.parse(input.verifier()));
    return StepOutcome.done(context.state());
  }

  private StepOutcome<State> announce(StepContext<Input, State> context) {
    Endpoint endpoint = endpoint(context.state());
    return StepOutcome.done(context.state())
        .publishing(
            new InstanceProvisioned(
                context.subject(),
                context.input().name(),
                context.input().administrator(),
                endpoint.host(),
                endpoint.port()))
        .also(() -> instances.placed(context.subject(), endpoint.host(), endpoint.port()));
  }

  private static InstanceSpecification specification(StepContext<Input, State> context) {
    return new InstanceSpecification(
        context.subject(), context.organization(), endpoint(context.state()));
  }

  private static Endpoint endpoint(State state) {
    return new Endpoint(
        Objects.requireNonNull(state.host(), "reserve comes before every use"), state.port());
  }
}
