package dev.slipway.cli.chaos;

import java.io.IOException;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpRequest.BodyPublishers;
import java.net.http.HttpResponse;
import java.net.http.HttpResponse.BodyHandlers;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.atomic.AtomicLong;
import java.util.concurrent.locks.LockSupport;
import javax.net.ssl.SSLContext;

/// Users of one application, each with a connection that is kept, who ask at a steady pace until
/// they are closed or the time is over.
public final class SteadyLoad implements AutoCloseable {

  private static final int USERS = 16;

  /// A request without the answer it should have had.
  ///
  /// @param safe  whether it may be repeated
  /// @param began by [System#nanoTime()], as is `ended`
  public record Failure(String phase, boolean safe, String what, long began, long ended) {}

  /// How they ask.
  ///
  /// @param unsafe  whether every fifth request is one that must not be repeated
  /// @param longest after which they stop by themselves
  public record Manner(int perSecond, boolean unsafe, Duration longest) {}

  private final URI url;
  private final Manner manner;
  private final HttpClient http;
  private final long began = System.nanoTime();
  private final AtomicLong answered = new AtomicLong();
  private final ConcurrentLinkedQueue<Failure> failures = new ConcurrentLinkedQueue<>();
  private final Set<String> answers = ConcurrentHashMap.newKeySet();
  private final List<Thread> users = new ArrayList<>();
  private volatile String phase = "quiet";
  private volatile boolean closing;
  private volatile long ended;

  /// @param trust knows the platform
  /// @param url   `https://…`, of an application that is there
  public SteadyLoad(SSLContext trust, String url, Manner manner) {
    this.url = URI.create(url);
    this.manner = manner;
    this.http =
        HttpClient.newBuilder()
            .version(HttpClient.Version.HTTP_1_1)
            .connectTimeout(Duration.ofSeconds(10))
            .sslContext(trust)
            .build();
    for (int i = 0; i < USERS; i++) {
      int number = i;
      users.add(Thread.ofVirtual().name("user-" + i).start(() -> ask(number)));
    }
  }

  /// What happens from now on is counted as part of this.
  public void phase(String name) {
    phase = name;
  }

  public List<Failure> failures() {
    return List.copyOf(failures);
  }

  public long answered() {
    return answered.get();
  }

  /// Every body there was since the last time somebody asked.
  public Set<String> answers() {
    Set<String> seen = Set.copyOf(answers);
    answers.removeAll(seen);
    return seen;
  }

  public double perSecond() {
    long until = ended == 0 ? System.nanoTime() : ended;
    return answered.get() * 1e9 / (until - began);
  }

  private void ask(int number) {
    long pause = Duration.ofSeconds(1).toNanos() * USERS / manner.perSecond();
    long next = System.nanoTime() + pause * number / USERS;
    for (int i = number; !closing && System.nanoTime() - began < manner.longest().toNanos(); i++) {
      while (System.nanoTime() < next) {
        LockSupport.parkNanos(next - System.nanoTime());
      }
      // Who was held up catches up, as users who do not know of each other would.
      next += pause;
      ask(!manner.unsafe() || i % 5 != 0);
    }
  }

  private void ask(boolean safe) {
    String during = phase;
    HttpRequest.Builder request = HttpRequest.newBuilder(url).timeout(Duration.ofSeconds(20));
    if (!safe) {
      request.POST(BodyPublishers.ofString("once"));
    }
    long asked = System.nanoTime();
    try {
      HttpResponse<String> answer = http.send(request.build(), BodyHandlers.ofString());
      if (answer.statusCode() == 200) {
        answered.incrementAndGet();
        answers.add(answer.body());
      } else {
        failures.add(
            new Failure(
                during,
                safe,
                answer.statusCode() + " " + answer.body().strip(),
                asked,
                System.nanoTime()));
      }
    } catch (IOException failure) {
      failures.add(new Failure(during, safe, failure.toString(), asked, System.nanoTime()));
    } catch (InterruptedException stopped) {
      Thread.currentThread().interrupt();
    }
  }

  /// Waits for the answers that are under way, and asks no more.
  public void end() throws InterruptedException {
    closing = true;
    for (Thread user : users) {
      user.join();
    }
    ended = System.nanoTime();
  }

  @Override
  public void close() {
    closing = true;
    http.shutdownNow();
  }
}
