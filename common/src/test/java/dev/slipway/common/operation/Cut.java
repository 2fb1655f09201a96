package dev.slipway.common.operation;

import dev.slipway.common.operation.OperationEngine.Interruptions;
import java.util.Objects;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicBoolean;
import org.jspecify.annotations.Nullable;

/// Does something to a runner, once, when it passes a point.
final class Cut implements Interruptions {

  /// What is done.
  enum How {
    /// As if the process were killed: the runner writes nothing more.
    KILL,
    /// The step fails for good.
    FAIL,
    /// The step fails, and may succeed when tried again.
    STUMBLE,
    /// The runner stops until it is let go, as if the process were paused.
    PAUSE
  }

  /// As if the process were killed.
  static final class Killed extends Error {
    Killed(String where) {
      super(where);
    }
  }

  private final String step;
  private final Point point;
  private final boolean undo;
  private final How how;
  private final AtomicBoolean done = new AtomicBoolean();
  private final CountDownLatch reached = new CountDownLatch(1);
  private final CountDownLatch released = new CountDownLatch(1);
  private volatile @Nullable String operation;
  private volatile @Nullable Cut also;

  Cut(How how, Point point, String step, boolean undo) {
    this.how = how;
    this.point = point;
    this.step = step;
    this.undo = undo;
  }

  /// Only this operation is meant; before it is known, none is.
  void aim(String operationId) {
    operation = operationId;
    Cut other = also;
    if (other != null) {
      other.aim(operationId);
    }
  }

  Cut and(Cut other) {
    also = other;
    return this;
  }

  @Override
  public void at(Point passed, String passing, String passedStep, boolean passedUndo)
      throws DriverFailure, InterruptedException {
    Cut other = also;
    if (other != null) {
      other.at(passed, passing, passedStep, passedUndo);
    }
    if (passed != point
        || passedUndo != undo
        || !passedStep.equals(step)
        || !passing.equals(operation)
        || !done.compareAndSet(false, true)) {
      return;
    }
    reached.countDown();
    switch (how) {
      case KILL -> throw new Killed(this.toString());
      case FAIL -> throw new DriverFailure.Permanent("injected", "It was made to fail");
      case STUMBLE -> throw new DriverFailure.Transient("injected", "It was made to stumble");
      case PAUSE -> {
        if (!released.await(OperationKit.PATIENCE.toSeconds(), TimeUnit.SECONDS)) {
          throw new AssertionError("Nobody let the runner go at " + this);
        }
      }
    }
  }

  boolean awaitReached() throws InterruptedException {
    return reached.await(OperationKit.PATIENCE.toSeconds(), TimeUnit.SECONDS);
  }

  Cut other() {
    return Objects.requireNonNull(also, "There is no second cut");
  }

  void release() {
    released.countDown();
  }

  @Override
  public String toString() {
    return "%s %s of %s%s".formatted(how, point, undo ? "undo " : "", step);
  }
}
