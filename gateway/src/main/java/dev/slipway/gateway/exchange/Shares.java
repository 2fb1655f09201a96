package dev.slipway.gateway.exchange;

import dev.slipway.common.error.ErrorCode;
import java.util.HashMap;
import java.util.Map;

/// Bounds how many of something each holder may have at once, so that one leaves room for all the
/// others. Used on one event loop only.
public final class Shares {

  private final int most;
  private final Map<String, Integer> taken = new HashMap<>();

  /// @param most how many each may have
  public Shares(int most) {
    this.most = most;
  }

  /// Takes one for as long as an exchange goes on.
  ///
  /// @param what they are, in the words its caller reads
  /// @throws Refusal 429 when the holder has them all
  public void take(Exchange exchange, String holder, String what) {
    if (!take(holder)) {
      throw new Refusal(
          ErrorCode.TOO_MANY_REQUESTS,
          "your organization has %d %s at once already; try again when one of them has ended"
              .formatted(most, what),
          Map.of("Retry-After", "10"));
    }
    exchange.whenOver(() -> giveBack(holder));
  }

  /// @return whether the holder may have one more
  boolean take(String holder) {
    if (taken.getOrDefault(holder, 0) >= most) {
      return false;
    }
    taken.merge(holder, 1, Integer::sum);
    return true;
  }

  /// To be called once for each that was taken.
  void giveBack(String holder) {
    taken.merge(holder, -1, Integer::sum);
    taken.remove(holder, 0);
  }
}
