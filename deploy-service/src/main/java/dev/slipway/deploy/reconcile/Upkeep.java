package dev.slipway.deploy.reconcile;

import dev.slipway.common.operation.BeginRequest;
import dev.slipway.common.operation.Begun;
import dev.slipway.common.operation.OperationEngine;
import dev.slipway.common.operation.Transactions;
import dev.slipway.deploy.domain.Application;
import jakarta.enterprise.context.ApplicationScoped;
import jakarta.inject.Inject;
import java.sql.SQLException;

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
  /// stopped.
  boolean begin(Application application, String kind, Record input) throws SQLException {
    return transactions.inNew(
        connection ->
            PlatformWish.held(connection) == Wish.RUNNING
                && engine.begin(request(application, kind, input)) instanceof Begun.New);
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
