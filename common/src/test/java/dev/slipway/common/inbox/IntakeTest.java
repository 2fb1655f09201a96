package dev.slipway.common.inbox;

import static java.time.Duration.ofMillis;
import static java.time.Duration.ofMinutes;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.tuple;
import static org.awaitility.Awaitility.await;

import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import dev.slipway.common.inbox.ParkedMessages.ParkedKey;
import dev.slipway.common.inbox.ParkedMessages.Retried;
import dev.slipway.common.operation.KernelDatabase;
import dev.slipway.common.operation.Transactions;
import dev.slipway.common.outbox.Json;
import dev.slipway.common.outbox.Message;
import dev.slipway.common.sql.Pipeline;
import java.sql.SQLException;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicInteger;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

/// Taking messages in, on a real Postgres.
final class IntakeTest {

  private static final Duration PATIENCE = ofMinutes(2);
  private static final String TOPIC = "slipway.test.event.v1";
  private static final String UNREADABLE = "It cannot be read: IllegalArgumentException";
  private static final KernelDatabase DATABASE = KernelDatabase.fresh();

  private final List<String> taken = Collections.synchronizedList(new ArrayList<>());
  private final Set<String> incomprehensible = ConcurrentHashMap.newKeySet();
  private final MessageIntake intake = intake(DATABASE.transactions());

  private MessageIntake intake(Transactions transactions) {
    return new MessageIntake(
        transactions,
        TOPIC,
        (connection, message) -> {
          String what = message.subject() + message.seq();
          if (incomprehensible.contains(what)) {
            throw new IllegalArgumentException("There is no kind " + what);
          }
          taken.add(what);
        });
  }

  @AfterEach
  void empty() {
    DATABASE.execute("truncate inbox, parked_message");
  }

  private static String message(String source, String subject, long seq) {
    return Json.write(
        new Message(
            "1.0",
            source + '/' + subject + '/' + seq,
            source,
            "slipway.test.counted.v1",
            subject,
            Instant.EPOCH,
            "application/json",
            "org_1",
            seq,
            JsonNodeFactory.instance.objectNode()));
  }

  private void take(String subject, long seq) throws InterruptedException {
    intake.take(subject, message("test-service", subject, seq));
  }

  // NullAway does not read the bound of the type parameter from a class file.
  @SuppressWarnings("NullAway")
  private static @Nullable String text(String sql) {
    return DATABASE.text(sql);
  }

  @Test
  void aMessageTakesEffectOnce() throws Exception {
    take("a", 1);
    take("a", 1);
    take("a", 2);
    take("a", 1);

    assertThat(taken).containsExactly("a1", "a2");
  }

  @Test
  void whatTwoServicesSayOfOneSubjectIsCountedApart() throws Exception {
    intake.take("a", message("one-service", "a", 5));
    intake.take("a", message("other-service", "a", 3));

    assertThat(taken).containsExactly("a5", "a3");
  }

  @Test
  void whatCannotBeUnderstoodIsParkedAndTheRestOfItsKeyQueuesBehindIt() throws Exception {
    incomprehensible.add("a2");

    take("a", 1);
    take("a", 2);
    take("a", 3);
    take("b", 1);

    assertThat(taken).containsExactly("a1", "b1");
    assertThat(text("select string_agg(message_key, ',' order by number) from parked_message"))
        .isEqualTo("a,a");
  }

  @Test
  void whatIsParkedIsTakenInOrderOnceItIsUnderstood() throws Exception {
    incomprehensible.addAll(Set.of("a1", "a3"));
    for (int i = 1; i <= 4; i++) {
      take("a", i);
    }
    incomprehensible.remove("a1");

    assertThat(intake.retryParked("a")).isEqualTo(2);
    assertThat(taken).containsExactly("a1", "a2");

    incomprehensible.clear();
    assertThat(intake.retryParked("a")).isEqualTo(2);
    take("a", 5);
    assertThat(taken).containsExactly("a1", "a2", "a3", "a4", "a5");
    assertThat(text("select 1 from parked_message")).isNull();
  }

