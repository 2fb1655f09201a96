package dev.slipway.common.operation;

import static org.assertj.core.api.Assertions.assertThat;

import dev.slipway.common.operation.IdempotencyKeys.Claim;
import java.sql.SQLException;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import org.junit.jupiter.api.Test;

/// Claims of keys, against each other.
final class IdempotencyKeysTest {

  private static final KernelDatabase DATABASE = KernelDatabase.fresh();
  private static final BeginRequest.Idempotency CALL =
      new BeginRequest.Idempotency("PATCH thing", "key", "digest");

  private final IdempotencyKeys keys = new IdempotencyKeys();
  private final String scope = "org_" + System.nanoTime();

  @Test
  void aClaimThatWasTakenBackLeavesNothing() throws SQLException {
    try {
      DATABASE
          .transactions()
          .inNew(
              connection -> {
                keys.claim(connection, scope, CALL);
                throw new IllegalStateException("refused");
              });
    } catch (IllegalStateException refused) {
      // The claim goes with the change.
    }

    assertThat(claim(CALL)).isEqualTo(new Claim.First());
  }

  @Test
  void whatWasMadeIsFoundAgainAndAnotherBodyIsNot() throws SQLException {
    claim(CALL);
    DATABASE
        .transactions()
        .inNew(
            connection -> {
              keys.result(connection, scope, CALL, "made");
              return scope;
            });

    assertThat(claim(CALL)).isEqualTo(new Claim.Again("made"));
    assertThat(claim(new BeginRequest.Idempotency("PATCH thing", "key", "another")))
        .isEqualTo(new Claim.Reused());
    assertThat(claim(new BeginRequest.Idempotency("PATCH other", "key", "another")))
        .isEqualTo(new Claim.First());
  }

  @Test
  void aCallThatWasLostOnTheWayIsCarriedOutAgain() throws SQLException {
    claim(CALL);

    assertThat(claim(CALL)).isEqualTo(new Claim.First());
    assertThat(claim(new BeginRequest.Idempotency("PATCH thing", "key", "another")))
        .isEqualTo(new Claim.Reused());
  }

  @Test
  void releasingForgetsNothingThatWasMade() throws SQLException {
    claim(CALL);
    DATABASE
        .transactions()
        .inNew(
            connection -> {
              keys.result(connection, scope, CALL, "made");
              keys.release(connection, scope, CALL);
              return scope;
            });

    assertThat(claim(CALL)).isEqualTo(new Claim.Again("made"));
  }

  @Test
  void whoeverComesSecondWaitsForTheFirst() throws Exception {
    var claimed = new CountDownLatch(1);
    var goOn = new CountDownLatch(1);
    try (var threads = Executors.newVirtualThreadPerTaskExecutor()) {
      Future<?> first =
          threads.submit(
              () ->
                  DATABASE
                      .transactions()
                      .inNew(
                          connection -> {
                            keys.claim(connection, scope, CALL);
                            claimed.countDown();
                            try {
                              goOn.await();
                            } catch (InterruptedException stopped) {
                              Thread.currentThread().interrupt();
                            }
                            keys.result(connection, scope, CALL, "first");
                            return scope;
                          }));
      claimed.await();
      Future<Claim> second = threads.submit(() -> claim(CALL));
      goOn.countDown();

      assertThat(second.get()).isEqualTo(new Claim.Again("first"));
      first.get();
    }
  }

  private Claim claim(BeginRequest.Idempotency call) throws SQLException {
    return DATABASE.transactions().inNew(connection -> keys.claim(connection, scope, call));
  }
}
