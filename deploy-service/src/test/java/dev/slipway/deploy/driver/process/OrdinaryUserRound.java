package dev.slipway.deploy.driver.process;

import dev.slipway.common.driver.Endpoint;
import dev.slipway.common.id.Identifiers;
import dev.slipway.common.operation.DriverFailure;
import dev.slipway.common.operation.Fence;
import dev.slipway.deploy.driver.CommandRun;
import dev.slipway.deploy.driver.CommandSpecification;
import dev.slipway.deploy.driver.ExecutorSpecification;
import dev.slipway.deploy.driver.VersionReference;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.time.InstantSource;
import java.util.List;
import java.util.Map;
import java.util.Set;

/// One application's whole life, for a JVM that runs as somebody else. Prints what it sees.
final class OrdinaryUserRound {

  private OrdinaryUserRound() {}

  /// @param arguments a folder for everything
  public static void main(String[] arguments) throws Exception {
    Path folder = Path.of(arguments[0]);
    Path keys = Files.writeString(folder.resolve("key"), "the platform's key");
    var runtime =
        ProcessApplicationRuntime.open(
            new ProcessRuntimeSettings(
                folder.resolve("applications"), "inst_ordinary", null, null, 26_000, 26_999, false),
            InstantSource.system());
    System.out.println("isolation " + runtime.isolation());
    var version = new VersionReference("app_00000000000000000000000001", "1");
    var fence = new Fence(version.application(), 1);
    Path unpacked = Files.createDirectory(folder.resolve("unpacked"));
    Files.writeString(unpacked.resolve("server.js"), "require('http').createServer().listen(3000)");
    runtime.adopt(fence, version, unpacked);
    try {
      runtime.begin(
          fence,
          new CommandSpecification(
              version,
              "setup",
              List.of("cat " + keys + " && echo REACHED", "exit 0"),
              Map.of(),
              Set.of(),
              512,
              true));
    } catch (DriverFailure e) {
      System.out.println("refused " + e.code());
      runtime.destroy(fence, version.application(), List.of());
      return;
    }
    CommandRun run = runtime.look(version, "setup");
    while (run instanceof CommandRun.Running) {
      Thread.onSpinWait();
      run = runtime.look(version, "setup");
    }
    System.out.println("run " + run + ' ' + runtime.tail(version, "setup", 9));
    List<Endpoint> free = runtime.freeEndpoints(Identifiers.next("exe")).limit(2).toList();
    var executor =
        new ExecutorSpecification(
            version,
            "exe_00000000000000000000000001",
            free.getFirst(),
            free.getLast(),
            List.of("exec node server.js"),
            Map.of(),
            Set.of(),
            512,
            "token",
            false);
    runtime.start(fence, executor);
    long deadline = System.nanoTime() + Duration.ofSeconds(60).toNanos();
    while (!runtime.observe(executor).healthy() && System.nanoTime() < deadline) {
      Thread.onSpinWait();
    }
    System.out.println("executor " + runtime.observe(executor).state());
    runtime.stop(fence, version, executor.executor(), Duration.ofSeconds(2));
    System.out.println("stopped " + runtime.observe(executor).state());
    runtime.destroy(fence, version.application(), runtime.footprint(executor));
    System.out.println("left " + runtime.inventory());
  }
}
