package dev.slipway.common.error;

import com.fasterxml.jackson.annotation.JsonProperty;
import com.fasterxml.jackson.core.JacksonException;
import com.fasterxml.jackson.databind.DatabindException;
import com.fasterxml.jackson.databind.JsonMappingException;
import com.fasterxml.jackson.databind.exc.MismatchedInputException;
import com.fasterxml.jackson.databind.exc.UnrecognizedPropertyException;
import io.quarkus.security.AuthenticationFailedException;
import io.quarkus.security.ForbiddenException;
import io.quarkus.security.UnauthorizedException;
import io.vertx.ext.web.RoutingContext;
import jakarta.inject.Singleton;
import jakarta.validation.ConstraintViolation;
import jakarta.validation.ConstraintViolationException;
import jakarta.validation.ElementKind;
import jakarta.validation.Path;
import jakarta.ws.rs.WebApplicationException;
import jakarta.ws.rs.core.HttpHeaders;
import jakarta.ws.rs.core.MediaType;
import jakarta.ws.rs.core.Response;
import java.io.CharConversionException;
import java.io.InterruptedIOException;
import java.lang.reflect.RecordComponent;
import java.nio.channels.ClosedByInterruptException;
import java.sql.SQLException;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collection;
import java.util.List;
import java.util.TreeMap;
import java.util.stream.Collectors;
import org.jboss.logging.Logger;
import org.jboss.resteasy.reactive.common.providers.serialisers.MapAsFormUrlEncodedProvider;
import org.jboss.resteasy.reactive.server.ServerExceptionMapper;
import org.jboss.resteasy.reactive.server.core.multipart.FormEncodedDataDefinition;
import org.jspecify.annotations.Nullable;

/// Turns everything that reaches the edge into an [ErrorAnswer]. The only place where one is
/// written.
///
/// What a caller did wrong is said in our own words, never in those of an exception: a library's
/// message may quote the request, and with it a secret.
@Singleton
class ErrorMappers {

  private static final Logger LOG = Logger.getLogger(ErrorMappers.class);

  private final BodyLimits limits;

  ErrorMappers(BodyLimits limits) {
    this.limits = limits;
  }

  static String tooLarge(long limit) {
    return "the body is larger than the %d bytes this path takes".formatted(limit);
  }

  @ServerExceptionMapper(ApiException.class)
  Response refused(ApiException refusal, RoutingContext request) {
    String id = RequestId.of(request);
    String context = refusal.internalContext();
    if (refusal.code().status() == ErrorCode.UNAVAILABLE.status()) {
      // Expected while something restarts: a line is enough.
      LOG.warnf("%s (%s): %s", refusal.code().word(), context, refusal.getCause());
    } else if (refusal.code().status() >= 500) {
      LOG.errorf(refusal, "%s (%s)", refusal.code().word(), context);
    } else if (context != null || refusal.getCause() != null) {
      LOG.infof("%s (%s): %s", refusal.code().word(), context, refusal.getCause());
    }
    var response =
        Response.status(refusal.code().status())
            .type(MediaType.APPLICATION_JSON_TYPE)
            .entity(refusal.answer(id));
    refusal.headers().forEach(response::header);
    return response.build();
  }

  @ServerExceptionMapper(JacksonException.class)
  Response badJson(JacksonException problem, RoutingContext request) {
    return refused(describe(problem), request);
  }

  /// More specific than [JacksonException], or Quarkus's own mapper for it would answer.
  @ServerExceptionMapper(MismatchedInputException.class)
  Response badJson(MismatchedInputException problem, RoutingContext request) {
    return refused(describe(problem), request);
  }

  @ServerExceptionMapper(ConstraintViolationException.class)
  Response invalid(ConstraintViolationException problem, RoutingContext request) {
    var problems = new TreeMap<String, String>();
    for (ConstraintViolation<?> violation : problem.getConstraintViolations()) {
      if (isOurs(violation.getPropertyPath())) {
        return unexpected(problem, request);
      }
      problems.merge(
          fieldOf(violation),
          messageOf(violation),
          (first, second) -> first.compareTo(second) <= 0 ? first : second);
    }
    String message =
        problems.entrySet().stream()
            .map(entry -> entry.getKey() + ' ' + entry.getValue())
            .collect(Collectors.joining("; "));
    var refusal = ApiException.of(ErrorCode.INVALID_REQUEST, message);
    problems.forEach(refusal::field);
    return refused(refusal.build(), request);
  }

  @ServerExceptionMapper(AuthenticationFailedException.class)
  Response unauthenticated(AuthenticationFailedException problem, RoutingContext request) {
    return refused(unauthorized(), request);
  }

  @ServerExceptionMapper(UnauthorizedException.class)
  Response unauthenticated(UnauthorizedException problem, RoutingContext request) {
    return refused(unauthorized(), request);
  }

  @ServerExceptionMapper(ForbiddenException.class)
  Response forbidden(ForbiddenException problem, RoutingContext request) {
    return refused(new ApiException(ErrorCode.FORBIDDEN, "you may not do this"), request);
  }

