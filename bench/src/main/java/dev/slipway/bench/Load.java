package dev.slipway.bench;

import dev.slipway.common.security.InternalToken;
import java.io.IOException;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.atomic.AtomicInteger;

/// Asks for what ends with the answer.
///
/// @param secret   that services show each other
/// @param path     of what is asked for
/// @param expected the whole answer to each
record Load(
    HttpClient client, List<Replica> replicas, String secret, String path, String expected) {

  /// One after the other, at one replica.
  ///
  /// @return milliseconds from the request to the answer, the shortest first
  double[] alone(int times) throws IOException, InterruptedException {
    var millis = new double[times];
    for (int i = 0; i < times; i++) {
      long start = System.nanoTime();
      ask(replicas.getFirst().address());
      millis[i] = (System.nanoTime() - start) / 1e6;
    }
    Arrays.sort(millis);
    return millis;
  }

  /// Many at a time, at all replicas in turn.
  ///
  /// @return how many ended a second
  double together(int times, int inFlight) throws IOException, InterruptedException {
    var next = new AtomicInteger();
    long start = System.nanoTime();
    try (ExecutorService threads = Executors.newFixedThreadPool(inFlight)) {
      List<Future<?>> all = new ArrayList<>();
      for (int i = 0; i < inFlight; i++) {
        all.add(
            threads.submit(
                () -> {
                  int mine;
                  while ((mine = next.getAndIncrement()) < times) {
                    ask(replicas.get(mine % replicas.size()).address());
                  }
                  return null;
                }));
      }
      for (Future<?> one : all) {
        one.get();
      }
    } catch (ExecutionException failure) {
      throw new IOException(String.valueOf(failure.getCause()), failure);
    }
    return times / ((System.nanoTime() - start) / 1e9);
  }

  private void ask(URI replica) throws IOException, InterruptedException {
    HttpRequest request =
        HttpRequest.newBuilder(replica.resolve(path))
            .timeout(Duration.ofSeconds(60))
            .header(InternalToken.SECRET_HEADER, secret)
            .POST(HttpRequest.BodyPublishers.noBody())
            .build();
    HttpResponse<String> answer = client.send(request, HttpResponse.BodyHandlers.ofString());
    if (answer.statusCode() != 200 || !answer.body().equals(expected)) {
      throw new IOException(
          "%s answered %d: %s".formatted(request.uri(), answer.statusCode(), answer.body()));
    }
  }
}
