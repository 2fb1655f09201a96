package dev.slipway.cli.system;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import dev.slipway.cli.api.ApiClient;
import dev.slipway.cli.api.Event;
import dev.slipway.cli.api.EventFollower;
import dev.slipway.cli.api.EventQuery;
import dev.slipway.cli.api.Events;
import dev.slipway.cli.console.Json;
import dev.slipway.cli.console.Surroundings;
import java.io.InputStream;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Random;
import java.util.Set;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.TimeUnit;
import org.awaitility.Awaitility;
import org.junit.jupiter.api.Test;

/// The events of an organization while real operations run.
final class EventsIT {

  private static final int CUTS = 100;

  private final PlatformUnderTest platform = PlatformUnderTest.get();

  EventsIT() throws Exception {}

  @Test
  void whoIsCutOffAHundredTimesSeesEveryEventOnceAndInOrder() throws Exception {
    Path mine = platform.user("events_cut");
    long seed = System.nanoTime();
    var random = new Random(seed);
    List<Event> seen = new ArrayList<>();
    try (ExecutorService threads = Executors.newSingleThreadExecutor();
        EventFollower follower = events(mine).follow(EventQuery.EVERYTHING, Events.OLDEST)) {
      Future<Boolean> working = threads.submit(() -> work(mine));
      int cuts = 0;
      long quietSince = System.nanoTime();
      while (!working.isDone()
          || cuts < CUTS
          || System.nanoTime() - quietSince < TimeUnit.SECONDS.toNanos(3)) {
        Optional<Event> next = follower.next(Duration.ofMillis(20 + random.nextInt(80)));
        if (next.isPresent()) {
          seen.add(next.get());
          quietSince = System.nanoTime();
        }
        if (follower.connected() && random.nextInt(3) == 0) {
          follower.cut();
          cuts++;
        }
      }
      assertThat(working.get()).isTrue();
    }

    List<Long> all =
        events(mine).list(EventQuery.EVERYTHING, Events.OLDEST).stream()
            .map(Event::number)
            .toList();
    assertThat(all.size()).isGreaterThan(20);
    assertThat(seen).as("seed %d", seed).extracting(Event::number).isEqualTo(all);
    Map<String, Long> sequences = new HashMap<>();
    for (Event event : seen) {
      long seq = event.json().path("seq").asLong();
      Long earlier = sequences.put(event.source() + " " + event.subject(), seq);
      assertThat(earlier == null || earlier + 1 == seq).as(event.json().toString()).isTrue();
    }
  }

  @Test
  void theCommandFollowsAndAnInterruptIsItsGoodEnd() throws Exception {
    Path mine = platform.user("events_follow");
    PlatformUnderTest.Running following =
        platform.begin(mine, "events", "--follow", "--after", "0", "--json");

    platform
        .slipway(mine, "db", "provision", "main", "-U", "owner_1", "--generate-password")
        .succeeded();

    Awaitility.await()
        .atMost(PlatformUnderTest.PATIENCE)
        .until(() -> following.out().contains("slipway.instance.provisioned.v1"));
    following.send("INT");
    PlatformUnderTest.Result result = following.end();
    assertThat(result.exitCode()).as(result.err()).isZero();
    long number = 0;
    for (String line : result.out().lines().toList()) {
      JsonNode event = Json.MAPPER.readTree(line);
      assertThat(event.path("number").asLong()).isEqualTo(++number);
    }
    String listed = platform.slipway(mine, "events", "--subject", "main").succeeded().out();
    assertThat(listed).contains("instance.provision began, for").contains("provision succeeded");
    String why = platform.slipway(mine, "why", "main").succeeded().out();
    assertThat(why).contains("instance.provision of main succeeded").contains("Next: nothing");
    platform.slipway(mine, "db", "destroy", "main", "--yes").succeeded();
  }

  private boolean work(Path mine) throws Exception {
    for (int i = 1; i <= 2; i++) {
      String name = "inst" + i;
      platform
          .slipway(mine, "db", "provision", name, "-U", "owner_1", "--generate-password")
          .succeeded();
      platform.slipway(mine, "db", "reset-password", name, "--generate-password").succeeded();
      platform.slipway(mine, "db", "destroy", name, "--yes").succeeded();
    }
    return true;
  }

  private Events events(Path mine) {
    return new Events(
        ApiClient.of(
            new Surroundings(
                Map.of("SLIPWAY_HOME", platform.home().toString()),
                mine,
                InputStream.nullInputStream(),
                System.out,
                System.err,
                Set.of(),
                mine)));
  }
}
