package dev.slipway.common.error;

import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/// A request is refused. The one exception type at the edge.
///
/// It has two parts that nothing can print together. The public part (code, message, fields,
/// operation, detailed error) is what [#answer] gives. The internal part (context and cause) is
/// only seen by this package, which logs it; it takes no part in the answer, in [#getMessage] or in
/// [#toString].
///
/// ```java
/// throw ApiException.of(INSTANCE_BUSY, "instance main is busy").operation(id).build();
/// ```
public final class ApiException extends RuntimeException {

  private final ErrorCode code;
  private final String publicMessage;
  private final Map<String, String> fields;
  private final @Nullable String operationId;
  private final @Nullable String detailedError;
  private final Map<String, String> headers;
  private final @Nullable String internalContext;

  private ApiException(Builder builder) {
    super(
        builder.publicMessage,
        builder.cause,
        false,
        /* writableStackTrace= */ builder.code.status() == ErrorCode.INTERNAL.status());
    this.code = builder.code;
    this.publicMessage = builder.publicMessage;
    this.fields = Collections.unmodifiableMap(new LinkedHashMap<>(builder.fields));
    this.operationId = builder.operationId;
    this.detailedError = builder.detailedError;
    this.headers = Collections.unmodifiableMap(new LinkedHashMap<>(builder.headers));
    this.internalContext = builder.internalContext;
  }

  /// With nothing but a code and a message.
  public ApiException(ErrorCode code, String publicMessage) {
    this(of(code, publicMessage));
  }

  /// Begins one with more parts.
  public static Builder of(ErrorCode code, String publicMessage) {
    return new Builder(code, publicMessage);
  }

  public ErrorCode code() {
    return code;
  }

  /// The public part.
  public ErrorAnswer answer(String requestId) {
    return new ErrorAnswer(
        publicMessage,
        code.status(),
        requestId,
        detailedError,
        code.word(),
        operationId,
        fields.isEmpty() ? null : fields);
  }

  /// There is nothing at this path, or nothing for this caller: both get the same words.
  public static ApiException noSuchPath() {
    return new ApiException(
        ErrorCode.NOT_FOUND, "there is no such path, or a part of it has the wrong form");
  }

  /// Headers of the answer, such as `Retry-After`.
  public Map<String, String> headers() {
    return headers;
  }

  @Nullable String internalContext() {
    return internalContext;
  }

  /// Collects the parts.
  public static final class Builder {
    private final ErrorCode code;
    private final String publicMessage;
    private final Map<String, String> fields = new LinkedHashMap<>();
    private final Map<String, String> headers = new LinkedHashMap<>();
    private @Nullable String operationId;
    private @Nullable String detailedError;
    private @Nullable String internalContext;
    private @Nullable Throwable cause;

    private Builder(ErrorCode code, String publicMessage) {
      this.code = code;
      this.publicMessage = ErrorAnswer.withoutFullStop(publicMessage);
    }

    /// What is wrong with one field of the request.
    public Builder field(String name, String problem) {
      fields.put(name, problem);
      return this;
    }

    /// The operation this is about.
    public Builder operation(String id) {
      this.operationId = id;
      return this;
    }

    /// Output of what failed; the official client prints it below the message. It is public.
    public Builder detailedError(String text) {
      this.detailedError = text;
      return this;
    }

    /// A header of the answer.
    public Builder header(String name, String value) {
      headers.put(name, value);
      return this;
    }

    /// For the log alone: what an operator needs and a caller must not see. Secrets belong in
    /// neither.
    public Builder internally(String context) {
      this.internalContext = context;
      return this;
    }

    /// For the log alone.
    public Builder cause(Throwable cause) {
      this.cause = cause;
      return this;
    }

    public ApiException build() {
      return new ApiException(this);
    }
  }
}
