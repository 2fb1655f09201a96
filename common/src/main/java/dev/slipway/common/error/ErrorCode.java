package dev.slipway.common.error;

import java.util.regex.Pattern;

/// A stable, documented word for why a request was refused, and the HTTP status that goes with it.
///
/// Programs may rely on the word; it never changes its meaning. The ones here belong to the edge
/// itself, each service adds its own beside its rules.
///
/// @param word   lower case with dashes, `instance-busy`
/// @param status the HTTP status of the answer, 400 to 599
public record ErrorCode(String word, int status) {

  private static final Pattern WORD = Pattern.compile("[a-z0-9]+(-[a-z0-9]+)*");

  /// The body is not JSON at all.
  public static final ErrorCode MALFORMED_BODY = new ErrorCode("malformed-body", 400);

  /// The request can be read, but a value is missing, of the wrong type or outside what is allowed;
  /// `fields` says which.
  public static final ErrorCode INVALID_REQUEST = new ErrorCode("invalid-request", 400);

  /// The token is missing, expired, revoked or somebody else's.
  public static final ErrorCode UNAUTHORIZED = new ErrorCode("unauthorized", 401);

  /// The caller is known and may not do this.
  public static final ErrorCode FORBIDDEN = new ErrorCode("forbidden", 403);

  /// There is no such path.
  public static final ErrorCode NOT_FOUND = new ErrorCode("not-found", 404);

  /// The identity exists, but has not registered as a user yet.
  public static final ErrorCode USER_NOT_REGISTERED = new ErrorCode("user-not-registered", 404);

  /// The organization does not exist, or is not the caller's: the two are told apart by nobody.
  public static final ErrorCode ORGANIZATION_NOT_FOUND =
      new ErrorCode("organization-not-found", 404);

  /// The path exists, not with this method; the header `Allow` names those that do.
  public static final ErrorCode METHOD_NOT_ALLOWED = new ErrorCode("method-not-allowed", 405);

  /// The answer cannot be given in a type that `Accept` names.
  public static final ErrorCode NOT_ACCEPTABLE = new ErrorCode("not-acceptable", 406);

  /// The request contradicts what is.
  public static final ErrorCode CONFLICT = new ErrorCode("conflict", 409);

  /// The body is larger than this path takes.
  public static final ErrorCode BODY_TOO_LARGE = new ErrorCode("body-too-large", 413);

  /// The body is of a type that this path does not take.
  public static final ErrorCode UNSUPPORTED_MEDIA_TYPE =
      new ErrorCode("unsupported-media-type", 415);

  /// The idempotency key was used before, for another request.
  public static final ErrorCode IDEMPOTENCY_KEY_REUSED =
      new ErrorCode("idempotency-key-reused", 422);

  /// Too many attempts, or too much at once; the header `Retry-After` says when to come back.
  public static final ErrorCode TOO_MANY_REQUESTS = new ErrorCode("too-many-requests", 429);

  /// A defect on this side. The request id finds the details in the log.
  public static final ErrorCode INTERNAL = new ErrorCode("internal", 500);

  /// A service or database that the answer needs cannot be reached at the moment. Nothing was
  /// changed.
  public static final ErrorCode UNAVAILABLE = new ErrorCode("unavailable", 503);

  public ErrorCode {
    if (!WORD.matcher(word).matches()) {
      throw new IllegalArgumentException("not a word in lower case with dashes: " + word);
    }
    if (status < 400 || status > 599) {
      throw new IllegalArgumentException("not the status of an error: " + status);
    }
  }
}
