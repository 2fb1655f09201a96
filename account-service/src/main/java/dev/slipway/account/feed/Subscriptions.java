package dev.slipway.account.feed;

import dev.slipway.common.error.ApiException;
import dev.slipway.common.error.ErrorCode;
import io.quarkus.runtime.ShutdownEvent;
import io.quarkus.runtime.StartupEvent;
import jakarta.enterprise.context.ApplicationScoped;
import jakarta.enterprise.event.Observes;
import java.sql.Connection;
import java.sql.PreparedStatement;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.time.Clock;
import java.time.Duration;
import java.time.Instant;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.Semaphore;
import java.util.stream.Collectors;
import javax.sql.DataSource;
import org.eclipse.microprofile.config.inject.ConfigProperty;
import org.jboss.logging.Logger;
import org.jspecify.annotations.Nullable;

/// Everybody who follows a list on this replica.
///
/// What this replica adds to a list it says at once, after the commit. What another one adds, and
/// that somebody is no member any more, is noticed by one statement every 200 ms for all of them
/// together, and by none while nobody follows anything. A database that is down is no reason to end
/// anything: no membership ends without it.
@ApplicationScoped
public class Subscriptions {

  private record Standing(String organization, long last) {}

  private static final Logger LOG = Logger.getLogger(Subscriptions.class);
  private static final Duration LOOK_EVERY = Duration.ofMillis(200);

  private final DataSource database;
  private final Clock clock;
  private final int mostOfUser;
  private final Set<Subscription> open = ConcurrentHashMap.newKeySet();

  /// Has a permit while somebody may be there to look for.
  private final Semaphore someone = new Semaphore(0);

  private @Nullable Thread looking;

  Subscriptions(
      DataSource database,
      Clock clock,
      @ConfigProperty(name = "slipway.events.streams-per-user", defaultValue = "200")
          int mostOfUser) {
    this.database = database;
    this.clock = clock;
    this.mostOfUser = mostOfUser;
  }

  void start(@Observes StartupEvent event) {
    looking = Thread.ofVirtual().name("event-feed-look").start(this::lookForever);
  }

  void stop(@Observes ShutdownEvent event) {
    Thread running = looking;
    if (running != null) {
      running.interrupt();
    }
    open.forEach(subscription -> subscription.end("the service stops"));
  }

  /// Begins to follow.
  ///
  /// @param until when the caller's sign-in ends
  /// @throws ApiException 429 when this user follows too much already
  public Subscription follow(String user, String organization, Instant until) {
    long mine = open.stream().filter(other -> other.user().equals(user)).count();
    if (mine >= mostOfUser) {
      throw ApiException.of(
              ErrorCode.TOO_MANY_REQUESTS,
              "you follow the events %d times already; end one of them first".formatted(mine))
          .header("Retry-After", "10")
          .build();
    }
    var subscription = new Subscription(user, organization, until, this);
    open.add(subscription);
    someone.release();
    return subscription;
  }

  void remove(Subscription subscription) {
    open.remove(subscription);
  }

  /// An organization's list reaches to this number, committed.
  public void reaches(String organization, long number) {
    for (Subscription subscription : open) {
      if (subscription.organization().equals(organization)) {
        subscription.reaches(number);
      }
    }
  }

  private void lookForever() {
    try {
      boolean answered = true;
      while (true) {
        if (open.isEmpty()) {
          someone.acquire();
        }
        someone.drainPermits();
        try {
          look();
          answered = true;
        } catch (SQLException failure) {
          if (answered) {
            LOG.warnf("the event feed cannot be looked at: %s", failure.getMessage());
          }
          answered = false;
        }
        Thread.sleep(LOOK_EVERY);
      }
    } catch (InterruptedException stopped) {
      Thread.currentThread().interrupt();
    }
  }

  private void look() throws SQLException {
    List<Subscription> looked = List.copyOf(open);
    Instant now = clock.instant();
    Map<String, Standing> standings =
        standings(looked.stream().map(Subscription::user).collect(Collectors.toSet()));
    for (Subscription subscription : looked) {
      Standing standing = standings.get(subscription.user());
      if (standing == null || !standing.organization().equals(subscription.organization())) {
        subscription.end("the membership has ended");
      } else if (!now.isBefore(subscription.until())) {
        subscription.end("the sign-in has ended");
      } else {
        subscription.reaches(standing.last());
      }
    }
  }

  private Map<String, Standing> standings(Set<String> users) throws SQLException {
    try (Connection connection = database.getConnection();
        PreparedStatement select =
            connection.prepareStatement(
                """
                select u.id, u.organization, coalesce(e.number, 0)
                from account_user u left join event_feed_end e on e.organization = u.organization
                where u.id = any (?)""")) {
      select.setArray(1, connection.createArrayOf("text", users.toArray()));
      try (ResultSet rows = select.executeQuery()) {
        Map<String, Standing> standings = new HashMap<>();
        while (rows.next()) {
          standings.put(rows.getString(1), new Standing(rows.getString(2), rows.getLong(3)));
        }
        return standings;
      }
    }
  }
}
