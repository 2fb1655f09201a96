package dev.slipway.common.error;

import static org.assertj.core.api.Assertions.assertThat;

import io.quarkus.runtime.configuration.MemorySize;
import io.vertx.core.http.HttpMethod;
import io.vertx.core.http.HttpServerRequest;
import io.vertx.ext.web.RoutingContext;
import jakarta.ws.rs.core.Response;
import java.io.IOException;
import java.io.InterruptedIOException;
import java.io.UncheckedIOException;
import java.lang.reflect.Proxy;
import java.math.BigInteger;
import java.net.SocketTimeoutException;
import java.nio.channels.ClosedByInterruptException;
import java.sql.SQLException;
import java.util.Map;
import java.util.Optional;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/// What is answered for failures that nobody has put into words.
final class ErrorMappersTest {

  private static final MemorySize LIMIT = new MemorySize(BigInteger.TEN);

  private static final RoutingContext REQUEST =
      answering(
          RoutingContext.class,
          Map.of(
              "get", "req_1",
              "normalizedPath", "/v1alpha1/acme/applications",
              "request", answering(HttpServerRequest.class, Map.of("method", HttpMethod.POST))));

  private final ErrorMappers mappers =
      new ErrorMappers(new BodyLimits(LIMIT, Optional.empty(), Optional.empty()));

  static Stream<Throwable> interrupts() {
    return Stream.of(
        new ClosedByInterruptException(),
        new InterruptedException(),
        new InterruptedIOException("while a body was read"),
        new UncheckedIOException(new ClosedByInterruptException()),
        new IllegalStateException(new IOException(new InterruptedException())));
  }

  @ParameterizedTest
  @MethodSource("interrupts")
  void whatTheServicesStopInterruptsIsToBeSentAgain(Throwable problem) {
    Response answer = mappers.unexpected(problem, REQUEST);

    assertThat(answer.getStatus()).isEqualTo(503);
    assertThat(answer.getHeaderString("Retry-After")).isEqualTo("1");
    assertThat(((ErrorAnswer) answer.getEntity()).code()).isEqualTo("unavailable");
  }

  @Test
  void aSlowPeerIsNoStopOfTheService() {
    assertThat(mappers.unexpected(new SocketTimeoutException("slow"), REQUEST).getStatus())
        .isEqualTo(500);
  }

  @Test
  void aDatabaseThatStopsIsToBeAskedAgain() {
    assertThat(mappers.unexpected(new SQLException("stops", "57P01"), REQUEST).getStatus())
        .isEqualTo(503);
  }

  private static <T> T answering(Class<T> type, Map<String, Object> answers) {
    return type.cast(
        Proxy.newProxyInstance(
            type.getClassLoader(),
            new Class<?>[] {type},
            (proxy, method, arguments) -> answers.get(method.getName())));
  }
}
