package dev.slipway.cli.console;

import java.io.IOException;
import java.util.concurrent.CountDownLatch;

/// Ctrl-C, and whatever else ends the process while it is at work.
public final class Interruption {

  private Interruption() {}

  /// What may be interrupted.
  @FunctionalInterface
  public interface Work<T> {
    T done() throws IOException, InterruptedException;
  }

  /// Does the work, and when it is interrupted the deed.
  public static <T> T during(Work<T> work, Runnable deed) throws IOException, InterruptedException {
    Thread hook = new Thread(deed, "interruption");
    try {
      Runtime.getRuntime().addShutdownHook(hook);
    } catch (IllegalStateException interruptedBefore) {
      // What is done then is what is left to do.
    }
    try {
      return work.done();
    } finally {
      try {
        Runtime.getRuntime().removeShutdownHook(hook);
      } catch (IllegalStateException interrupted) {
        // Then the deed is just being done.
      }
    }
  }

  /// Does the work in this thread. When it is interrupted, so is the thread, and the process goes
  /// on for as long as the work takes to remove what it has made.
  public static <T> T cleanly(Work<T> work) throws IOException, InterruptedException {
    Thread worker = Thread.currentThread();
    CountDownLatch over = new CountDownLatch(1);
    try {
      return during(
          work,
          () -> {
            worker.interrupt();
            try {
              over.await();
            } catch (InterruptedException impatient) {
              Thread.currentThread().interrupt();
            }
          });
    } finally {
      over.countDown();
    }
  }
}