  @ServerExceptionMapper(WebApplicationException.class)
  Response refusedByTheFramework(WebApplicationException problem, RoutingContext request) {
    Response theirs = problem.getResponse();
    int status = theirs.getStatus();
    if (status < 400) {
      return theirs;
    }
    ApiException refusal = causeOf(problem, ApiException.class);
    if (refusal != null) {
      return refused(refusal, request);
    }
    JacksonException json = causeOf(problem, JacksonException.class);
    if (json != null && status == 400) {
      return refused(describe(json), request);
    }
    Response ours =
        switch (status) {
          case 401 -> refused(unauthorized(), request);
          case 403 ->
              refused(new ApiException(ErrorCode.FORBIDDEN, "you may not do this"), request);
          case 404 -> refused(ApiException.noSuchPath(), request);
          case 405 -> refused(methodNotAllowed(request, theirs), request);
          case 406 ->
              refused(
                  new ApiException(
                      ErrorCode.NOT_ACCEPTABLE,
                      "the answer cannot be given in any type that the header Accept names"),
                  request);
          case 413 ->
              refused(
                  new ApiException(ErrorCode.BODY_TOO_LARGE, tooLarge(limits.of(request))),
                  request);
          case 415 ->
              refused(
                  new ApiException(
                      ErrorCode.UNSUPPORTED_MEDIA_TYPE,
                      "the body is of a type that this path does not take; send JSON with Content-Type:"
                          + " application/json"),
                  request);
          case 503 -> refused(unavailable(problem), request);
          default ->
              status < 500
                  ? refused(
                      new ApiException(
                          new ErrorCode(ErrorCode.INVALID_REQUEST.word(), status),
                          "the request cannot be understood"),
                      request)
                  : unexpected(problem, request);
        };
    return ours;
  }

  /// Bytes that Jackson takes for a kind of Unicode that JSON is never written in.
  @ServerExceptionMapper(CharConversionException.class)
  Response unreadable(CharConversionException problem, RoutingContext request) {
    return refused(
        new ApiException(ErrorCode.MALFORMED_BODY, "the body is not valid JSON"), request);
  }

  @ServerExceptionMapper(Throwable.class)
  Response unexpected(Throwable problem, RoutingContext request) {
    ApiException refusal = causeOf(problem, ApiException.class);
    if (refusal != null) {
      return refused(refusal, request);
    }
    if (isStopped(problem)) {
      return refused(unavailable(problem), request);
    }
    if (problem instanceof RuntimeException && isReadingForm(problem)) {
      return refused(
          new ApiException(
              ErrorCode.MALFORMED_BODY,
              "the body is not a form that is percent-encoded as it should be"),
          request);
    }
    SQLException sql = causeOf(problem, SQLException.class);
    if (sql != null) {
      if (isUnreachable(sql)) {
        return refused(unavailable(problem), request);
      }
      if (sql.getSQLState().startsWith("40")) {
        // A deadlock or a serialisation failure: the same request succeeds when it is sent again.
        return refused(unavailable(problem), request);
      }
      if ("22021".equals(sql.getSQLState())) {
        // Postgres stores no NUL in text. Names are checked before they get there; free text may
        // carry one.
        return refused(
            new ApiException(ErrorCode.INVALID_REQUEST, "the request contains a NUL character"),
            request);
      }
    }
    return refused(
        ApiException.of(
                ErrorCode.INTERNAL,
                "something went wrong on the platform's side; its log has the details under this request"
                    + " id")
            .cause(problem)
            .internally(request.request().method() + " " + request.normalizedPath())
            .build(),
        request);
  }

  private static ApiException unauthorized() {
    return ApiException.of(
            ErrorCode.UNAUTHORIZED, "the token is missing, expired or not valid here; log in again")
        .header(HttpHeaders.WWW_AUTHENTICATE, "Bearer")
        .build();
  }

  private static ApiException unavailable(Throwable cause) {
    return ApiException.of(
            ErrorCode.UNAVAILABLE, "the platform cannot do this at the moment; try again shortly")
        .header(HttpHeaders.RETRY_AFTER, "1")
        .cause(cause)
        .build();
  }

  private static ApiException methodNotAllowed(RoutingContext request, Response theirs) {
    String allowed = theirs.getHeaderString(HttpHeaders.ALLOW);
    String method = request.request().method().name();
    if (allowed == null || allowed.isBlank()) {
      return new ApiException(ErrorCode.METHOD_NOT_ALLOWED, "this path does not take " + method);
    }
    return ApiException.of(
            ErrorCode.METHOD_NOT_ALLOWED,
            "this path does not take %s; it takes %s".formatted(method, allowed))
        .header(HttpHeaders.ALLOW, allowed)
        .build();
  }

