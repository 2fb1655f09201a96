package dev.slipway.gateway.exchange;

import dev.slipway.common.error.ErrorCode;

/// The stable words that only the gateway says, beside those of [ErrorCode].
public final class GatewayErrors {

  /// The request is not HTTP.
  public static final ErrorCode MALFORMED_REQUEST = new ErrorCode("malformed-request", 400);

  /// The path has what could be read in two ways: an encoded slash, dots, control characters. Or it
  /// or the query has a percent sign that encodes nothing.
  public static final ErrorCode MALFORMED_PATH = new ErrorCode("malformed-path", 400);

  /// The body ended before it was whole.
  public static final ErrorCode BODY_INCOMPLETE = new ErrorCode("body-incomplete", 400);

  /// The body took too long to arrive.
  public static final ErrorCode BODY_TOO_SLOW = new ErrorCode("body-too-slow", 408);

  public static final ErrorCode PATH_TOO_LONG = new ErrorCode("path-too-long", 414);

  public static final ErrorCode HEADERS_TOO_LARGE = new ErrorCode("headers-too-large", 431);

  /// The service went away before it answered, so what was asked may have been done or not. The
  /// same call with the same idempotency key is safe.
  public static final ErrorCode OUTCOME_UNKNOWN = new ErrorCode("outcome-unknown", 502);

  /// More is sent at the moment than can be held. Nothing was changed.
  public static final ErrorCode OVERLOADED = new ErrorCode("overloaded", 503);

  /// The service took too long over something that changes nothing.
  public static final ErrorCode SERVICE_SLOW = new ErrorCode("service-slow", 504);

  private GatewayErrors() {}
}
