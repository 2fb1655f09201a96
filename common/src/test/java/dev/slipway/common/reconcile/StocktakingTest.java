package dev.slipway.common.reconcile;

import static org.assertj.core.api.Assertions.assertThat;

import dev.slipway.common.ledger.Resource;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;

/// What counts as missing when reality was listed.
final class StocktakingTest {

  @Test
  void whatLivesInsideAServerIsNotMissedByALookAtTheMachine() {
    var directory = new Resource("directory", "ins_one");

    List<Discrepancy> missing =
        Stocktaking.missing(
            List.of(),
            Map.of(
                "ins_one",
                List.of(directory),
                "dbs_one",
                List.of(
                    new Resource("role", "ins_one/shop"),
                    new Resource("database", "ins_one/shop"))));

    assertThat(missing).extracting(Discrepancy::resource).containsExactly(directory);
  }
}
