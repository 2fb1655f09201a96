package dev.slipway.instance.api;

import dev.slipway.common.error.ApiException;
import dev.slipway.common.error.ErrorCode;
import dev.slipway.common.operation.OperationView;
import java.util.List;

/// The codes of this service's errors.
final class InstanceErrors {

  static final ErrorCode INSTANCE_NOT_FOUND = new ErrorCode("instance-not-found", 404);
  static final ErrorCode INSTANCE_EXISTS = new ErrorCode("instance-exists", 409);
  static final ErrorCode INSTANCE_BUSY = new ErrorCode("instance-busy", 409);
  static final ErrorCode INSTANCE_FAILED = new ErrorCode("instance-failed", 409);
  static final ErrorCode INSTANCE_IN_USE = new ErrorCode("instance-in-use", 409);
  static final ErrorCode TOO_MANY_INSTANCES = new ErrorCode("too-many-instances", 409);
  static final ErrorCode INSTANCE_LINKED = new ErrorCode("instance-linked", 409);
  static final ErrorCode INSTANCE_NOT_LINKED = new ErrorCode("instance-not-linked", 409);
  static final ErrorCode ORGANIZATION_CLOSING = new ErrorCode("organization-closing", 409);
  static final ErrorCode NOT_SUPPORTED = new ErrorCode("not-supported", 400);

  private InstanceErrors() {}

  /// The official command looks for exactly these words. Another organization's instance answers
  /// the same.
  static ApiException notFound(String name) {
    return new ApiException(INSTANCE_NOT_FOUND, "database %s not found".formatted(name));
  }

  static ApiException busy(String name, OperationView active) {
    return ApiException.of(
            INSTANCE_BUSY,
            "database %s is busy: %s, asked for by %s at %s, is at the step %s"
                .formatted(
                    name, active.kind(), active.requestedBy(), active.createdAt(), active.step()))
        .operation(active.id())
        .build();
  }

  static ApiException closing(String organization) {
    return new ApiException(
        ORGANIZATION_CLOSING,
        "the last member of organization %s is joining another one; if that has failed, try again in three minutes"
            .formatted(organization));
  }

  static ApiException tooMany(String organization, long most) {
    return new ApiException(
        TOO_MANY_INSTANCES,
        "organization %s has %d databases, as many as it may have; destroy or unlink one first"
            .formatted(organization, most));
  }

  /// @param applications their names, sorted
  static ApiException inUse(String name, List<String> applications) {
    return ApiException.of(
            INSTANCE_IN_USE,
            "database %s is used by %s".formatted(name, String.join(", ", applications)))
        .field("applications", String.join(",", applications))
        .build();
  }
}
