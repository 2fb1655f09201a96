package dev.slipway.gateway.exchange;

import java.util.Comparator;
import java.util.HashMap;
import java.util.LinkedHashSet;
import java.util.Map;
import java.util.Optional;
import java.util.Set;

/// Bounds what all bodies that are held at the moment have together.
///
/// A body is held until its answer comes, and anybody may send one, so that a few dozen senders
/// could take all the memory there is. When there is no room left, one of those that are still
/// arriving is given up, the largest of the sender who holds most: who sends little is served
/// beside one who hoards. A quarter of the room is for small ones alone, since what is whole is
/// kept however long its answer takes. Used on one event loop only.
public final class HeldBodies {

  /// A body of up to this many bytes is small.
  static final int SMALL = 16 * 1024;

  private final long most;
  private final Set<Body> arriving = new LinkedHashSet<>();
  private final Map<String, Long> heldBySender = new HashMap<>();
  private long held;
  private long heldInLarge;

  /// @param most how many bytes they may have together
  public HeldBodies(long most) {
    this.most = most;
  }

  /// Begins to count a body.
  ///
  /// @param givenUp is told once that there is no room for it
  Body begin(String sender, Runnable givenUp) {
    var body = new Body(sender, givenUp);
    arriving.add(body);
    return body;
  }

  long held() {
    return held;
  }

  /// Only what is arriving grows, and at the latest it goes itself; so there is never more.
  private void makeRoom() {
    while (heldInLarge > most - most / 4 && giveUpOneAbove(SMALL)) {}
    while (held > most && giveUpOneAbove(0)) {}
  }

  private boolean giveUpOneAbove(int bytes) {
    Optional<Body> hoarded =
        arriving.stream()
            .filter(body -> body.bytes > bytes)
            .max(
                Comparator.<Body>comparingLong(body -> heldBySender.getOrDefault(body.sender, 0L))
                    .thenComparingLong(body -> body.bytes));
    hoarded.ifPresent(
        body -> {
          body.release();
          body.givenUp.run();
        });
    return hoarded.isPresent();
  }

  /// One of them.
  final class Body {

    private final String sender;
    private final Runnable givenUp;
    private long bytes;

    private Body(String sender, Runnable givenUp) {
      this.sender = sender;
      this.givenUp = givenUp;
    }

    /// More of it has arrived.
    void grew(int by) {
      count(by);
      makeRoom();
    }

    /// It is whole, and waits for its answer.
    void arrived() {
      arriving.remove(this);
    }

    /// It is held no longer.
    void release() {
      arriving.remove(this);
      count(-bytes);
    }

    private void count(long by) {
      heldInLarge -= inLarge();
      bytes += by;
      heldInLarge += inLarge();
      held += by;
      heldBySender.merge(sender, by, Long::sum);
      heldBySender.remove(sender, 0L);
    }

    private long inLarge() {
      return bytes > SMALL ? bytes : 0;
    }
  }
}
