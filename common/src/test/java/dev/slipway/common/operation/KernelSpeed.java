package dev.slipway.common.operation;

import static java.time.Duration.ofMinutes;
import static java.time.Duration.ofSeconds;
import static org.assertj.core.api.Assertions.assertThat;

import dev.slipway.common.outbox.Outbox;
import dev.slipway.common.outbox.OutboxRelay;
import dev.slipway.common.outbox.Topic;
import java.time.Clock;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.Test;

/// How fast operations of five empty steps run, with every message relayed to Kafka. Not a test of
/// the suite: `-Dtest=KernelSpeed` runs it.
final class KernelSpeed {

  private static final int WARM_UP = 200;
  private static final int ALONE = 200;
  private static final int TOGETHER = 1500;
  private static final int IN_FLIGHT = 16;

  record Nothing() {}

  @OperationKind("speed.run")
  static final class Run implements Operation<Nothing, Nothing> {
    @Override
    public Plan<Nothing, Nothing> plan() {
      var plan = Plan.<Nothing, Nothing>within(ofMinutes(1), input -> input);
      for (int i = 1; i <= 5; i++) {
        plan =
            plan.step("step" + i, context -> StepOutcome.done(context.state()))
                .undoNothing("It does nothing");
      }
      return plan.build();
    }
  }

  private final AtomicInteger subjects = new AtomicInteger();

  @Test
  void fiveEmptySteps() throws Exception {
    KernelDatabase database = KernelDatabase.fresh();
    try (Topic topic = Topic.fresh("speed");
        var relay = new OutboxRelay(database.dataSource(), Topic.producer());
        var engine =
            new OperationEngine(
                database.transactions(),
                new OperationCatalog(List.of(new Run())),
                new KernelSettings(
                    "speed",
                    "one",
                    "sop",
                    topic.name(),
                    ofSeconds(30),
                    Map.of(Admission.LIGHT, IN_FLIGHT)),
                new Outbox("speed", Clock.systemUTC()),
                OperationEngine.Interruptions.NONE)) {
      engine.onCommit(relay::wake);
      relay.start();
      engine.start();
      together(engine, WARM_UP);
      var nanos = new long[ALONE];
      for (int i = 0; i < ALONE; i++) {
        long start = System.nanoTime();
        run(engine);
        nanos[i] = System.nanoTime() - start;
      }
      Arrays.sort(nanos);
      long start = System.nanoTime();
      together(engine, TOGETHER);
      double seconds = (System.nanoTime() - start) / 1e9;
      System.out.printf(
          "Five empty steps: %.1f ms in the middle, alone; %.0f operations a second with %d in flight%n",
          nanos[ALONE / 2] / 1e6, TOGETHER / seconds, IN_FLIGHT);
    }
  }

  private void together(OperationEngine engine, int times) throws Exception {
    try (ExecutorService threads = Executors.newFixedThreadPool(IN_FLIGHT)) {
      List<Future<?>> runs = new ArrayList<>();
      for (int i = 0; i < times; i++) {
        runs.add(
            threads.submit(
                () -> {
                  run(engine);
                  return null;
                }));
      }
      for (Future<?> run : runs) {
        run.get();
      }
    }
  }

  private void run(OperationEngine engine) throws Exception {
    String subject = "spd_" + subjects.incrementAndGet();
    Begun begun =
        engine.begin(
            BeginRequest.of("speed.run", subject, subject, "org_1", "ann", new Nothing(), null));
    assertThat(engine.awaitEnd(OperationKit.id(begun), ofSeconds(30)).succeeded()).isTrue();
  }
}
