package dev.slipway.instance.reconcile;

import dev.slipway.common.operation.BeginRequest;
import dev.slipway.common.operation.Begun;
import dev.slipway.common.operation.Cause;
import dev.slipway.common.operation.OperationEngine;
import dev.slipway.common.operation.Outcome;
import dev.slipway.common.operation.Transactions;
import dev.slipway.instance.domain.Wish;
import dev.slipway.instance.driver.Observation;
import dev.slipway.instance.operation.RepairInstance;
import jakarta.enterprise.context.ApplicationScoped;
import jakarta.inject.Inject;
import java.sql.PreparedStatement;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;

/// Begins repairs, and reads what became of earlier ones.
@ApplicationScoped
class Repairs {

  /// Who asks for what nobody asked for.
  static final String PLATFORM = "slipway";

  private static final int MOST = 12;

  private final Transactions transactions;
  private final OperationEngine engine;

  @Inject
  Repairs(Transactions transactions, OperationEngine engine) {
    this.transactions = transactions;
    this.engine = engine;
  }

  /// The newest repairs of an instance that came to something, the newest first.
  List<PastRepair> past(String instance) throws SQLException {
    return transactions.joining(
        connection -> {
          try (PreparedStatement select =
              connection.prepareStatement(
                  """
                  select id, outcome, cause_code, cause_message,
                         (extract(epoch from clock_timestamp() - coalesce(ended_at, created_at)) * 1000)::bigint as ago
                  from operation
                  where subject = ? and kind = ? and phase in ('ENDED', 'STUCK')
                  order by created_at desc, id desc limit ?""")) {
            select.setString(1, instance);
            select.setString(2, RepairInstance.KIND);
            select.setInt(3, MOST);
            try (ResultSet rows = select.executeQuery()) {
              List<PastRepair> past = new ArrayList<>();
              while (rows.next()) {
                String outcome = rows.getString("outcome");
                String code = rows.getString("cause_code");
                past.add(
                    new PastRepair(
                        rows.getString("id"),
                        outcome == null ? null : Outcome.valueOf(outcome),
                        code == null ? null : new Cause(code, rows.getString("cause_message")),
                        Duration.ofMillis(rows.getLong("ago"))));
              }
              return past;
            }
          }
        });
  }

  /// Begins a repair, unless somebody has worked on the instance since it was looked at, or the
  /// platform is being stopped.
  boolean begin(Watched watched, Observation seen) throws SQLException {
    return transactions.inNew(
        connection -> {
          if (ObservationTable.lockedEpoch(connection, watched.id()) != watched.epoch()
              || PlatformWish.held(connection) != Wish.RUNNING) {
            return false;
          }
          Begun begun =
              engine.begin(
                  BeginRequest.of(
                      RepairInstance.KIND,
                      watched.id(),
                      watched.name(),
                      watched.organization(),
                      PLATFORM,
                      new RepairInstance.Input(
                          watched.name(),
                          watched.endpoint().host(),
                          watched.endpoint().port(),
                          seen.reason(),
                          seen.at()),
                      null));
          return begun instanceof Begun.New;
        });
  }
}
