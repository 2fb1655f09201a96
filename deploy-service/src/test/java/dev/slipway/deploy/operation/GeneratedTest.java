package dev.slipway.deploy.operation;

import dev.slipway.common.contract.deploy.DeployEvent;
import dev.slipway.common.golden.GoldenFile;
import dev.slipway.common.operation.OperationCatalog;
import dev.slipway.common.operation.PlanSignatures;
import dev.slipway.common.operation.StateDiagrams;
import dev.slipway.common.outbox.MessageSchemas;
import org.junit.jupiter.api.Test;

/// What is generated from the operations and messages of this service is as it was released.
final class GeneratedTest {

  private static final OperationCatalog CATALOG =
      new OperationCatalog(DeployOperationsMatrixTest.operations());

  @Test
  void aPlanChangesOnlyWithANewVersion() {
    PlanSignatures.verify(CATALOG, GoldenFile.inModule("src/test/resources/golden/plans.txt"));
  }

  @Test
  void theStateDiagramsAreThoseOfThePlans() {
    StateDiagrams.verify(CATALOG);
  }

  @Test
  void theEventsAreAsPublished() {
    MessageSchemas.verify(DeployEvent.class);
  }
}
