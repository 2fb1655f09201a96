package dev.slipway.deploy.reconcile;

import dev.slipway.common.operation.BeginRequest;
import dev.slipway.common.operation.Begun;
import dev.slipway.common.operation.OperationEngine;
import dev.slipway.common.operation.OperationView;
import dev.slipway.common.operation.Phase;
import dev.slipway.common.operation.Transactions;
import dev.slipway.deploy.domain.Application;
import jakarta.enterprise.context.ApplicationScoped;
import jakarta.inject.Inject;
import java.sql.SQLException;
import java.util.Optional;

/// Begins what nobody asked for.
@ApplicationScoped
class Upkeep {

  /// Who asks for it.
  static final String PLATFORM = "slipway";

  private final Transactions transactions;
  private final OperationEngine engine;

  @Inject
  Upkeep(Transactions transactions, OperationEngine engine) {
    this.transactions = transactions;
    this.engine = engine;
  }

  /// Begins an operation, unless somebody else has the application or the platform is being
  /// stopped. One of the platform's own that is stuck is tried again: nobody else would.
  boolean begin(Application application, String kind, Record input) throws SQLException {
    Optional<Begun> begun =
        transactions.inNew(
            connection ->
                PlatformWish.held(connection) == Wish.RUNNING
                    ? Optional.of(engine.begin(request(application, kind, input)))
                    : Optional.empty());
    if (begun.isPresent()
        && begun.get() instanceof Begun.Busy(OperationView active)
        && active.phase() == Phase.STUCK
        && active.requestedBy().equals(PLATFORM)) {
      engine.retry(active.id());
    }
    return begun.isPresent() && begun.get() instanceof Begun.New;
  }

  static BeginRequest request(Application application, String kind, Record input) {
    return BeginRequest.of(
        kind,
        application.id(),
        application.name(),
        application.organization(),
        PLATFORM,
        input,
        null);
  }
}
