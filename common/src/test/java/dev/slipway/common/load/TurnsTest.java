package dev.slipway.common.load;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import java.time.Duration;
import java.util.concurrent.FutureTask;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

@Timeout(30)
final class TurnsTest {

  private static final Duration LONG = Duration.ofSeconds(20);

  private final Turns turns = new Turns(2, 1);

  @Test
  void anOrganizationHasOneTurnAtATime() throws Exception {
    assertThat(turns.take("org_1", LONG)).isTrue();

    assertThat(turns.take("org_1", Duration.ZERO)).isFalse();
    assertThat(turns.take("org_2", Duration.ZERO)).isTrue();

    turns.giveBack("org_1").run();
    assertThat(turns.take("org_1", Duration.ZERO)).isTrue();
  }

  @Test
  void aTurnIsGivenBackOnce() throws Exception {
    assertThat(turns.take("org_1", LONG)).isTrue();
    Runnable first = turns.giveBack("org_1");
    first.run();
    assertThat(turns.take("org_1", LONG)).isTrue();

    first.run();

    assertThat(turns.take("org_1", Duration.ZERO)).isFalse();
  }

  @Test
  void soManyOfAnOrganizationWait() throws Exception {
    assertThat(turns.take("org_1", LONG)).isTrue();
    var waiting = new FutureTask<>(() -> turns.take("org_1", LONG));
    Thread waiter = Thread.ofVirtual().start(waiting);
    await().until(() -> waiter.getState() == Thread.State.TIMED_WAITING);

    assertThat(turns.take("org_1", LONG)).isFalse();

    assertThat(waiting.isDone()).isFalse();
    turns.giveBack("org_1").run();
    assertThat(waiting.get(20, TimeUnit.SECONDS)).isTrue();
  }

  @Test
  void allTogetherHaveAFew() throws Exception {
    assertThat(turns.take("org_1", LONG)).isTrue();
    assertThat(turns.take("org_2", LONG)).isTrue();

    assertThat(turns.take("org_3", Duration.ofMillis(10))).isFalse();
  }

  @Test
  void whoWaitsGetsTheTurnThatIsGivenBack() throws Exception {
    assertThat(turns.take("org_1", LONG)).isTrue();
    var waiting = new FutureTask<>(() -> turns.take("org_1", LONG));
    Thread.ofVirtual().start(waiting);

    turns.giveBack("org_1").run();

    assertThat(waiting.get(20, TimeUnit.SECONDS)).isTrue();
  }
}
