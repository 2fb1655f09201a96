package dev.slipway.cli.api;

import dev.slipway.cli.console.CommandFailure;
import java.io.IOException;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpRequest.BodyPublishers;
import java.net.http.HttpResponse;
import java.net.http.HttpResponse.BodyHandlers;
import java.time.Duration;

/// Calls applications over the gateway, as their users do.
public final class ApplicationCalls {

  private final HttpClient http;

  /// @param platform whose certificate authority has to vouch for them
  public ApplicationCalls(PlatformAddress platform) {
    this.http =
        HttpClient.newBuilder()
            .version(HttpClient.Version.HTTP_1_1)
            .connectTimeout(Duration.ofSeconds(10))
            .sslContext(platform.trust())
            .build();
  }

  /// The body of what it answers with 200.
  public String get(String url) throws IOException, InterruptedException {
    return send(HttpRequest.newBuilder(URI.create(url)).GET(), url);
  }

  /// @param json the body of the request
  public String post(String url, String json) throws IOException, InterruptedException {
    return send(
        HttpRequest.newBuilder(URI.create(url))
            .header("Content-Type", "application/json")
            .POST(BodyPublishers.ofString(json)),
        url);
  }

  private String send(HttpRequest.Builder request, String url)
      throws IOException, InterruptedException {
    HttpResponse<String> answer =
        http.send(
            request.timeout(Duration.ofSeconds(30)).header("Accept", "application/json").build(),
            BodyHandlers.ofString());
    if (answer.statusCode() / 100 != 2) {
      throw CommandFailure.failed(
              "application-failed",
              "%s answered with status %d".formatted(url, answer.statusCode()))
          .details(answer.body())
          .next("See `slipway app logs`.")
          .build();
    }
    return answer.body().strip();
  }
}
