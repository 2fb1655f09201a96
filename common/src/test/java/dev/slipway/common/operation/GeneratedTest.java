package dev.slipway.common.operation;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.slipway.common.golden.GoldenFile;
import dev.slipway.common.outbox.MessageSchemas;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.Assumptions;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/// The kernel's generated documents, and that each would notice a change.
final class GeneratedTest {

  @TempDir Path folder;

  private static final OperationCatalog WORKSHOP =
      new OperationCatalog(Workshop.operations(new FakeWorld()));

  @Test
  void theKernelsMessagesAreAsPublished() {
    MessageSchemas.verify(OperationEvent.class);
    MessageSchemas.verify(OperationCommand.class);
  }

  @Test
  void aChangedPlanIsNoticed() throws Exception {
    Assumptions.assumeFalse(GoldenFile.writing(), "Golden files are being written");
    Path file = folder.resolve("plans.txt");
    Files.writeString(file, "thing.build 0000000000000000 reserve\n");

    assertThatThrownBy(() -> PlanSignatures.verify(WORKSHOP, GoldenFile.inModule(file.toString())))
        .isInstanceOf(AssertionError.class)
        .hasMessageContaining("slipway.golden=write");
  }

  @Test
  void thePlansOfTheWorkshopAreAsReleased() {
    PlanSignatures.verify(
        WORKSHOP, GoldenFile.inModule("src/test/resources/golden/workshop-plans.txt"));
  }

  @Test
  void aDiagramShowsEveryWayThroughAPlan() {
    GoldenFile.inModule("src/test/resources/golden/workshop-diagrams.md")
        .says(
            String.join(
                "\n",
                List.of("thing.build", "thing.refit", "thing.destroy").stream()
                    .map(kind -> StateDiagrams.page(kind, WORKSHOP.get(kind).plan().shape()))
                    .toList()));
  }

  @Test
  void aDiagramOfAForwardOnlyPlanKnowsNoUndo() {
    assertThat(StateDiagrams.page("thing.destroy", WORKSHOP.get("thing.destroy").plan().shape()))
        .doesNotContain("undo_")
        .contains("remove --> verify : done")
        .contains("verify --> ended_succeeded : done")
        .contains("stuck_in_remove");
  }
}
