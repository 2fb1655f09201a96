package dev.slipway.deploy.driver.docker;

import dev.slipway.common.operation.DriverFailure;
import dev.slipway.deploy.driver.VersionReference;
import dev.slipway.docker.Engine;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.ConcurrentHashMap;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/// Writes what containers say into the files of their applications, from the first byte: the engine
/// keeps it until the container is gone, so that nothing is lost while nobody listens.
///
/// On the standard error is what `init.sh` says of an executor; it is remembered here.
final class Journals implements AutoCloseable {

  private static final Logger LOG = LoggerFactory.getLogger(Journals.class);
  private static final int LOOK_AGAIN_MILLIS = 20;

  /// A replica that was suspended keeps its locks. What a container has said is worth less than
  /// what is to be done with it.
  private static final Duration PATIENCE = Duration.ofSeconds(10);

  private final Engine engine;
  private final Path directory;
  private final Map<String, Follower> followers = new ConcurrentHashMap<>();
  private final Map<String, State> states = new ConcurrentHashMap<>();
  private final Map<String, Instant> settled = new ConcurrentHashMap<>();

  /// How an executor is, as its first process said last.
  ///
  /// @param running or else waiting for its next start
  /// @param word    since when, in seconds, or the status with which it ended
  record State(boolean running, String word, int restarts) {

    private static final String WORDS = "slipway ";

    static @Nullable State parse(String line) {
      String[] words = line.strip().split(" ", -1);
      if (!line.startsWith(WORDS) || words.length < 4) {
        return null;
      }
      return switch (words[1]) {
        case "running" -> new State(true, words[2], Integer.parseInt(words[3]));
        case "restarting" -> new State(false, words[2], Integer.parseInt(words[3]));
        default -> null;
      };
    }
  }

  Journals(Engine engine, Path directory) {
    this.engine = engine;
    this.directory = directory;
  }

  private Path file(VersionReference version, String source) {
    return directory
        .resolve(version.application())
        .resolve("log")
        .resolve(version.version() + '.' + source + ".log");
  }

  /// Follows what a container says until it ends, unless somebody does so.
  ///
  /// @param before what it said until then is another source's
  void follow(VersionReference version, String source, String container, Instant before) {
    var follower = new Follower(container, file(version, source), before);
    if (followers.putIfAbsent(container, follower) == null) {
      follower.start();
    }
  }

  boolean follows(String container) {
    return followers.containsKey(container);
  }

  /// Returns when all that an ended container has said is written down, or after a while.
  ///
  /// @return when it has said the last of that
  Instant settle(VersionReference version, String source, String container, Instant before)
      throws DriverFailure, InterruptedException {
    String key = container + ' ' + source + ' ' + before;
    Instant known = settled.get(key);
    if (known != null) {
      return known;
    }
    Follower follower = followers.get(container);
    if (follower != null) {
      follower.join();
    }
    var last = new Follower(container, file(version, source), before);
    Instant deadline = Instant.now().plus(PATIENCE);
    try {
      while (!last.write()) {
        if (Instant.now().isAfter(deadline)) {
          LOG.warn("Somebody else writes {}; what is missing there stays so", last.file);
          return last.until;
        }
        // Another replica is about to do it.
        Thread.sleep(LOOK_AGAIN_MILLIS);
      }
    } catch (IOException e) {
      throw unreadable(e);
    }
    settled.put(key, last.until);
    return last.until;
  }

  /// A file for what no container says.
  Journal open(VersionReference version, String source, Instant since)
      throws IOException, InterruptedException {
    Optional<Journal> opened = Journal.tryOpen(file(version, source), since);
    while (opened.isEmpty()) {
      // Another replica that was overtaken is about to let go.
      Thread.sleep(LOOK_AGAIN_MILLIS);
      opened = Journal.tryOpen(file(version, source), since);
    }
    return opened.get();
  }

  /// Writes a line of now, with these parts masked.
  void write(Journal journal, String text, List<String> masked) {
    String shown = text;
    for (String secret : masked) {
      shown = shown.replace(secret, "***");
    }
    try {
      Instant now = Instant.now();
      journal.write(now.isAfter(journal.last()) ? now : journal.last().plusNanos(1), shown);
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  void forget(String container) {
    followers.remove(container);
    states.remove(container);
    settled.keySet().removeIf(key -> key.startsWith(container));
  }

  /// How many lines are written of what a container has said.
  long lines(VersionReference version, String source, String container, Instant before)
      throws DriverFailure {
    Follower follower = followers.get(container);
    // Another replica may listen to it; then the file alone tells.
    return follower == null || follower.lines == 0
        ? tail(version, source, before, Integer.MAX_VALUE).size()
        : follower.lines;
  }

  /// What the first process of an executor's container has said last.
  Optional<State> state(String container) throws DriverFailure, InterruptedException {
    State known = states.get(container);
    if (known != null && followers.containsKey(container)) {
      return Optional.of(known);
    }
    @Nullable State last = null;
    for (String line : engine.errors(container, Instant.EPOCH.toString())) {
      State said = State.parse(line);
      last = said == null ? last : said;
    }
    return Optional.ofNullable(last);
  }

  List<String> tail(VersionReference version, String source, Instant since, int lines)
      throws DriverFailure {
    try {
      return Journal.tail(file(version, source), since, lines);
    } catch (IOException e) {
      throw unreadable(e);
    }
  }

  static DriverFailure unreadable(IOException cause) {
    return new DriverFailure.Transient(
        "unreadable", "the logs of applications cannot be read or written", cause);
  }

  @Override
  public void close() {
    followers.values().forEach(Follower::interrupt);
  }

  /// Listens to one container.
  private final class Follower implements Runnable {

    private final String container;
    private final Path file;
    private final Instant before;
    private final Thread thread;
    private volatile long lines;
    private volatile Instant until;

    Follower(String container, Path file, Instant before) {
      this.container = container;
      this.file = file;
      this.before = before;
      this.until = before;
      this.thread = Thread.ofPlatform().daemon().name("journal").unstarted(this);
    }

    void start() {
      thread.start();
    }

    void join() throws InterruptedException {
      thread.join(PATIENCE);
    }

    void interrupt() {
      thread.interrupt();
    }

    @Override
    public void run() {
      try {
        write();
      } catch (InterruptedException closing) {
        Thread.currentThread().interrupt();
      } catch (DriverFailure | IOException | UncheckedIOException failure) {
        // Whoever looks next begins again.
        LOG.debug("{} is not followed any more", file, failure);
      } finally {
        followers.remove(container, this);
      }
    }

    /// @return false when another has the file
    boolean write() throws DriverFailure, IOException, InterruptedException {
      Optional<Journal> opened = Journal.tryOpen(file, before);
      if (opened.isEmpty()) {
        return false;
      }
      try (Journal journal = opened.get()) {
        lines = journal.lines();
        engine.follow(
            container, before.toString(), (error, at, line) -> hear(journal, error, at, line));
        until = journal.last().isAfter(until) ? journal.last() : until;
      }
      return true;
    }

    private void hear(Journal journal, boolean error, Instant at, String line) {
      until = at.isAfter(until) ? at : until;
      if (error) {
        State state = State.parse(line);
        if (state != null) {
          states.put(container, state);
        }
        return;
      }
      try {
        journal.write(at, line.endsWith("\r") ? line.substring(0, line.length() - 1) : line);
        lines = journal.lines();
      } catch (IOException e) {
        throw new UncheckedIOException(e);
      }
    }
  }
}
