package dev.slipway.cli.chaos;

import dev.slipway.cli.platform.InstallationEngine;
import dev.slipway.cli.platform.InstallationEngine.Container;
import dev.slipway.cli.platform.Signal;
import java.io.IOException;

/// What a fault strikes.
sealed interface Struck {

  /// @throws IOException when it went meanwhile, and was not struck
  void strike(Fault.Kind kind) throws IOException, InterruptedException;

  /// After it was paused.
  ///
  /// @throws IOException when it went meanwhile, paused as it was
  void goOn() throws IOException, InterruptedException;

  /// A process, by a signal.
  record Signalled(long pid) implements Struck {

    @Override
    public void strike(Fault.Kind kind) throws InterruptedException {
      switch (kind) {
        case KILL -> Signal.KILL.send(pid);
        case RESTART -> Signal.TERMINATE.send(pid);
        case PAUSE -> Signal.STOP.send(pid);
      }
    }

    @Override
    public void goOn() throws InterruptedException {
      Signal.CONTINUE.send(pid);
    }
  }

  /// A container as a whole, through its engine.
  record Whole(InstallationEngine engine, Container container) implements Struck {

    @Override
    public void strike(Fault.Kind kind) throws IOException {
      switch (kind) {
        case KILL, RESTART -> engine.kill(container);
        case PAUSE -> engine.pause(container);
      }
    }

    @Override
    public void goOn() throws IOException {
      engine.unpause(container);
    }
  }
}
