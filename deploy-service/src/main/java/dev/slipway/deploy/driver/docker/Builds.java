package dev.slipway.deploy.driver.docker;

import dev.slipway.common.operation.DriverFailure;
import dev.slipway.deploy.driver.CommandRun;
import dev.slipway.deploy.driver.RunText;
import dev.slipway.deploy.driver.VersionReference;
import dev.slipway.docker.Claims;
import dev.slipway.docker.Engine;
import dev.slipway.docker.Turns.Turn;
import java.io.IOException;
import java.nio.file.Files;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Collection;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.atomic.AtomicLong;
import java.util.function.Predicate;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;

/// Builds of versions' own Dockerfiles, each a thread of this process: a build ends with the
/// connection of who asked for it. Nobody else knows of one, so whoever comes after a crash begins
/// it again, and the engine has the layers that were complete.
///
/// Nothing of a version is touched by a build but the name of the image; what is made of that is an
/// act of its own, see [VersionFolders#useBuilt].
final class Builds implements AutoCloseable {

  private final Engine engine;
  private final Claims claims;
  private final VersionFolders folders;
  private final Journals journals;
  private final Map<VersionReference, Build> builds = new ConcurrentHashMap<>();

  Builds(Engine engine, Claims claims, VersionFolders folders, Journals journals) {
    this.engine = engine;
    this.claims = claims;
    this.folders = folders;
    this.journals = journals;
  }

  void begin(Turn turn, VersionReference version, String name, Set<String> secrets)
      throws DriverFailure, InterruptedException {
    if (builds.containsKey(version)) {
      return;
    }
    Optional<Engine.Recipe> recipe = folders.recipe(turn, version, name);
    if (recipe.isEmpty()) {
      return;
    }
    var build = new Build(turn, version, name, recipe.get(), secrets);
    builds.put(version, build);
    build.thread.start();
  }

  /// What became of a run that this process has begun; empty when it has not.
  Optional<CommandRun> look(VersionReference version, String name) throws DriverFailure {
    Optional<Build> build = find(version, name);
    if (build.isEmpty()) {
      return Optional.empty();
    }
    DriverFailure failure = build.get().failure;
    if (failure != null) {
      builds.remove(version, build.get());
      throw failure;
    }
    Integer status = build.get().status;
    return Optional.of(
        status == null
            ? new CommandRun.Running(build.get().lines.get())
            : new CommandRun.Exited(status));
  }

  Optional<Instant> since(VersionReference version, String name) {
    return find(version, name).map(build -> build.since);
  }

  private Optional<Build> find(VersionReference version, String name) {
    return Optional.ofNullable(builds.get(version)).filter(build -> build.name.equals(name));
  }

  void clear(VersionReference version, Collection<String> names) throws InterruptedException {
    end(build -> build.version.equals(version) && names.contains(build.name));
  }

  void discard(VersionReference version) throws InterruptedException {
    end(build -> build.version.equals(version));
  }

  void destroy(String application) throws InterruptedException {
    end(build -> build.version.application().equals(application));
  }

  private void end(Predicate<Build> which) throws InterruptedException {
    for (Build build : builds.values().stream().filter(which).toList()) {
      build.thread.interrupt();
      build.thread.join();
      builds.remove(build.version, build);
    }
  }

  @Override
  public void close() {
    builds.values().forEach(build -> build.thread.interrupt());
  }

  /// One build, from its context to the names of its images.
  private final class Build implements Runnable {

    private static final Pattern STAGE = Pattern.compile("Step \\d+/\\d+ : FROM .*");
    private static final Pattern LAYER = Pattern.compile(" ---> ([0-9a-f]{12})");

    private final Turn turn;
    private final VersionReference version;
    private final String name;
    private final Engine.Recipe recipe;
    private final List<String> masked;
    private final Instant since = Instant.now();
    private final List<String> stages = new ArrayList<>();
    private final StringBuilder line = new StringBuilder();
    private final Thread thread;
    private @Nullable String layer;
    private boolean hidden;
    private final AtomicLong lines = new AtomicLong();
    private volatile @Nullable Integer status;
    private volatile @Nullable DriverFailure failure;

    Build(
        Turn turn,
        VersionReference version,
        String name,
        Engine.Recipe recipe,
        Set<String> secrets) {
      this.turn = turn;
      this.version = version;
      this.name = name;
      this.recipe = recipe;
      this.masked = RunText.masked(secrets).lines().toList();
      this.thread = Thread.ofPlatform().daemon().name("docker-build").unstarted(this);
    }

    @Override
    public void run() {
      try (Journal journal = journals.open(version, name, since)) {
        int ended = engine.build(turn, recipe, text -> hear(journal, text));
        write(journal, line.toString());
        if (ended == 0) {
          keep();
        }
        status = ended;
      } catch (DriverFailure problem) {
        failure = problem;
      } catch (IOException problem) {
        failure = Journals.unreadable(problem);
      } catch (InterruptedException cleared) {
        Thread.currentThread().interrupt();
      } catch (RuntimeException problem) {
        failure = new DriverFailure.Transient("build-lost", "the build was not followed", problem);
      } finally {
        discardContext();
      }
    }

    /// Names what later builds begin from, and what it is all for: whoever was overtaken meanwhile
    /// takes that back, as nobody looks for it any more.
    private void keep() throws DriverFailure, InterruptedException {
      for (String stage : stages) {
        folders.keepStage(version, stage, stages.indexOf(stage));
      }
      try {
        claims.require(turn.fence(), version.application());
      } catch (DriverFailure.Fenced overtaken) {
        engine.removeImage(recipe.image());
        throw overtaken;
      }
    }

    private void discardContext() {
      try {
        Files.deleteIfExists(recipe.context());
      } catch (IOException left) {
        // In the folder for what is temporary, where it is nobody's.
      }
    }

    private void hear(Journal journal, String text) {
      line.append(text);
      for (int end = line.indexOf("\n"); end >= 0; end = line.indexOf("\n")) {
        String whole = line.substring(0, end);
        line.delete(0, end + 1);
        write(journal, whole.endsWith("\r") ? whole.substring(0, end - 1) : whole);
      }
    }

    /// What the platform has added to the Dockerfile is not shown.
    private void write(Journal journal, String text) {
      Matcher made = LAYER.matcher(text);
      if (made.matches()) {
        layer = made.group(1);
      }
      if (STAGE.matcher(text).matches() && layer != null) {
        stages.add(layer);
      }
      if (text.startsWith("Step ") || text.startsWith("Successfully ")) {
        hidden = text.contains(" : LABEL ");
      }
      if (!hidden && !text.isEmpty()) {
        journals.write(journal, text, masked);
        lines.incrementAndGet();
      }
    }
  }
}
