package dev.slipway.gateway.exchange;

import static org.assertj.core.api.Assertions.assertThat;

import dev.slipway.gateway.exchange.HeldBodies.Body;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;

class HeldBodiesTest {

  private static final int MOST = 100_000;

  /// What large ones may have together.
  private static final int LARGE = 75_000;

  private final HeldBodies bodies = new HeldBodies(MOST);
  private final List<String> givenUp = new ArrayList<>();

  private Body begin(String name) {
    return begin("one sender", name);
  }

  private Body begin(String sender, String name) {
    return bodies.begin(sender, () -> givenUp.add(name));
  }

  @Test
  void theLargestThatStillArrivesGivesWay() {
    Body whole = begin("whole");
    whole.grew(25_000);
    whole.arrived();
    begin("hoarder").grew(30_000);
    Body late = begin("late");
    late.grew(20_000);
    assertThat(givenUp).isEmpty();

    late.grew(1);

    assertThat(givenUp).containsExactly("hoarder");
    assertThat(bodies.held()).isEqualTo(45_001);
  }

  @Test
  void whoComesLastGivesWayToWhatIsWhole() {
    Body whole = begin("whole");
    whole.grew(LARGE);
    whole.arrived();

    begin("late").grew(HeldBodies.SMALL + 1);

    assertThat(givenUp).containsExactly("late");
    assertThat(bodies.held()).isEqualTo(LARGE);
  }

  @Test
  void besideLargeOnesThereIsRoomForALittle() {
    Body whole = begin("whole");
    whole.grew(LARGE);
    whole.arrived();

    begin("little").grew(HeldBodies.SMALL);

    assertThat(givenUp).isEmpty();
  }

  @Test
  void smallOnesAreBoundedToo() {
    for (int i = 0; i < 1_000; i++) {
      begin("flood" + i).grew(HeldBodies.SMALL);
      assertThat(bodies.held()).isLessThanOrEqualTo(MOST);
    }

    assertThat(givenUp).hasSize(1_000 - MOST / HeldBodies.SMALL);
  }

  @Test
  void smallOnesThatAreWholeAreBoundedToo() {
    for (int i = 0; i < 1_000; i++) {
      Body body = begin("flood" + i);
      body.grew(HeldBodies.SMALL);
      body.arrived();
    }

    assertThat(bodies.held()).isLessThanOrEqualTo(MOST);
  }

  @Test
  void whoHoldsMostGivesWay() {
    begin("honest", "honest small").grew(10_000);
    begin("honest", "honest large").grew(20_000);
    for (int i = 0; i < 100; i++) {
      begin("hoarder", "flood").grew(9_000);
    }

    assertThat(givenUp).isNotEmpty().containsOnly("flood");
    assertThat(bodies.held()).isLessThanOrEqualTo(MOST);
  }

  @Test
  void whatWasAnsweredMakesRoom() {
    Body first = begin("first");
    first.grew(LARGE);
    first.arrived();
    first.release();
    first.release();

    begin("second").grew(LARGE);

    assertThat(givenUp).isEmpty();
    assertThat(bodies.held()).isEqualTo(LARGE);
  }
}
