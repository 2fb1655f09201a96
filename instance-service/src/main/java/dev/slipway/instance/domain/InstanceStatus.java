package dev.slipway.instance.domain;

import java.util.Locale;
import java.util.Optional;

/// How an instance stands, as people and the official client see it. Never stored: derived from its
/// operations and from what was last observed.
public enum InstanceStatus {
  CREATING,
  AVAILABLE,
  MODIFYING,
  DELETING,
  UNAVAILABLE,
  FAILED;

  /// What is known of an instance.
  ///
  /// @param existence what became of the operation that brings it into being
  /// @param active    the kind of the operation that has it now, if any
  /// @param stuck     whether that operation is stuck
  /// @param down      whether it was seen down when last looked at
  public record Facts(Existence existence, Optional<String> active, boolean stuck, boolean down) {}

  /// What became of the operation that brings an instance into being.
  public enum Existence {
    COMING,
    THERE,
    NEVER_CAME
  }

  /// The kinds of operation that end an instance.
  private static boolean ends(String kind) {
    return kind.equals("instance.destroy") || kind.equals("instance.unlink");
  }

  public static InstanceStatus of(Facts facts) {
    if (facts.active().filter(InstanceStatus::ends).isPresent()) {
      return DELETING;
    }
    return switch (facts.existence()) {
      case NEVER_CAME -> FAILED;
      case COMING -> facts.stuck() ? FAILED : CREATING;
      case THERE -> {
        if (facts.down()) {
          yield UNAVAILABLE;
        }
        yield facts.active().isPresent() && !facts.stuck() ? MODIFYING : AVAILABLE;
      }
    };
  }

  /// As it stands on the wire: `available`.
  public String word() {
    return name().toLowerCase(Locale.ROOT);
  }
}
