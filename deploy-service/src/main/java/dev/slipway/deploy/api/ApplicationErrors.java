package dev.slipway.deploy.api;

import dev.slipway.common.error.ApiException;
import dev.slipway.common.error.ErrorCode;
import dev.slipway.common.operation.OperationView;

/// The codes of this service's errors.
final class ApplicationErrors {

  static final ErrorCode APPLICATION_NOT_FOUND = new ErrorCode("application-not-found", 404);
  static final ErrorCode APPLICATION_EXISTS = new ErrorCode("application-exists", 409);
  static final ErrorCode APPLICATION_BUSY = new ErrorCode("application-busy", 409);
  static final ErrorCode TOO_MANY_APPLICATIONS = new ErrorCode("too-many-applications", 409);
  static final ErrorCode DATABASE_TAKEN = new ErrorCode("database-taken", 409);
  static final ErrorCode VERSION_NOT_FOUND = new ErrorCode("version-not-found", 404);
  static final ErrorCode NOTHING_TO_ROLL_BACK = new ErrorCode("nothing-to-roll-back", 409);
  static final ErrorCode SCHEMA_UNKNOWN = new ErrorCode("schema-unknown", 409);
  static final ErrorCode SECRET_NOT_FOUND = new ErrorCode("secret-not-found", 404);
  static final ErrorCode TOO_MANY_SECRETS = new ErrorCode("too-many-secrets", 409);
  static final ErrorCode NOT_SUPPORTED = new ErrorCode("not-supported", 400);

  private ApplicationErrors() {}

  /// The official command looks for exactly these words. Another organization's application
  /// answers the same.
  static ApiException notFound(String name) {
    return new ApiException(APPLICATION_NOT_FOUND, "application %s not found".formatted(name));
  }

  static ApiException versionNotFound(String name, String version) {
    // "application … not found" would have the official command advise to register it.
    return new ApiException(
        VERSION_NOT_FOUND, "application %s has no version %s".formatted(name, version));
  }

  static ApiException busy(OperationView active) {
    return ApiException.of(
            APPLICATION_BUSY,
            "application is busy: %s of %s, asked for by %s at %s, is at the step %s"
                .formatted(
                    active.kind(),
                    active.subjectName(),
                    active.requestedBy(),
                    active.createdAt(),
                    active.step()))
        .operation(active.id())
        .build();
  }

  static ApiException tooMany(String organization, long most) {
    return new ApiException(
        TOO_MANY_APPLICATIONS,
        "organization %s has %d applications, as many as it may have; delete one first"
            .formatted(organization, most));
  }

  static ApiException invalid(String field, String problem) {
    return ApiException.of(ErrorCode.INVALID_REQUEST, field + ' ' + problem)
        .field(field, problem)
        .build();
  }
}
