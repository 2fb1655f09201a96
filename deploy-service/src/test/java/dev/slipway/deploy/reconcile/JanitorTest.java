package dev.slipway.deploy.reconcile;

import static org.assertj.core.api.Assertions.assertThat;

import dev.slipway.common.driver.Found;
import dev.slipway.common.operation.BeginRequest;
import dev.slipway.common.operation.Fence;
import dev.slipway.common.operation.KernelDatabase;
import dev.slipway.common.operation.OperationEngine;
import dev.slipway.common.operation.OperationKit;
import dev.slipway.common.operation.OperationView;
import dev.slipway.common.reconcile.Discrepancy;
import dev.slipway.common.reconcile.Janitor;
import dev.slipway.deploy.driver.VersionReference;
import dev.slipway.deploy.operation.AnsweredChildren;
import dev.slipway.deploy.operation.DeleteApplication;
import dev.slipway.deploy.operation.DeployStage;
import dev.slipway.deploy.operation.SweepApplication;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/// What the janitor makes of what is left of applications. Its rule is that of every service, and
/// tested there.
final class JanitorTest {

  private static final Duration PATIENCE = Duration.ofMinutes(2);
  private static final KernelDatabase DATABASE = KernelDatabase.fresh("classpath:db/migration");
  private static final AnsweredChildren CHILDREN = new AnsweredChildren(DATABASE);

  private static int ports = 5000;

  private final DeployStage stage = new DeployStage(DATABASE, ports);
  private final OperationEngine engine =
      OperationKit.engine(DATABASE, stage.operations(), "one", OperationEngine.Interruptions.NONE);
  private final Janitor janitor =
      ApplicationPremises.janitor(
          stage.runtime(), DATABASE.transactions(), engine, "the-installation", Duration.ZERO);
  private String version = "";

  @BeforeEach
  void deploy() throws Exception {
    ports += 20;
    stage.register();
    version = stage.addVersion();
    assertThat(run(stage.deploy(version)).succeeded()).isTrue();
  }

  private OperationView run(BeginRequest request) throws Exception {
    return engine.awaitEnd(OperationKit.id(engine.begin(request)), PATIENCE);
  }

  @AfterEach
  void stop() {
    engine.close();
    stage.applications().remove(stage.application());
  }

  @AfterAll
  static void stopChildren() throws Exception {
    CHILDREN.stop();
  }

  @Test
  void whatIsLeftOfADeletedApplicationIsRemovedWhenItWasSeenTwice() throws Exception {
    var delete = new DeleteApplication.Input("shop", true);
    assertThat(run(stage.request(DeleteApplication.KIND, delete)).succeeded()).isTrue();
    Path folder = Path.of("late");
    stage.reality().offer(folder, Map.of("package.json", "{}"));
    stage
        .runtime()
        .adopt(
            new Fence(stage.application(), stage.reality().highestEpoch(stage.application())),
            new VersionReference(stage.application(), version),
            folder);

    assertThat(janitor.round()).isEmpty();
    List<String> begun = janitor.round();

    assertThat(begun).hasSize(1);
    assertThat(engine.awaitEnd(begun.getFirst(), PATIENCE).succeeded()).isTrue();
    assertThat(stage.runtime().inventory()).isEmpty();
  }

  @Test
  void whatBelongsToAnApplicationIsOnlyReported() throws Exception {
    DATABASE.execute(
        "update ledger set state = 'GONE', gone_at = now(), proof = 'none' where kind = 'process'"
            + " and subject = '%s'".formatted(stage.application()));
    List<Found> before = stage.runtime().inventory();

    for (int look = 0; look < 3; look++) {
      assertThat(janitor.round()).isEmpty();
    }

    assertThat(janitor.report().discrepancies())
        .extracting(Discrepancy.Known::discrepancy)
        .filteredOn(it -> it.subject().equals(stage.application()))
        .singleElement()
        .satisfies(
            it -> {
              assertThat(it.resource().kind()).isEqualTo("process");
              assertThat(it.removable()).isFalse();
            });
    assertThat(stage.runtime().inventory()).isEqualTo(before);
    assertThat(engine.latest(stage.application(), SweepApplication.KIND)).isEmpty();
  }
}
