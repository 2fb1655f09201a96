package dev.slipway.common.operation;

import org.jspecify.annotations.Nullable;

/// How an external effect can fail. Drivers throw this family and nothing else for failures they
/// expect.
///
/// The message is public: it is stored with the operation and shown to its owner, so it holds no
/// secret and no internal detail. Internal context travels as the cause and is only logged.
public abstract sealed class DriverFailure extends Exception {

  private final String code;

  private DriverFailure(String code, String message, @Nullable Throwable cause) {
    super(message, cause);
    this.code = code;
  }

  /// A stable, documented word for the kind of failure, in lower case with dashes.
  public String code() {
    return code;
  }

  /// Trying again may succeed; the kernel does so with back-off until the deadline.
  public static final class Transient extends DriverFailure {
    public Transient(String code, String message) {
      super(code, message, null);
    }

    public Transient(String code, String message, Throwable cause) {
      super(code, message, cause);
    }
  }

  /// Trying again cannot succeed: the disk is full, no port is free, the binary is bad.
  public static final class Permanent extends DriverFailure {
    public Permanent(String code, String message) {
      super(code, message, null);
    }

    public Permanent(String code, String message, Throwable cause) {
      super(code, message, cause);
    }
  }

  /// Whether the effect took place is not known; the kernel runs the step again, which looks before
  /// it acts.
  public static final class Unknown extends DriverFailure {
    public Unknown(String code, String message, Throwable cause) {
      super(code, message, cause);
    }
  }

  /// The epoch shown is lower than one the driver has seen: another replica or operation owns the
  /// subject now. The kernel lets go of the operation without a further write.
  public static final class Fenced extends DriverFailure {
    public Fenced(Fence fence, long highest) {
      super(
          "fenced",
          "epoch %d of %s has been overtaken by %d"
              .formatted(fence.epoch(), fence.subject(), highest),
          null);
    }
  }
}
