package dev.slipway.instance.reconcile;

import static org.assertj.core.api.Assertions.assertThat;

import dev.slipway.common.driver.Endpoint;
import dev.slipway.common.operation.Cause;
import dev.slipway.common.operation.Outcome;
import dev.slipway.instance.domain.InstanceKind;
import dev.slipway.instance.domain.Wish;
import dev.slipway.instance.driver.Observation.State;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import net.jqwik.api.constraints.LongRange;
import net.jqwik.api.constraints.Size;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;

/// When to repair: by hand, and by many histories.
final class RepairRuleTest {

  private static final Cause PORT = new Cause("port-taken", "another program listens there");

  @Test
  void onlyWhatIsCertainlyDownAndMeantToRunAndNobodysIsRepaired() {
    for (State seen : State.values()) {
      for (Wish wish : Wish.values()) {
        for (InstanceKind kind : InstanceKind.values()) {
          for (boolean idle : List.of(true, false)) {
            boolean expected =
                seen == State.DOWN
                    && wish == Wish.RUNNING
                    && kind == InstanceKind.PROVISIONED
                    && idle;
            assertThat(RepairRule.calledFor(watched(kind, idle), seen, wish))
                .as("%s %s %s %s", seen, wish, kind, idle)
                .isEqualTo(expected);
          }
        }
      }
    }
  }

  @Test
  void firstRepairIsDueAtOnce() {
    assertThat(RepairRule.due(List.of())).isTrue();
    assertThat(RepairRule.due(List.of(past(Outcome.SUCCEEDED, 0)))).isTrue();
    assertThat(RepairRule.due(List.of(past(Outcome.SUPERSEDED, 0)))).isTrue();
  }

  @Test
  void failedRepairsWaitTwiceAsLongEachTimeAndAMinuteAtTheMost() {
    List<PastRepair> past = new ArrayList<>();
    List<Long> pauses = new ArrayList<>();
    for (int i = 0; i < 8; i++) {
      past.addFirst(past(Outcome.UNDONE, 0));
      pauses.add(RepairRule.pause(past).toSeconds());
    }
    assertThat(pauses).containsExactly(1L, 2L, 4L, 8L, 16L, 32L, 60L, 60L);
    assertThat(RepairRule.due(List.of(past(Outcome.UNDONE, 999)))).isFalse();
    assertThat(RepairRule.due(List.of(past(Outcome.UNDONE, 1000)))).isTrue();
  }

  @Test
  void successForgetsFailuresBeforeIt() {
    assertThat(
            RepairRule.due(
                List.of(past(Outcome.SUCCEEDED, 10), past(Outcome.UNDONE, 20), past(null, 30))))
        .isTrue();
  }

  @Test
  void instanceThatDoesNotStayUpIsBroughtBackEveryTenSeconds() {
    List<PastRepair> five = new ArrayList<>();
    for (int i = 0; i < 5; i++) {
      five.add(past(Outcome.SUCCEEDED, 1000L * (i + 1)));
    }
    assertThat(RepairRule.due(five.subList(0, 4))).isTrue();
    assertThat(RepairRule.due(five)).isFalse();
    assertThat(RepairRule.pause(five)).isEqualTo(Duration.ofSeconds(10));
  }

  @Test
  void clockSetBackDoesNotStopRepairs() {
    assertThat(RepairRule.due(List.of(past(Outcome.UNDONE, -3_600_000)))).isTrue();
  }

  @Test
  void ownerReadsWhatWasSeenAndWhyTheRepairFailed() {
    assertThat(
            RepairRule.reason(
                "PostgreSQL was killed", Wish.RUNNING, false, List.of(past(Outcome.UNDONE, 5))))
        .isEqualTo(
            "PostgreSQL was killed; repairing it failed: another program listens there (operation iop_1)");
    assertThat(
            RepairRule.reason("PostgreSQL was killed", Wish.RUNNING, false, List.of(past(null, 5))))
        .contains("repairing it failed");
    assertThat(
            RepairRule.reason(
                "PostgreSQL was killed",
                Wish.RUNNING,
                false,
                List.of(past(Outcome.SUCCEEDED, 5), past(Outcome.UNDONE, 9))))
        .isEqualTo("PostgreSQL was killed");
    assertThat(RepairRule.reason(null, Wish.STOPPED, false, List.of()))
        .isEqualTo("the platform was stopped");
    assertThat(RepairRule.reason("no route", Wish.STOPPED, true, List.of())).isEqualTo("no route");
  }

  @Property
  void neverWaitsLongerThanAMinute(
      @ForAll @Size(max = 12) List<Optional<Outcome>> outcomes,
      @ForAll @LongRange(min = 60_000, max = 10_000_000) long ago) {
    List<PastRepair> past =
        outcomes.stream().map(outcome -> past(outcome.orElse(null), ago)).toList();
    assertThat(RepairRule.pause(past)).isLessThanOrEqualTo(Duration.ofMinutes(1));
    assertThat(RepairRule.due(past)).isTrue();
  }

  @Property
  void oneMoreFailureNeverShortensTheWait(@ForAll @Size(max = 11) List<Boolean> cancelled) {
    List<PastRepair> past =
        new ArrayList<>(
            cancelled.stream()
                .map(one -> past(one ? Outcome.CANCELLED : Outcome.UNDONE, 0))
                .toList());
    Duration before = RepairRule.pause(past);
    past.addFirst(past(Outcome.UNDONE, 0));
    assertThat(RepairRule.pause(past)).isGreaterThanOrEqualTo(before);
  }

  private static PastRepair past(@Nullable Outcome outcome, long millisAgo) {
    return new PastRepair("iop_1", outcome, PORT, Duration.ofMillis(millisAgo));
  }

  private static Watched watched(InstanceKind kind, boolean idle) {
    return new Watched(
        "ins_00000000000000000000000000",
        "org_1",
        "main",
        kind,
        new Endpoint("localhost", 1001),
        "demo_db",
        null,
        1,
        idle,
        State.UP,
        null,
        false);
  }
}
