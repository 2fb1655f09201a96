package dev.slipway.deploy.operation;

import dev.slipway.common.outbox.Json;
import dev.slipway.deploy.domain.Executor;
import jakarta.inject.Inject;
import jakarta.inject.Singleton;
import java.io.IOException;
import java.io.InputStream;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.time.Duration;
import java.util.Collection;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/// What executors with the SDK are told on their admin ports. An SDK that does not know of it, and
/// an executor that does not answer, are no failure: nothing depends on the answer alone.
@Singleton
public final class AdminPort {

  private static final Logger LOG = LoggerFactory.getLogger(AdminPort.class);
  private static final Duration ANSWER = Duration.ofSeconds(5);

  private final Specifications specifications;
  private final HttpClient client =
      HttpClient.newBuilder()
          .version(HttpClient.Version.HTTP_1_1)
          .connectTimeout(Duration.ofSeconds(1))
          .build();

  @Inject
  public AdminPort(Specifications specifications) {
    this.specifications = specifications;
  }

  /// Goes on with the workflows that these processes have left PENDING.
  ///
  /// @return whether the executor has taken them
  boolean recover(Executor executor, Collection<String> processes) throws InterruptedException {
    return succeeds(
        executor,
        request(executor, "/dbos-workflow-recovery")
            .header("Content-Type", "application/json")
            .POST(HttpRequest.BodyPublishers.ofString(Json.write(processes))));
  }

  /// Begins no scheduled workflow and takes in no event any more; what it has goes on.
  void deactivate(Executor executor) throws InterruptedException {
    boolean deactivated = succeeds(executor, request(executor, "/deactivate").GET());
    LOG.debug("executor={} deactivated={}", executor.id(), deactivated);
  }

  private HttpRequest.Builder request(Executor executor, String path) {
    String host = executor.host().contains(":") ? '[' + executor.host() + ']' : executor.host();
    return HttpRequest.newBuilder(
            URI.create("http://%s:%d%s".formatted(host, executor.adminPort(), path)))
        .timeout(ANSWER)
        .header("X-Slipway-Admin", specifications.adminToken(executor.id()));
  }

  private boolean succeeds(Executor executor, HttpRequest.Builder request)
      throws InterruptedException {
    try {
      HttpResponse<InputStream> answer =
          client.send(request.build(), HttpResponse.BodyHandlers.ofInputStream());
      // Not read: it may have no end.
      answer.body().close();
      return answer.statusCode() / 100 == 2;
    } catch (IOException unanswered) {
      LOG.debug("executor={} its admin port does not answer", executor.id(), unanswered);
      return false;
    }
  }
}
