package dev.slipway.common.operation;

import java.time.Duration;
import org.jspecify.annotations.Nullable;

/// The thread that runs one claimed operation. It can be interrupted while it acts, and at no other
/// time: an interruption in the middle of a commit would close the connection under it.
final class Runner {

  private final Thread thread;
  private @Nullable String acting;
  private long since;

  Runner(Thread thread) {
    this.thread = thread;
  }

  synchronized void begin(String step) {
    acting = step;
    since = System.nanoTime();
  }

  /// Whatever interruption has come was for the act.
  ///
  /// @return whether there was one
  synchronized boolean end() {
    acting = null;
    return Thread.interrupted();
  }

  /// Interrupts the act of a step that has gone on for this long.
  synchronized void interrupt(String step, Duration longEnough) {
    if (step.equals(acting) && System.nanoTime() - since >= longEnough.toNanos()) {
      thread.interrupt();
    }
  }
}
