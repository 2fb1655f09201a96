package dev.slipway.cli.console;

import java.util.Map;
import org.jspecify.annotations.Nullable;

/// Why a command ends without having done what it was asked for, in words for the person who asked.
///
/// Exit code 1 means refused or failed, 2 that the command was not called as it has to be.
public final class CommandFailure extends RuntimeException {

  public static final int FAILED = 1;
  public static final int MISUSED = 2;

  private final int exitCode;
  private final String code;
  private final @Nullable String next;
  private final @Nullable String requestId;
  private final @Nullable String operationId;
  private final @Nullable String details;
  private final @Nullable String password;
  private final Map<String, String> fields;
  private final int status;

  private CommandFailure(Builder builder) {
    super(builder.message, builder.cause);
    this.exitCode = builder.exitCode;
    this.code = builder.code;
    this.next = builder.next;
    this.requestId = builder.requestId;
    this.operationId = builder.operationId;
    this.details = builder.details;
    this.password = builder.password;
    this.fields = Map.copyOf(builder.fields);
    this.status = builder.status;
  }

  /// Begins a failure with exit code 1. The message says what is wrong, as a sentence without a
  /// full stop.
  public static Builder failed(String code, String message) {
    return new Builder(FAILED, code, message);
  }

  /// Begins a failure with exit code 2.
  public static Builder misused(String message) {
    return new Builder(MISUSED, "usage", message);
  }

  public int exitCode() {
    return exitCode;
  }

  /// The stable word of the API, or one of this command's own.
  public String code() {
    return code;
  }

  public String message() {
    @Nullable String message = getMessage();
    return message == null ? code : message;
  }

  /// What to type or do next.
  public @Nullable String next() {
    return next;
  }

  public @Nullable String requestId() {
    return requestId;
  }

  public @Nullable String operationId() {
    return operationId;
  }

  /// Several lines of output of what failed.
  public @Nullable String details() {
    return details;
  }

  /// One that was made up for what goes on all the same, and that nobody else knows. Told in JSON
  /// only: to a person it was said before.
  public @Nullable String password() {
    return password;
  }

  /// The same failure, which tells a password too.
  public CommandFailure telling(String madeUp) {
    return new Builder(exitCode, code, message())
        .next(next)
        .requestId(requestId)
        .operationId(operationId)
        .details(details)
        .fields(fields)
        .status(status)
        .password(madeUp)
        .cause(this)
        .build();
  }

  /// What is wrong with which field of the request.
  public Map<String, String> fields() {
    return fields;
  }

  /// The HTTP status of the answer, 0 when there was none.
  public int status() {
    return status;
  }

  /// Collects what is known about a failure.
  public static final class Builder {

    private final int exitCode;
    private final String code;
    private final String message;
    private @Nullable Throwable cause;
    private @Nullable String next;
    private @Nullable String requestId;
    private @Nullable String operationId;
    private @Nullable String details;
    private @Nullable String password;
    private Map<String, String> fields = Map.of();
    private int status;

    private Builder(int exitCode, String code, String message) {
      this.exitCode = exitCode;
      this.code = code;
      this.message = message.endsWith(".") ? message.substring(0, message.length() - 1) : message;
    }

    public Builder next(@Nullable String sentence) {
      this.next = sentence;
      return this;
    }

    public Builder requestId(@Nullable String id) {
      this.requestId = id;
      return this;
    }

    public Builder operationId(@Nullable String id) {
      this.operationId = id;
      return this;
    }

    public Builder details(@Nullable String lines) {
      this.details = lines;
      return this;
    }

    public Builder password(@Nullable String madeUp) {
      this.password = madeUp;
      return this;
    }

    public Builder fields(Map<String, String> wrong) {
      this.fields = wrong;
      return this;
    }

    public Builder status(int httpStatus) {
      this.status = httpStatus;
      return this;
    }

    public Builder cause(Throwable reason) {
      this.cause = reason;
      return this;
    }

    public CommandFailure build() {
      return new CommandFailure(this);
    }
  }
}
