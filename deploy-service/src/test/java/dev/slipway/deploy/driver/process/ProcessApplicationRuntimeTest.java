package dev.slipway.deploy.driver.process;

import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Timeout;

/// The contract on real processes.
@Timeout(value = 15, unit = TimeUnit.MINUTES)
final class ProcessApplicationRuntimeTest extends ProcessRuntimeContract {

  @SuppressWarnings("NullAway.Init") // set before the first test
  private static RuntimeStage stage;

  @BeforeAll
  static void open() {
    stage = new RuntimeStage();
  }

  @AfterAll
  static void close() {
    stage.close();
  }

  @Override
  RuntimeStage stage() {
    return stage;
  }
}
