package dev.slipway.cli.platform;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import dev.slipway.cli.console.CommandFailure;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.function.Consumer;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/// Real processes, of a shell that sleeps, which say in their logs how they were started.
class SupervisorTest {

  @TempDir private Path folder;

  private volatile String port = "32001";
  private volatile @Nullable CommandFailure refused;
  private volatile Consumer<Supervised> listener = process -> {};
  private PlatformHome home;
  private Supervisor supervisor;

  @BeforeEach
  void start() throws IOException {
    home = new PlatformHome(folder);
    Files.createDirectories(home.run());
    Files.createDirectories(home.logs());
    supervisor =
        new Supervisor(home, this::plans, SupervisedTest.FAST, process -> listener.accept(process));
    supervisor.start("");
    await().until(() -> says("local-stack", "32001") && says("gateway", "32001"));
  }

  @AfterEach
  void stop() throws InterruptedException, IOException {
    supervisor.stop();
  }

  /// The stack's port was taken while it was dead: it gets another, and whoever uses it too.
  @Test
  void whatIsToRunOtherwiseSinceOneHasDiedIsStartedAgain() {
    ProcessIdentity gateway = recorded("gateway").orElseThrow().identity();
    port = "32002";
    assertThat(says("local-stack", "32002")).isFalse();

    recorded("local-stack").orElseThrow().identity().kill();

    await().until(() -> says("local-stack", "32002") && says("gateway", "32002"));
    assertThat(gateway.alive()).isFalse();
  }

  @Test
  void nobodyElseIsStartedAgainWhenNothingHasChanged() {
    ProcessIdentity gateway = recorded("gateway").orElseThrow().identity();

    recorded("local-stack").orElseThrow().identity().kill();

    await().until(() -> recorded("local-stack").filter(it -> it.restarts() == 1).isPresent());
    assertThat(gateway.alive()).isTrue();
    assertThat(recorded("gateway").orElseThrow().restarts()).isZero();
  }

  @Test
  void whyItCannotRunOtherwiseIsSaidAndItIsStartedAsItWas() {
    refused = CommandFailure.failed("port-taken", "port 8443 is taken by another process").build();

    recorded("gateway").orElseThrow().identity().kill();

    await()
        .until(
            () ->
                recorded("gateway")
                    .filter(it -> it.restarts() == 1 && it.identity().alive())
                    .filter(
                        it ->
                            it.problem() != null
                                && it.problem().contains("port 8443 is taken by another process"))
                    .isPresent());
  }

  @Test
  void whoeverLooksWhileItIsBeingStoppedSeesThat() throws Exception {
    List<String> seen = new CopyOnWriteArrayList<>();
    listener =
        process ->
            RunFile.read(home.run(PlatformStatus.LAUNCHER))
                .ifPresent(it -> seen.add(it.state().name()));
    assertThat(RunFile.read(home.run(PlatformStatus.LAUNCHER)))
        .hasValueSatisfying(it -> assertThat(it.state()).isEqualTo(RunFile.State.READY));

    supervisor.stop();

    assertThat(seen).isNotEmpty().containsOnly("STOPPING");
    assertThat(home.run(PlatformStatus.LAUNCHER)).doesNotExist();
  }

  private List<ProcessPlan> plans() {
    @Nullable CommandFailure failure = refused;
    if (failure != null) {
      throw failure;
    }
    return Stream.of("local-stack", "gateway")
        .map(
            name ->
                new ProcessPlan(
                    name,
                    List.of("/bin/sh", "-c", "echo \"it has $PORT\"; exec sleep 1000"),
                    Map.of("PORT", port),
                    List.of(),
                    List.of(),
                    1,
                    Duration.ofMillis(500)))
        .toList();
  }

  private boolean says(String process, String value) {
    return new LogFile(home.log(process)).tail(5).contains("it has " + value);
  }

  private Optional<RunFile> recorded(String process) {
    return RunFile.read(home.run(process)).filter(it -> it.identity().pid() > 0);
  }
}
