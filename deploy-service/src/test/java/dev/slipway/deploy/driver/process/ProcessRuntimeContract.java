package dev.slipway.deploy.driver.process;

import dev.slipway.deploy.driver.ApplicationRuntime;
import dev.slipway.deploy.driver.ApplicationRuntimeContract;
import java.util.List;

/// The contract on real processes, in whatever isolation the stage has.
abstract class ProcessRuntimeContract extends ApplicationRuntimeContract {

  abstract RuntimeStage stage();

  @Override
  protected ApplicationRuntime runtime() {
    return stage().runtime;
  }

  @Override
  protected ApplicationRuntime restarted() {
    try {
      return stage().open();
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
