package dev.slipway.common.operation;

import java.sql.Connection;
import java.sql.PreparedStatement;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.time.Duration;
import java.util.HashMap;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import org.jspecify.annotations.Nullable;

/// How long operations take on this installation: the medians of the newest successes of the same
/// kind with the same plan, once there are enough. They are measured a minute apart at the most,
/// so that a request mostly costs nothing.
final class UsualDurations {

  /// Fewer say nothing.
  static final int LEAST = 20;

  private static final int MOST = 200;
  private static final long GOOD_FOR_NANOS = Duration.ofMinutes(1).toNanos();

  /// The medians of one plan, in milliseconds.
  ///
  /// @param whole null when there are too few successes
  record Usual(@Nullable Long whole, Map<String, Long> steps) {

    static final Usual UNKNOWN = new Usual(null, Map.of());
  }

  private record Measured(Usual usual, long at) {}

  private final Map<String, Measured> known = new ConcurrentHashMap<>();

  /// Of operations of this kind whose plan has this signature.
  Usual of(Connection connection, String kind, String signature) throws SQLException {
    String plan = kind + ' ' + signature;
    Measured measured = known.get(plan);
    if (measured != null && System.nanoTime() - measured.at() <= GOOD_FOR_NANOS) {
      return measured.usual();
    }
    // The others go on with what is known while this one measures.
    Usual before = measured == null ? Usual.UNKNOWN : measured.usual();
    known.put(plan, new Measured(before, System.nanoTime()));
    Usual now = measure(connection, kind, signature);
    known.put(plan, new Measured(now, System.nanoTime()));
    return now;
  }

  private static Usual measure(Connection connection, String kind, String signature)
      throws SQLException {
    try (PreparedStatement select =
        connection.prepareStatement(
            """
            with newest as (
              select id, created_at, ended_at from operation
              where kind = ? and signature = ? and outcome = 'SUCCEEDED'
              order by ended_at desc limit ?
            ), enough as (select * from newest where (select count(*) from newest) >= ?)
            select null, %1$s(order by ended_at - created_at)%2$s from enough
            union all
            select s.step, %1$s(order by s.ended_at - s.entered_at)%2$s
            from enough join operation_step s on s.operation = enough.id
            where s.direction = 'DO' and s.state = 'DONE'
            group by s.step"""
                .formatted(
                    "(extract(epoch from percentile_cont(0.5) within group ",
                    ") * 1000)::bigint"))) {
      select.setString(1, kind);
      select.setString(2, signature);
      select.setInt(3, MOST);
      select.setInt(4, LEAST);
      try (ResultSet rows = select.executeQuery()) {
        Long whole = null;
        Map<String, Long> steps = new HashMap<>();
        while (rows.next()) {
          String step = rows.getString(1);
          long millis = rows.getLong(2);
          if (rows.wasNull()) {
            return Usual.UNKNOWN;
          }
          if (step == null) {
            whole = millis;
          } else {
            steps.put(step, millis);
          }
        }
        return new Usual(whole, Map.copyOf(steps));
      }
    }
  }
}
