package dev.slipway.account.feed;

import jakarta.enterprise.context.ApplicationScoped;
import jakarta.inject.Inject;
import java.sql.SQLException;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ExecutionException;

/// Readers who stand at the same place of a list and want the same of it ask the same question at
/// the same moment: all of them are woken by one event. One of them asks it, and the others take
/// its answer.
///
/// Nothing is remembered: a question that nobody is asking is asked again.
@ApplicationScoped
public class SharedReads {

  /// Reads a page of a list.
  interface Source {
    Feed.Page read(String organization, long after, EventFilter filter) throws SQLException;
  }

  private record Question(String organization, long after, EventFilter filter) {}

  private final Source source;
  private final Map<Question, CompletableFuture<Feed.Page>> asked = new ConcurrentHashMap<>();

  @Inject
  SharedReads(Feed feed) {
    this((Source) feed::read);
  }

  SharedReads(Source source) {
    this.source = source;
  }

  /// As [Feed#read].
  ///
  /// @param reaching the list is known to reach to here: an answer from before that is none, unless
  ///     it is as long as an answer can be
  public Feed.Page read(String organization, long after, EventFilter filter, long reaching)
      throws SQLException, InterruptedException {
    var question = new Question(organization, after, filter);
    while (true) {
      var own = new CompletableFuture<Feed.Page>();
      CompletableFuture<Feed.Page> others = asked.putIfAbsent(question, own);
      if (others == null) {
        return ask(question, own);
      }
      try {
        Feed.Page page = others.get();
        if (page.last() >= reaching || page.through() < page.last()) {
          return page;
        }
      } catch (ExecutionException theirs) {
        // What has failed for one of them need not fail for all: its request may have ended.
      }
    }
  }

  private Feed.Page ask(Question question, CompletableFuture<Feed.Page> answer)
      throws SQLException {
    try {
      Feed.Page page = source.read(question.organization(), question.after(), question.filter());
      answer.complete(page);
      return page;
    } finally {
      asked.remove(question, answer);
      // Nothing happens to one that is complete.
      answer.completeExceptionally(new IllegalStateException("the question has failed"));
    }
  }
}
