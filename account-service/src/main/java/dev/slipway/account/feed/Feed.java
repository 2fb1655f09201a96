package dev.slipway.account.feed;

import jakarta.enterprise.context.ApplicationScoped;
import java.sql.Array;
import java.sql.Connection;
import java.sql.PreparedStatement;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import javax.sql.DataSource;

/// The events of each organization, numbered without gaps.
///
/// A reader that sees a number has seen, or could have seen, every lower one: whoever adds an event
/// holds the end of the list from taking its number to its commit.
@ApplicationScoped
public class Feed {

  /// One event.
  ///
  /// @param json a CloudEvent, with its number in the feed as `number`
  public record Entry(long number, String json) {}

  /// What one look at an organization's list has found.
  ///
  /// @param first   the number of the oldest event that is kept; `last + 1` when none is
  /// @param last    the number of the newest event; 0 when there never was one
  /// @param through up to here nothing was left out that the reader wants
  public record Page(long first, long last, List<Entry> entries, long through) {

    /// Whether somebody who has seen everything up to this number can go on without a gap.
    public boolean continues(long position) {
      return position >= first - 1 && position <= last;
    }
  }

  private static final int MOST = 100;

  private final DataSource database;

  Feed(DataSource database) {
    this.database = database;
  }

  /// The bounds of an organization's list, and nothing of what is in it.
  public Page bounds(String organization) throws SQLException {
    return read(organization, Long.MAX_VALUE, EventFilter.EVERYTHING);
  }

  /// What comes after a position, the oldest first and at most 500 of it. One statement, so that
  /// bounds and events are of the same moment.
  public Page read(String organization, long after, EventFilter filter) throws SQLException {
    var conditions = new StringBuilder();
    List<List<String>> wanted = new ArrayList<>();
    if (!filter.operations().isEmpty()) {
      conditions.append(
          " and (operation = any (?)"
              + " or event->'data'->'ancestry' <> '[]' and event->'data'->'ancestry' ??| ?)");
      wanted.add(filter.operations());
      wanted.add(filter.operations());
    }
    if (!filter.kinds().isEmpty()) {
      conditions.append(" and kind = any (?)");
      wanted.add(filter.kinds());
    }
    if (!filter.types().isEmpty()) {
      conditions.append(" and type = any (?)");
      wanted.add(filter.types());
    }
    if (!filter.subjects().isEmpty()) {
      conditions.append(" and (subject = any (?) or subject_name = any (?))");
      wanted.add(filter.subjects());
      wanted.add(filter.subjects());
    }
    try (Connection connection = database.getConnection();
        PreparedStatement select =
            connection.prepareStatement(
                """
                with bounds as (
                  select number as last,
                    coalesce(
                      (select min(number) from event_feed where organization = e.organization),
                      number + 1) as first
                  from event_feed_end e where organization = ?)
                select first, last, found.number, found.event
                from bounds left join lateral (
                  select number, (event || jsonb_build_object('number', number))::text as event
                  from event_feed
                  where organization = ? and number > ? and number <= last%s
                  order by number limit %d) found on true
                order by found.number"""
                    .formatted(conditions, MOST))) {
      select.setString(1, organization);
      select.setString(2, organization);
      select.setLong(3, after);
      int parameter = 4;
      for (List<String> list : wanted) {
        Array array = connection.createArrayOf("text", list.toArray());
        select.setArray(parameter++, array);
      }
      try (ResultSet rows = select.executeQuery()) {
        return page(rows);
      }
    }
  }

  private static Page page(ResultSet rows) throws SQLException {
    long first = 1;
    long last = 0;
    List<Entry> entries = new ArrayList<>();
    while (rows.next()) {
      first = rows.getLong(1);
      last = rows.getLong(2);
      String event = rows.getString(4);
      if (event != null) {
        entries.add(new Entry(rows.getLong(3), event));
      }
    }
    long through = entries.size() < MOST ? last : entries.getLast().number();
    return new Page(first, last, entries, through);
  }

  /// Forgets what was taken in longer ago than this. Of each organization a beginning is removed,
  /// so that what stays has no gaps either, whatever clocks did.
  ///
  /// @return how many events are gone
  int forget(Duration age) throws SQLException {
    try (Connection connection = database.getConnection();
        PreparedStatement delete =
            connection.prepareStatement(
                """
                delete from event_feed f
                using (select organization, max(number) as number from event_feed
                       where taken_at < clock_timestamp() - ? * interval '1 second'
                       group by organization) old
                where f.organization = old.organization and f.number <= old.number""")) {
      delete.setLong(1, age.toSeconds());
      return delete.executeUpdate();
    }
  }
}
