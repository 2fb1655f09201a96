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
  private final URI platform;

  /// @param platform whose certificate authority has to vouch for them
  public ApplicationCalls(PlatformAddress platform) {
    this.platform = platform.url();
    this.http =
        HttpClient.newBuilder()
            .version(HttpClient.Version.HTTP_1_1)
            .connectTimeout(Duration.ofSeconds(10))
            .sslContext(platform.trust())
            .build();
  }

  /// The body of what it answers with 200.
  public String get(String url) throws IOException, InterruptedException {
    return send(to(url).GET(), url);
  }

  /// @param json the body of the request
  public String post(String url, String json) throws IOException, InterruptedException {
    return send(
        to(url).header("Content-Type", "application/json").POST(BodyPublishers.ofString(json)),
        url);
  }

  /// Of an organization with `_` in its name the host is none that a client of the JDK would look
  /// up; the platform's own address leads to the same gateway, which goes by the header.
  private HttpRequest.Builder to(String url) {
    URI there = URI.create(url);
    if (there.getHost() != null) {
      return HttpRequest.newBuilder(there);
    }
    return HttpRequest.newBuilder(platform.resolve(there.getRawPath()))
        .header("Host", there.getRawAuthority());
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
