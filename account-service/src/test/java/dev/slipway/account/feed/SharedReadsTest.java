package dev.slipway.account.feed;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.awaitility.Awaitility.await;

import dev.slipway.account.feed.Feed.Page;
import java.sql.SQLException;
import java.util.ArrayList;
import java.util.List;
import java.util.Queue;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.stream.IntStream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

/// Who asks, and who takes whose answer.
final class SharedReadsTest {

  private static final int READERS = 50;

  private final Queue<Thread> threads = new ConcurrentLinkedQueue<>();
  private final ExecutorService readers = Executors.newThreadPerTaskExecutor(this::thread);
  private final AtomicInteger questions = new AtomicInteger();
  private final Queue<Object> answers = new ConcurrentLinkedQueue<>();
  private final CountDownLatch answered = new CountDownLatch(1);

  private final SharedReads reads =
      new SharedReads(
          (organization, after, filter) -> {
            questions.incrementAndGet();
            try {
              answered.await();
            } catch (InterruptedException interrupted) {
              throw new SQLException(interrupted);
            }
            if (answers.poll() instanceof Page page) {
              return page;
            }
            throw new SQLException("nobody answers");
          });

  private Thread thread(Runnable task) {
    Thread thread = Thread.ofPlatform().daemon().unstarted(task);
    threads.add(thread);
    return thread;
  }

  @AfterEach
  void stop() {
    answered.countDown();
    readers.shutdownNow();
  }

  private static Page page(long last) {
    return new Page(1, last, List.of(), last);
  }

  private Future<Page> read(String organization, long after, long reaching) {
    return readers.submit(() -> reads.read(organization, after, EventFilter.EVERYTHING, reaching));
  }

  /// The first one asks before the others come.
  private List<Future<Page>> crowd(long reachingOfOthers) {
    List<Future<Page>> all = new ArrayList<>(List.of(read("org_1", 4, 5)));
    await().until(() -> questions.get() == 1);
    IntStream.range(1, READERS).forEach(i -> all.add(read("org_1", 4, reachingOfOthers)));
    await().until(() -> threads.stream().allMatch(it -> it.getState() == Thread.State.WAITING));
    return all;
  }

  @Test
  void thoseAtOnePlaceAskOnce() throws Exception {
    answers.add(page(5));

    List<Future<Page>> all = crowd(5);
    answered.countDown();

    for (Future<Page> one : all) {
      assertThat(one.get()).isEqualTo(page(5));
    }
    assertThat(questions).hasValue(1);
  }

  @Test
  void whoKnowsOfMoreTakesNoAnswerFromBefore() throws Exception {
    answers.add(page(5));
    IntStream.range(1, READERS).forEach(i -> answers.add(page(6)));

    List<Future<Page>> all = crowd(6);
    answered.countDown();

    assertThat(all.removeFirst().get().last()).isEqualTo(5);
    for (Future<Page> one : all) {
      assertThat(one.get().last()).isEqualTo(6);
    }
  }

  @Test
  void whoKnowsOfMoreTakesAnAnswerThatCannotBeLonger() throws Exception {
    Page first = new Page(1, 5, List.of(), 4);
    answers.add(first);

    List<Future<Page>> all = crowd(6);
    answered.countDown();

    for (Future<Page> one : all) {
      assertThat(one.get()).isEqualTo(first);
    }
    assertThat(questions).hasValue(1);
  }

  @Test
  void othersQuestionsAreOthers() throws Exception {
    answers.add(page(5));
    answers.add(page(5));
    answers.add(page(5));

    List<Future<Page>> all = List.of(read("org_1", 4, 5), read("org_1", 3, 5), read("org_2", 4, 5));

    await().until(() -> questions.get() == 3);
    answered.countDown();
    for (Future<Page> one : all) {
      assertThat(one.get()).isEqualTo(page(5));
    }
  }

  @Test
  void whatFailsForOneIsAskedByAnother() throws Exception {
    answers.add("failure");
    IntStream.range(1, READERS).forEach(i -> answers.add(page(5)));

    List<Future<Page>> all = crowd(5);
    answered.countDown();

    assertThatThrownBy(all.removeFirst()::get)
        .isInstanceOf(ExecutionException.class)
        .hasCauseInstanceOf(SQLException.class);
    for (Future<Page> one : all) {
      assertThat(one.get()).isEqualTo(page(5));
    }
  }
}
