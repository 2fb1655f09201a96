package dev.slipway.cli.system;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import dev.slipway.cli.bench.OperationsBench;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.parallel.Isolated;

/// Whether what an operation costs can be measured; what it is depends on the machine.
@InTurn(0)
@Isolated("measures")
final class OperationsBenchIT {

  @Test
  void bothAreMeasured() throws Exception {
    List<String> progress = new ArrayList<>();

    JsonNode result = new OperationsBench(Path.of("..").toRealPath(), progress::add).run(6, 2);

    assertThat(result.properties())
        .extracting(one -> one.getKey())
        .containsExactly(
            "medianMillis",
            "p95Millis",
            "operationsPerSecond",
            "transactMedianMillis",
            "transactP95Millis",
            "transactWorkflowsPerSecond");
    assertThat(result).allMatch(number -> number.asDouble() > 0);
    assertThat(progress).contains("round 3 of 3");
  }
}