  @Test
  void aRetrySaysOfEachKeyWhatCameOfItAndNothingOfAnother() throws Exception {
    incomprehensible.addAll(Set.of("a1", "a3", "b1"));
    for (String subject : List.of("a", "b")) {
      for (int i = 1; i <= 3; i++) {
        take(subject, i);
      }
    }
    var parked = new ParkedMessages(DATABASE.transactions(), List.of(() -> List.of(intake)));

    assertThat(parked.list())
        .extracting(ParkedKey::topic, ParkedKey::key, ParkedKey::messages, ParkedKey::cause)
        .containsExactly(tuple(TOPIC, "a", 3L, UNREADABLE), tuple(TOPIC, "b", 3L, UNREADABLE));
    assertThat(parked.retry("c")).isEmpty();

    incomprehensible.removeAll(Set.of("a1", "b1"));
    assertThat(parked.retry("a")).containsExactly(new Retried(TOPIC, "a", 2, 1, UNREADABLE));
    assertThat(parked.list())
        .as("it says why by itself, no longer that it queues behind another")
        .extracting(ParkedKey::key, ParkedKey::messages, ParkedKey::cause)
        .containsExactly(tuple("a", 1L, UNREADABLE), tuple("b", 3L, UNREADABLE));

    incomprehensible.clear();
    assertThat(parked.retry(null))
        .containsExactly(new Retried(TOPIC, "a", 1, 0, null), new Retried(TOPIC, "b", 3, 0, null));
    assertThat(parked.list()).isEmpty();
  }

  @Test
  void whatNobodyTakesInAnyMoreStaysParked() throws Exception {
    intake.take("a", "{");
    var parked = new ParkedMessages(DATABASE.transactions(), List.of());

    assertThat(parked.retry(null)).extracting(Retried::left).containsExactly(1L);
  }

  @Test
  void aHandlerThatBreaksAgainKeepsItsMessageParkedAndTheNextKeyGoesOn() throws Exception {
    var broken = new AtomicBoolean(true);
    var breaking =
        new MessageIntake(
            DATABASE.transactions(),
            TOPIC,
            (connection, message) -> {
              if (broken.get() || message.subject().equals("a")) {
                throw new NullPointerException("a field that an older sender leaves out");
              }
            });
    breaking.take("a", message("test-service", "a", 1));
    breaking.take("b", message("test-service", "b", 1));
    broken.set(false);

    assertThat(
            new ParkedMessages(DATABASE.transactions(), List.of(() -> List.of(breaking)))
                .retry(null))
        .extracting(Retried::key, Retried::taken, Retried::left)
        .containsExactly(tuple("a", 0, 1L), tuple("b", 1, 0L));
  }

  @Test
  void nothingStaysParkedWhenMessagesArriveDuringARetry() throws Exception {
    for (int round = 0; round < 20; round++) {
      String key = "key" + round;
      incomprehensible.add(key + "1");
      take(key, 1);
      incomprehensible.clear();
      Thread retrying =
          Thread.ofVirtual()
              .start(
                  () -> {
                    try {
                      intake.retryParked(key);
                    } catch (SQLException failure) {
                      throw new IllegalStateException(failure);
                    }
                  });
      for (int i = 2; i <= 6; i++) {
        take(key, i);
      }
      retrying.join();

      assertThat(taken)
          .as("round %d", round)
          .filteredOn(what -> what.startsWith(key))
          .containsExactly(key + 1, key + 2, key + 3, key + 4, key + 5, key + 6);
      taken.clear();
    }
  }

  @Test
  void whatIsNoCloudEventIsParked() throws Exception {
    intake.take("a", "{");
    intake.take("b", "{}");
    intake.take(null, null);
    intake.take("c", "[1, 2]");

    assertThat(text("select count(*) from parked_message")).isEqualTo("4");
  }

