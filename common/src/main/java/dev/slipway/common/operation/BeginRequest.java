package dev.slipway.common.operation;

import java.util.List;
import org.jspecify.annotations.Nullable;

/// Asks for an operation.
///
/// @param id          chosen by an asking operation; null for a new one
/// @param subjectName what people call the subject
/// @param requestedBy the user's name, or the asking service's
/// @param ancestry    the operations that wait for this one, the oldest first
/// @param idempotency the caller's key, if it gave one
public record BeginRequest(
    @Nullable String id,
    String kind,
    String subject,
    String subjectName,
    String organization,
    String requestedBy,
    List<String> ancestry,
    Record input,
    @Nullable Idempotency idempotency) {

  /// A key given by the caller.
  ///
  /// @param request    method and path
  /// @param bodyDigest keyed digest of the body, so that it tells nothing
  public record Idempotency(String request, String key, String bodyDigest) {}

  /// What a user asks for.
  public static BeginRequest of(
      String kind,
      String subject,
      String subjectName,
      String organization,
      String requestedBy,
      Record input,
      @Nullable Idempotency idempotency) {
    return new BeginRequest(
        null, kind, subject, subjectName, organization, requestedBy, List.of(), input, idempotency);
  }
}
