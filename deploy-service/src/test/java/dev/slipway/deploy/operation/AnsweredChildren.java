package dev.slipway.deploy.operation;

import dev.slipway.common.operation.Admission;
import dev.slipway.common.operation.KernelDatabase;
import dev.slipway.common.operation.KernelSettings;
import dev.slipway.common.operation.OperationCatalog;
import dev.slipway.common.operation.OperationEngine;
import dev.slipway.common.operation.OperationEvent;
import dev.slipway.common.operation.OperationKit;
import dev.slipway.common.operation.Outcome;
import dev.slipway.common.outbox.Outbox;
import java.sql.Connection;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.Statement;
import java.time.Clock;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.stream.Stream;

/// Stands for instance-service: whatever is asked of it has ended well a moment later. Each reply
/// comes twice, and to whoever asks as [OperationKit#UNHEARD] only when it has asked again.
public final class AnsweredChildren {

  private static final Duration MOMENT = Duration.ofMillis(5);

  private final Duration moment;
  private final AtomicBoolean closing = new AtomicBoolean();
  private final List<Thread> threads = new ArrayList<>();

  public AnsweredChildren(KernelDatabase... databases) {
    this(MOMENT, databases);
  }

  /// @param moment between looking for what is asked and looking again
  public AnsweredChildren(Duration moment, KernelDatabase... databases) {
    this.moment = moment;
    for (KernelDatabase database : databases) {
      // It is never started, so it takes no operation from anybody.
      var engine =
          new OperationEngine(
              database.transactions(),
              new OperationCatalog(List.of()),
              new KernelSettings(
                  "kit-service",
                  "ear",
                  "kit",
                  "slipway.kit.event.v1",
                  Duration.ofSeconds(30),
                  Map.of(Admission.LIGHT, 1)),
              new Outbox("kit-service", Clock.systemUTC()),
              OperationEngine.Interruptions.NONE);
      threads.add(
          Thread.ofPlatform().daemon().name("children").start(() -> answer(database, engine)));
    }
  }

  private void answer(KernelDatabase database, OperationEngine engine) {
    List<String> before = new ArrayList<>();
    try {
      while (!closing.get()) {
        try {
          List<String> now = asked(database);
          List<String> replies = Stream.concat(before.stream(), now.stream()).toList();
          if (!replies.isEmpty()) {
            database.transactions().inNew(connection -> hear(engine, connection, replies));
          }
          before = now;
        } catch (SQLException failure) {
          throw new IllegalStateException(failure);
        }
        Thread.sleep(moment);
      }
    } catch (InterruptedException stopped) {
      Thread.currentThread().interrupt();
    }
  }

  private static int hear(OperationEngine engine, Connection connection, List<String> replies)
      throws SQLException {
    for (String child : replies) {
      engine.hear(
          connection,
          new OperationEvent.Ended(child, "asked", "asked", List.of(), Outcome.SUCCEEDED, null));
    }
    return replies.size();
  }

  private static List<String> asked(KernelDatabase database) throws SQLException {
    try (Connection connection = database.dataSource().getConnection();
        Statement statement = connection.createStatement();
        ResultSet rows =
            statement.executeQuery(
                """
                select awaiting_id from operation
                where awaiting_id is not null and (requested_by <> '%s' or attempts > 0)"""
                    .formatted(OperationKit.UNHEARD))) {
      List<String> asked = new ArrayList<>();
      while (rows.next()) {
        asked.add(rows.getString(1));
      }
      return asked;
    }
  }

  public void stop() throws InterruptedException {
    closing.set(true);
    for (Thread thread : threads) {
      thread.join();
    }
  }
}