  @Test
  void whatTheDatabaseCannotStoreIsParked() throws Exception {
    intake.take("a\u0000b", message("test-service", "a\u0000b", 1));
    take("b", 1);

    assertThat(taken).containsExactly("b1");
    assertThat(text("select count(*) from parked_message")).isEqualTo("1");
  }

  @Test
  void aHandlerThatBreaksParksItsMessage() throws Exception {
    var breaking =
        new MessageIntake(
            DATABASE.transactions(),
            TOPIC,
            (connection, message) -> {
              throw new NullPointerException("a field that an older sender leaves out");
            });

    breaking.take("a", message("test-service", "a", 1));

    assertThat(text("select count(*) from parked_message")).isEqualTo("1");
  }

  @Test
  void aDatabaseThatIsDownIsNoPoison() throws Exception {
    AtomicBoolean down = new AtomicBoolean(true);
    Transactions real = DATABASE.transactions();
    var shaky =
        intake(
            new Transactions() {
              @Override
              public <T extends @Nullable Object> T inNew(Work<T> work) throws SQLException {
                if (down.get()) {
                  throw new SQLException("Connection refused", "08001");
                }
                return real.inNew(work);
              }

              @Override
              public void atOnce(Pipeline writes) throws SQLException {
                real.atOnce(writes);
              }

              @Override
              public <T extends @Nullable Object> T joining(Work<T> work) throws SQLException {
                return real.joining(work);
              }

              @Override
              public <T extends @Nullable Object> T reading(Work<T> work) throws SQLException {
                return real.reading(work);
              }

              @Override
              public void afterCommit(Runnable action) {
                real.afterCommit(action);
              }
            });
    Thread taking =
        Thread.ofVirtual()
            .start(
                () -> {
                  try {
                    shaky.take("a", message("test-service", "a", 1));
                  } catch (InterruptedException stopped) {
                    Thread.currentThread().interrupt();
                  }
                });
    await().during(ofMillis(300)).atMost(PATIENCE).until(taking::isAlive);
    assertThat(taken).isEmpty();

    down.set(false);
    taking.join(PATIENCE);

    assertThat(taken).containsExactly("a1");
    assertThat(text("select 1 from parked_message")).isNull();
  }

  /// Handlers ask the database through others, which wrap what it throws.
  @Test
  void aDatabaseThatFailsUnderTheHandlerIsNoPoison() throws Exception {
    var failures = new AtomicInteger(2);
    var shaky =
        new MessageIntake(
            DATABASE.transactions(),
            TOPIC,
            (connection, message) -> {
              if (failures.getAndDecrement() > 0) {
                throw new IllegalStateException(new SQLException("Connection reset", "08006"));
              }
              taken.add(message.subject() + message.seq());
            });

    shaky.take("a", message("test-service", "a", 1));

    assertThat(taken).containsExactly("a1");
    assertThat(text("select 1 from parked_message")).isNull();
  }

  @Test
  void whoIsStoppedWhileTheDatabaseIsDownAcknowledgesNothing() {
    var down =
        intake(
            new Transactions() {
              @Override
              public <T extends @Nullable Object> T inNew(Work<T> work) throws SQLException {
                Thread.currentThread().interrupt();
                throw new SQLException("Connection refused", "08001");
              }

              @Override
              public void atOnce(Pipeline writes) throws SQLException {
                inNew(connection -> true);
              }

              @Override
              public <T extends @Nullable Object> T joining(Work<T> work) throws SQLException {
                return inNew(work);
              }

              @Override
              public <T extends @Nullable Object> T reading(Work<T> work) throws SQLException {
                return inNew(work);
              }

              @Override
              public void afterCommit(Runnable action) {}
            });

    assertThatThrownBy(() -> down.take("a", message("test-service", "a", 1)))
        .isInstanceOf(InterruptedException.class);
  }
}
