package dev.slipway.common.error;

import com.fasterxml.jackson.annotation.JsonInclude;
import com.fasterxml.jackson.annotation.JsonInclude.Include;
import com.fasterxml.jackson.annotation.JsonProperty;
import com.fasterxml.jackson.annotation.JsonPropertyOrder;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/// The body of every refused request. The official client shows it only when `message`,
/// `statusCode` and `requestID` are all there, and appends a full stop to the message.
///
/// @param message       what is wrong and what is allowed, without a full stop
/// @param statusCode    the status of the answer
/// @param requestId     finds the request in the log
/// @param detailedError several lines of output of what failed, shown as they are
/// @param code          the stable word, see [ErrorCode]
/// @param operationId   the operation this is about
/// @param fields        what is wrong with which field of the request
@JsonPropertyOrder({
  "message",
  "statusCode",
  "requestID",
  "DetailedError",
  "code",
  "operationId",
  "fields"
})
@JsonInclude(Include.NON_NULL)
public record ErrorAnswer(
    String message,
    int statusCode,
    @JsonProperty("requestID") String requestId,
    @JsonProperty("DetailedError") @Nullable String detailedError,
    String code,
    @Nullable String operationId,
    @Nullable Map<String, String> fields) {

  /// The answer for something that went wrong outside of any [ApiException].
  public static ErrorAnswer of(ErrorCode code, String message, String requestId) {
    return new ErrorAnswer(
        withoutFullStop(message), code.status(), requestId, null, code.word(), null, null);
  }

  static String withoutFullStop(String message) {
    return message.endsWith(".") ? message.substring(0, message.length() - 1) : message;
  }
}
