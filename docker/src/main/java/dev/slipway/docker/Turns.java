package dev.slipway.docker;

import dev.slipway.common.operation.DriverFailure;
import dev.slipway.common.operation.Fence;
import java.util.HashMap;
import java.util.Map;

/// Who of this process acts on which subject: one at a time, the highest epoch first.
///
/// Between processes it is the names on the engine that keep order; this makes an act of the same
/// process end before the one that overtakes it begins.
public final class Turns {

  private final Map<String, Turn> holders = new HashMap<>();

  /// The right to ask the engine for changes to one subject, until it is closed or overtaken.
  public final class Turn implements AutoCloseable {

    private final Fence fence;
    private long overtakenBy;

    private Turn(Fence fence) {
      this.fence = fence;
    }

    public Fence fence() {
      return fence;
    }

    public String subject() {
      return fence.subject();
    }

    public long epoch() {
      return fence.epoch();
    }

    /// Before every change.
    public void check() throws DriverFailure {
      synchronized (holders) {
        if (overtakenBy > 0) {
          throw new DriverFailure.Fenced(fence, overtakenBy);
        }
      }
    }

    @Override
    public void close() {
      synchronized (holders) {
        holders.remove(fence.subject(), this);
        holders.notifyAll();
      }
    }
  }

  /// Takes the turn; tells who has it under a lower epoch to let go, and waits until that is done.
  public Turn enter(Fence fence) throws DriverFailure, InterruptedException {
    if (fence.epoch() < 1) {
      throw new IllegalArgumentException("epochs start at 1");
    }
    var turn = new Turn(fence);
    synchronized (holders) {
      while (true) {
        Turn holder = holders.putIfAbsent(fence.subject(), turn);
        if (holder == null) {
          return turn;
        }
        long theirs = Math.max(holder.epoch(), holder.overtakenBy);
        if (theirs > fence.epoch()) {
          throw new DriverFailure.Fenced(fence, theirs);
        }
        if (theirs == fence.epoch()) {
          throw new DriverFailure.Transient("busy", "another call works on this at the moment");
        }
        holder.overtakenBy = fence.epoch();
        holders.wait();
      }
    }
  }
}
