package dev.slipway.deploy.driver.process;

import dev.slipway.deploy.driver.ApplicationRuntime;
import dev.slipway.deploy.driver.ApplicationRuntimeContract;
import java.util.List;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Timeout;

/// The contract on real processes.
@Timeout(value = 2, unit = TimeUnit.MINUTES)
final class ProcessApplicationRuntimeTest extends ApplicationRuntimeContract {

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
  protected ApplicationRuntime runtime() {
    return stage.runtime;
  }

  @Override
  protected ApplicationRuntime restarted() {
    try {
      return stage.open();
    } catch (Exception e) {
      throw new IllegalStateException(e);
    }
  }

  @Override
  protected List<String> healthy() {
    return List.of(
        "exec node -e \"require('http').createServer((q, a) => a.end('hello')).listen(3000)\"");
  }
}