  private static ApiException describe(JacksonException problem) {
    // Only failures to bind have a path; what the parser rejects has none and is not JSON.
    if (isTwice(problem)
        || (problem.getCause() instanceof JacksonException cause && isTwice(cause))) {
      return new ApiException(ErrorCode.MALFORMED_BODY, "the body has a field twice");
    }
    if (!(problem instanceof DatabindException)
        || problem.getCause() instanceof com.fasterxml.jackson.core.JsonParseException) {
      return new ApiException(ErrorCode.MALFORMED_BODY, "the body is not valid JSON");
    }
    String field = problem instanceof JsonMappingException mapping ? pathOf(mapping) : "";
    if (field.isEmpty()) {
      return new ApiException(
          ErrorCode.MALFORMED_BODY, "the body is not the JSON object that this path takes");
    }
    String trouble =
        problem instanceof UnrecognizedPropertyException
            ? "is not a field of this request"
            : ruleOf(problem);
    return ApiException.of(ErrorCode.INVALID_REQUEST, field + ' ' + trouble)
        .field(field, trouble)
        .build();
  }

  private static boolean isTwice(JacksonException problem) {
    return problem instanceof com.fasterxml.jackson.core.JsonParseException
        && problem.getOriginalMessage().startsWith("Duplicate field");
  }

  private static String ruleOf(JacksonException problem) {
    Class<?> wanted =
        problem instanceof MismatchedInputException mismatch ? mismatch.getTargetType() : null;
    if (wanted == null) {
      return "has the wrong type";
    }
    if (wanted == String.class) {
      return "must be text";
    }
    if (wanted == Boolean.class || wanted == boolean.class) {
      return "must be true or false";
    }
    if (Number.class.isAssignableFrom(wanted) || wanted.isPrimitive()) {
      return "must be a whole number that is not too large";
    }
    return Collection.class.isAssignableFrom(wanted) ? "must be a list" : "must be a JSON object";
  }

  private static String pathOf(JsonMappingException problem) {
    List<String> names = new ArrayList<>();
    for (JsonMappingException.Reference reference : problem.getPath()) {
      names.add(
          reference.getFieldName() == null
              ? "[" + reference.getIndex() + "]"
              : reference.getFieldName());
    }
    String path = String.join(".", names);
    return path.length() <= 100 ? path : path.substring(0, 100);
  }

  /// A value we return and do not keep our own promise about is our mistake, not the caller's.
  private static boolean isOurs(Path path) {
    for (Path.Node node : path) {
      if (node.getKind() == ElementKind.RETURN_VALUE) {
        return true;
      }
    }
    return false;
  }

  /// In the words of the caller's JSON. The path begins with the method and the parameter, which
  /// mean nothing to a caller.
  private static String fieldOf(ConstraintViolation<?> violation) {
    List<String> names = new ArrayList<>();
    String parameter = "body";
    for (Path.Node node : violation.getPropertyPath()) {
      switch (node.getKind()) {
        case METHOD, CONSTRUCTOR, BEAN -> {}
        case PARAMETER -> parameter = node.getName();
        default -> {
          if (node.getName() != null) {
            names.add(node.getName());
          }
        }
      }
    }
    if (names.isEmpty()) {
      return parameter;
    }
    names.add(inJson(violation.getLeafBean(), names.removeLast()));
    return String.join(".", names);
  }

  private static String inJson(@Nullable Object bean, String component) {
    if (bean != null && bean.getClass().isRecord()) {
      for (RecordComponent candidate : bean.getClass().getRecordComponents()) {
        JsonProperty property = candidate.getAccessor().getAnnotation(JsonProperty.class);
        if (candidate.getName().equals(component) && property != null) {
          return property.value();
        }
      }
    }
    return component;
  }

  /// A body that is missing altogether, or is `null`.
  private static String messageOf(ConstraintViolation<?> violation) {
    boolean whole = violation.getInvalidValue() == null && fieldOf(violation).equals("body");
    return whole ? "must be a JSON object" : violation.getMessage();
  }

  /// Requests are only interrupted when the service stops. Files and bodies that are being read
  /// then say so in words of their own.
  private static boolean isStopped(Throwable problem) {
    InterruptedIOException read = causeOf(problem, InterruptedIOException.class);
    return causeOf(problem, InterruptedException.class) != null
        || causeOf(problem, ClosedByInterruptException.class) != null
        || (read != null && read.getClass() == InterruptedIOException.class);
  }

  /// What the framework cannot read of a form it throws as it comes.
  private static boolean isReadingForm(Throwable problem) {
    return Arrays.stream(problem.getStackTrace())
        .map(StackTraceElement::getClassName)
        .anyMatch(
            name ->
                name.equals(MapAsFormUrlEncodedProvider.class.getName())
                    || name.startsWith(FormEncodedDataDefinition.class.getName()));
  }

  private static boolean isUnreachable(SQLException problem) {
    String state = problem.getSQLState();
    // 08: connection; 53: out of connections; 57P: shutting down or starting. A pool that gave up
    // waiting has no state.
    return state == null
        || state.startsWith("08")
        || state.startsWith("53")
        || state.startsWith("57P");
  }

  private static <T extends Throwable> @Nullable T causeOf(Throwable problem, Class<T> type) {
    Throwable current = problem;
    for (int depth = 0; current != null && depth < 20; depth++) {
      if (type.isInstance(current)) {
        return type.cast(current);
      }
      current = current.getCause();
    }
    return null;
  }
}
