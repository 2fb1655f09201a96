package dev.slipway.common.operation;

import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.DynamicTest;
import org.junit.jupiter.api.TestFactory;

/// The kernel against its own kit, with operations that use everything it offers.
final class KernelMatrixTest {

  private final OperationKit kit =
      new OperationKit(
          KernelDatabase.fresh(),
          KernelDatabase.fresh(),
          KernelDatabase.fresh(),
          KernelDatabase.fresh(),
          KernelDatabase.fresh(),
          KernelDatabase.fresh());

  @TestFactory
  Stream<DynamicTest> everyCaseEndsAndLeavesNothing() throws Exception {
    return kit.matrix(
        "kernel",
        Workshop.operations(new FakeWorld()),
        List.of(
            Workshop.scenario(Workshop.Build.class, List.of()),
            Workshop.scenario(Workshop.Refit.class, List.of(Workshop.Build.class)),
            Workshop.scenario(Workshop.Destroy.class, List.of(Workshop.Build.class))));
  }
}
