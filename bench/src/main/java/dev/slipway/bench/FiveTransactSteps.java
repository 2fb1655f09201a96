package dev.slipway.bench;

/// The same five steps as a workflow of DBOS Transact.
public interface FiveTransactSteps {

  /// Returns when the workflow has ended.
  ///
  /// @return how many steps were done
  int run();
}
