package dev.slipway.deploy.driver.docker;

import dev.slipway.deploy.driver.ApplicationRuntime;
import dev.slipway.deploy.driver.ApplicationRuntimeContract;
import java.util.List;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Timeout;

/// The contract on real containers.
@Timeout(value = 15, unit = TimeUnit.MINUTES)
final class DockerApplicationRuntimeTest extends ApplicationRuntimeContract {

  @SuppressWarnings("NullAway.Init") // set before the first test
  private static DockerRuntimeStage stage;

  @BeforeAll
  static void open() {
    stage = new DockerRuntimeStage();
  }

  @AfterAll
  static void close() {
    if (stage != null) {
      stage.close();
    }
  }

  @Override
  protected ApplicationRuntime runtime() {
    return stage.runtime;
  }

  @Override
  protected ApplicationRuntime restarted() {
    return stage.another;
  }

  @Override
  protected String base() {
    return DockerRuntimeStage.IMAGE;
  }

  @Override
  protected List<String> healthy() {
    return List.of(
        "exec node -e \"require('http').createServer((q, a) => a.end('hello')).listen(3000)\"");
  }
}
