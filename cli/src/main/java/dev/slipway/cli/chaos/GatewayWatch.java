package dev.slipway.cli.chaos;

import java.io.IOException;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse.BodyHandlers;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.TimeUnit;

/// Knows when there was no gateway: from the signal that took it away until the door answers again,
/// whatever it says. Only requests that were wholly outside of these times had to be answered.
final class GatewayWatch {

  /// From and to, in the run's time.
  record Away(Duration from, Duration to) {

    boolean touches(Duration began, Duration ended) {
      return began.compareTo(to) <= 0 && ended.compareTo(from) >= 0;
    }
  }

  private static final int LOOK_MILLIS = 20;
  private static final Duration ANSWER = Duration.ofSeconds(2);

  /// A door that does not open for so long is no fault of ours any more.
  private static final Duration LONGEST = Duration.ofSeconds(45);

  private final Journal journal;
  private final HttpClient http;
  private final URI health;
  private final List<Away> away = new CopyOnWriteArrayList<>();
  private volatile Duration since = Duration.ZERO;
  private volatile int pending;

  GatewayWatch(Journal journal, HttpClient http, URI platform) {
    this.journal = journal;
    this.http = http;
    this.health = platform.resolve("/health");
  }

  synchronized void away(Duration from) {
    if (pending++ == 0) {
      since = from;
    }
  }

  /// Waits for the door in a thread of its own.
  ///
  /// @param leaving the process that has to be gone first; absent for one that was only paused
  void comingBack(Optional<ProcessHandle> leaving) {
    Thread.ofVirtual()
        .name("gateway-watch")
        .start(
            () -> {
              Duration asked = journal.now();
              while ((leaving.filter(ProcessHandle::isAlive).isPresent() || !answers())
                  && journal.now().minus(asked).compareTo(LONGEST) < 0) {
                try {
                  TimeUnit.MILLISECONDS.sleep(LOOK_MILLIS);
                } catch (InterruptedException stopped) {
                  Thread.currentThread().interrupt();
                  return;
                }
              }
              back();
            });
  }

  private synchronized void back() {
    if (--pending == 0) {
      away.add(new Away(since, journal.now()));
    }
  }

  private boolean answers() {
    try {
      http.send(HttpRequest.newBuilder(health).timeout(ANSWER).build(), BodyHandlers.discarding());
      return true;
    } catch (IOException closed) {
      return false;
    } catch (InterruptedException stopped) {
      Thread.currentThread().interrupt();
      return true;
    }
  }

  /// All times so far, that of now included.
  synchronized List<Away> times() {
    if (pending == 0) {
      return List.copyOf(away);
    }
    List<Away> all = new ArrayList<>(away);
    all.add(new Away(since, journal.now()));
    return all;
  }
}
