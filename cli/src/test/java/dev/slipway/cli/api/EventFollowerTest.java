package dev.slipway.cli.api;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.slipway.cli.api.FakePlatform.Call;
import dev.slipway.cli.api.FakePlatform.Reply;
import dev.slipway.cli.console.CommandFailure;
import dev.slipway.cli.console.Surroundings;
import java.io.IOException;
import java.io.InputStream;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Queue;
import java.util.Set;
import java.util.concurrent.ConcurrentLinkedQueue;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;
import org.junit.jupiter.api.io.TempDir;

/// Over connections that end, break within an event, and are refused.
class EventFollowerTest {

  @TempDir private Path folder;

  @RegisterExtension private static final FakePlatform platform = FakePlatform.started();

  private final Queue<Reply> replies = new ConcurrentLinkedQueue<>();

  @BeforeEach
  void home() throws IOException {
    platform.home(folder.resolve("home"));
    FakePlatform.credentials(
        folder.resolve(".dbos/credentials"),
        FakePlatform.token(Instant.now().plusSeconds(3600)),
        "refresh-1",
        "acme");
    platform.answers(this::answer);
  }

  @Test
  void everyEventComesOnceOverConnectionsThatEnd() throws Exception {
    replies.add(stream("id: 4\n\n" + event(5) + event(6)));
    replies.add(stream("id: 6\n\n" + event(7) + "id: 8\ndata: {\"num"));
    replies.add(Reply.of(503, "{\"message\":\"later\",\"code\":\"unavailable\"}"));
    replies.add(stream("id: 7\n\n" + event(8) + ": heartbeat\nid: 20\n\n"));
    replies.add(stream(event(21)));

    List<Long> seen = new ArrayList<>();
    try (EventFollower follower = events().follow(EventQuery.ofSubjects(List.of("my app")), "4")) {
      while (seen.size() < 5) {
        seen.add(follower.next().number());
      }
    }

    assertThat(seen).containsExactly(5L, 6L, 7L, 8L, 21L);
    assertThat(platform.lines().getFirst())
        .isEqualTo("GET /v1alpha1/acme/events?after=4&subject=my%20app");
    assertThat(platform.calls().stream().map(Call::lastEventId).limit(5).toList())
        .containsExactly(null, "6", "7", "7", "20");
  }

  @Test
  void aRefusalThatWouldComeAgainEndsIt() throws Exception {
    replies.add(stream(event(1)));
    replies.add(Reply.of(410, "{\"message\":\"no longer kept\",\"code\":\"events-gone\"}"));

    try (EventFollower follower = events().follow(EventQuery.EVERYTHING, Events.OLDEST)) {
      assertThat(follower.next(Duration.ofSeconds(10))).isPresent();
      for (int i = 0; i < 2; i++) {
        assertThatThrownBy(() -> follower.next(Duration.ofSeconds(10)))
            .isInstanceOfSatisfying(
                CommandFailure.class, it -> assertThat(it.code()).isEqualTo("events-gone"));
      }
    }
  }

  @Test
  void aSignInIsRenewedOnTheWay() throws Exception {
    String fresh = FakePlatform.token(Instant.now().plusSeconds(7200));
    replies.add(Reply.of(401, "{\"message\":\"expired\",\"code\":\"unauthorized\"}"));
    replies.add(Reply.of(200, "{\"access_token\":\"" + fresh + "\"}"));
    replies.add(stream(event(1)));

    try (EventFollower follower = events().follow(EventQuery.EVERYTHING, Events.OLDEST)) {
      assertThat(follower.next(Duration.ofSeconds(10))).isPresent();
    }
    assertThat(platform.calls().get(2).authorization()).isEqualTo("Bearer " + fresh);
  }

  @Test
  void aListIsReadToItsEnd() throws Exception {
    replies.add(Reply.of(200, "{\"number\":1,\"type\":\"slipway.x.y.v1\"}\n{\"number\":2}\n"));

    List<Event> list = events().list(EventQuery.EVERYTHING, Events.OLDEST);

    assertThat(list).extracting(Event::number).containsExactly(1L, 2L);
    assertThat(list.getFirst().type()).isEqualTo("x.y");
  }

  /// What there is no reply for any more is answered by a stream in which nothing happens.
  private Reply answer(Call call) {
    Reply next = replies.poll();
    return next == null ? stream(": nothing\n\n") : next;
  }

  private static Reply stream(String body) {
    return new Reply(200, body, Map.of("Content-Type", "text/event-stream"));
  }

  private static String event(long number) {
    return "id: " + number + "\ndata: {\"number\":" + number + ",\"type\":\"slipway.x.y.v1\"}\n\n";
  }

  private Events events() {
    return new Events(
        ApiClient.of(
            new Surroundings(
                Map.of("SLIPWAY_HOME", folder.resolve("home").toString()),
                folder,
                InputStream.nullInputStream(),
                System.out,
                System.err,
                Set.of(),
                folder)));
  }
}
