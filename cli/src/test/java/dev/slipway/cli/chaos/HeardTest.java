package dev.slipway.cli.chaos;

import static org.assertj.core.api.Assertions.assertThat;

import dev.slipway.cli.api.Event;
import dev.slipway.cli.console.Json;
import org.junit.jupiter.api.Test;

class HeardTest {

  @Test
  void anEventKeepsWhoToldItAndItsSeq() throws Exception {
    assertThat(stepEnded("do", "done"))
        .isEqualTo(
            new Heard(
                7, "instance-service", "operation.step-ended", "ins_1", 12, "iop_1", "start"));
  }

  @Test
  void onlyAStepThatWasDoneIsDone() throws Exception {
    assertThat(stepEnded("undo", "done").done()).isEmpty();
    assertThat(stepEnded("do", "failed").done()).isEmpty();
  }

  private static Heard stepEnded(String direction, String result) throws Exception {
    return Heard.of(
        Event.of(
            Json.MAPPER.readTree(
                """
                {"number":7,"source":"instance-service","type":"slipway.operation.step-ended.v1",
                 "subject":"ins_1","seq":12,"data":{"operation":"iop_1","step":"start",
                 "direction":"%s","result":"%s"}}"""
                    .formatted(direction, result))));
  }
}
