package dev.slipway.common.process;

import dev.slipway.common.ledger.Resource;
import dev.slipway.common.operation.DriverFailure;
import dev.slipway.common.operation.Fence;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.Executor;
import org.jspecify.annotations.Nullable;

/// Runs a script that acts on one subject under its lock: `SCRIPT ACTION ROOT SUBJECT EPOCH`.
///
/// The service itself may be suspended for minutes and continue with an outdated view; a shell that
/// was overtaken is killed by whoever overtook it, and one that starts too late is refused. So
/// nothing but the shell acts.
public final class FencedShell {

  /// The file in which every such script expects the lock, beside itself.
  public static final String LOCK = "lock.sh";

  private static final int FENCED = 71;
  private static final int BUSY = 72;
  private static final int FOREIGN = 73;
  private static final int SURVIVOR = 75;
  public static final int KILLED = 128 + 9;
  private static final Executor READERS = command -> Thread.ofVirtual().start(command);

  private final Path script;
  private final Path root;
  private final Map<String, String> environment;
  private final String noun;
  private final Map<Integer, Refusal> refusals;

  /// What an exit status of the script's own means: nothing that trying again would change.
  public record Refusal(String code, String message) {}

  /// @param noun     what a subject is called in messages: `instance`
  /// @param refusals by exit status, beside those that every script has: 71 fenced, 72 busy, 73
  ///     foreign, 75 a process survives
  public FencedShell(
      Path script,
      Path root,
      Map<String, String> environment,
      String noun,
      Map<Integer, Refusal> refusals) {
    this.script = script;
    this.root = root;
    this.environment = Map.copyOf(environment);
    this.noun = noun;
    this.refusals = Map.copyOf(refusals);
  }

  /// The text of [#LOCK]: claiming, overtaking and taking the lock are the same in every script.
  public static String lockScript() throws IOException {
    try (@Nullable InputStream stream = FencedShell.class.getResourceAsStream(LOCK)) {
      if (stream == null) {
        throw new IOException("the resource " + LOCK + " is missing");
      }
      return readAll(stream);
    }
  }

  /// Runs one action to its end and gives its result lines. An interrupt kills the shell and all
  /// its children before it is passed on.
  public List<String> run(String action, Fence fence, Map<String, String> more, byte[] input)
      throws DriverFailure, InterruptedException {
    if (fence.epoch() < 1) {
      throw new IllegalArgumentException("epochs start at 1");
    }
    return run(action, fence.subject(), fence.epoch(), more, input);
  }

  /// The same under the highest epoch seen, for what a person does by hand.
  public List<String> runUnderHighestEpoch(String action, String subject)
      throws DriverFailure, InterruptedException {
    return run(action, subject, 0, Map.of(), new byte[0]);
  }

  private List<String> run(
      String action, String subject, long epoch, Map<String, String> more, byte[] input)
      throws DriverFailure, InterruptedException {
    var builder =
        new ProcessBuilder(
            "setsid",
            "sh",
            script.toString(),
            action,
            root.toString(),
            subject,
            Long.toString(epoch));
    builder.directory(Path.of("/").toFile()).redirectErrorStream(true);
    replaceEnvironment(builder, environment, more);
    int exit;
    String output;
    try {
      Process process = builder.start();
      CompletableFuture<String> reading =
          CompletableFuture.supplyAsync(() -> readAll(process.getInputStream()), READERS);
      feed(process, input);
      try {
        exit = process.waitFor();
      } catch (InterruptedException e) {
        ProcessTable.endSession(process);
        throw e;
      }
      output = reading.join();
    } catch (IOException e) {
      throw new DriverFailure.Transient(
          "shell-failed", "the machine could not run a shell for this " + noun, e);
    }
    if (exit == 0) {
      return results(output);
    }
    throw failure(action, new Fence(subject, epoch), exit, output);
  }

  /// A clean environment: nothing of the service's own, which holds secrets.
  public static void replaceEnvironment(
      ProcessBuilder builder, Map<String, String> environment, Map<String, String> more) {
    builder.environment().clear();
    builder
        .environment()
        .put("PATH", "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin");
    builder.environment().put("LC_ALL", "C");
    builder.environment().putAll(environment);
    builder.environment().putAll(more);
  }

  public static String readAll(InputStream stream) {
    try (stream) {
      return new String(stream.readAllBytes(), StandardCharsets.UTF_8);
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  public static void feed(Process process, byte[] input) {
    try (OutputStream stream = process.getOutputStream()) {
      stream.write(input);
    } catch (IOException e) {
      // It ended without reading; its exit status says why.
    }
  }

  /// How the ledger would name what an action says it has moved to the trash; null when it says
  /// nothing.
  public static @Nullable Resource trash(List<String> results) {
    return results.stream()
        .filter(result -> result.startsWith("trash "))
        .map(result -> new Resource("trash", result.substring("trash ".length())))
        .findFirst()
        .orElse(null);
  }

  private static List<String> results(String output) {
    var results = new ArrayList<String>();
    for (String line : output.split("\n", -1)) {
      if (line.startsWith("=")) {
        results.add(line.substring(1));
      }
    }
    return results;
  }

  private DriverFailure failure(String action, Fence fence, int exit, String output) {
    var context = new IOException("%s ended with %d: %s".formatted(action, exit, output.strip()));
    Refusal refusal = refusals.get(exit);
    if (refusal != null) {
      return new DriverFailure.Permanent(refusal.code(), refusal.message(), context);
    }
    return switch (exit) {
      case FENCED -> new DriverFailure.Fenced(fence, highestEpoch(fence.subject()));
      case KILLED -> {
        long highest = highestEpoch(fence.subject());
        yield highest > fence.epoch()
            ? new DriverFailure.Fenced(fence, highest)
            : new DriverFailure.Transient(
                "shell-killed", "the machine killed a shell that worked on this " + noun, context);
      }
      case BUSY ->
          new DriverFailure.Transient(
              "busy", "another call works on this %s at the moment".formatted(noun));
      case FOREIGN ->
          new DriverFailure.Permanent(
              "foreign", "the folder of this %s belongs to another installation".formatted(noun));
      case SURVIVOR ->
          new DriverFailure.Transient(
              "process-survives", "a process of this %s does not end".formatted(noun), context);
      default ->
          diskFull(output)
              ? new DriverFailure.Permanent(
                  "disk-full", "no space is left on the disk for this " + noun, context)
              : new DriverFailure.Transient(
                  "shell-failed",
                  "the machine could not %s this %s".formatted(action, noun),
                  context);
    };
  }

  public static boolean diskFull(String output) {
    return output.contains("No space left on device") || output.contains("Disk quota exceeded");
  }

  /// The highest epoch that ever claimed this subject, 0 when none did.
  public long highestEpoch(String instance) {
    long highest = 0;
    try {
      for (String line : Files.readAllLines(root.resolve(".fences").resolve(instance))) {
        int colon = line.indexOf(':');
        if (colon > 0) {
          highest = Math.max(highest, Long.parseLong(line.substring(0, colon)));
        }
      }
    } catch (IOException e) {
      return highest;
    }
    return highest;
  }
}
