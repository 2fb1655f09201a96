package dev.slipway.instance.persistence;

import dev.slipway.common.operation.Cause;
import dev.slipway.common.operation.Transactions;
import dev.slipway.instance.domain.Instance;
import dev.slipway.instance.domain.InstanceKind;
import dev.slipway.instance.domain.InstanceStatus;
import dev.slipway.instance.domain.InstanceStatus.Existence;
import jakarta.enterprise.context.ApplicationScoped;
import jakarta.inject.Inject;
import java.sql.PreparedStatement;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.Timestamp;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/// Reads instances together with how they stand, in one query. Clients poll this, so it never asks
/// a driver.
@ApplicationScoped
public class InstanceViews {

  private static final String QUERY =
      """
      select i.id, i.organization, i.name, i.kind, i.administrator, i.host, i.port, i.sealed_password,
             i.supabase_reference, i.operation, i.created_by, i.created_at,
             birth.phase as birth_phase, birth.outcome as birth_outcome,
             birth.cause_code as birth_code, birth.cause_message as birth_message,
             active.id as active_id, active.kind as active_kind, active.phase as active_phase,
             active.cause_code as active_code, active.cause_message as active_message,
             seen.state as seen_state, seen.reason as seen_reason, seen.observed_at
      from instance i
      join operation birth on birth.id = i.operation
      left join subject s on s.id = i.id
      left join operation active on active.id = s.active_operation
      left join observation seen on seen.instance = i.id
      """;

  private final Transactions transactions;

  @Inject
  InstanceViews(Transactions transactions) {
    this.transactions = transactions;
  }

  public List<InstanceView> list(String organization) throws SQLException {
    return query(QUERY + "where i.organization = ? order by i.created_at, i.id", organization);
  }

  public Optional<InstanceView> find(String organization, String name) throws SQLException {
    List<InstanceView> found =
        query(QUERY + "where i.organization = ? and i.name = ?", organization, name);
    return found.isEmpty() ? Optional.empty() : Optional.of(found.getFirst());
  }

  /// Every instance of this installation, whoever's it is: for those who observe.
  public List<InstanceView> all() throws SQLException {
    return query(QUERY + "order by i.id");
  }

  private List<InstanceView> query(String sql, String... arguments) throws SQLException {
    return transactions.joining(
        connection -> {
          try (PreparedStatement select = connection.prepareStatement(sql)) {
            for (int i = 0; i < arguments.length; i++) {
              select.setString(i + 1, arguments[i]);
            }
            try (ResultSet rows = select.executeQuery()) {
              List<InstanceView> views = new ArrayList<>();
              while (rows.next()) {
                views.add(view(rows));
              }
              return views;
            }
          }
        });
  }

  private static InstanceView view(ResultSet row) throws SQLException {
    boolean down = "DOWN".equals(row.getString("seen_state"));
    boolean stuck = "STUCK".equals(row.getString("active_phase"));
    Existence existence = existence(row);
    InstanceStatus status =
        InstanceStatus.of(
            new InstanceStatus.Facts(
                existence, Optional.ofNullable(row.getString("active_kind")), stuck, down));
    Cause cause = null;
    if (stuck) {
      cause = cause(row, "active");
    } else if (existence == Existence.NEVER_CAME) {
      cause = cause(row, "birth");
    }
    Timestamp observedAt = row.getTimestamp("observed_at");
    return new InstanceView(
        new Instance(
            row.getString("id"),
            row.getString("organization"),
            row.getString("name"),
            InstanceKind.valueOf(row.getString("kind")),
            row.getString("administrator"),
            row.getString("host"),
            (Integer) row.getObject("port"),
            row.getString("sealed_password"),
            row.getString("supabase_reference"),
            row.getString("operation"),
            row.getString("created_by"),
            row.getTimestamp("created_at").toInstant()),
        status,
        cause,
        down ? row.getString("seen_reason") : null,
        observedAt == null ? null : observedAt.toInstant(),
        row.getString("active_id"));
  }

  private static Existence existence(ResultSet row) throws SQLException {
    if (!"ENDED".equals(row.getString("birth_phase"))) {
      return Existence.COMING;
    }
    return "SUCCEEDED".equals(row.getString("birth_outcome"))
        ? Existence.THERE
        : Existence.NEVER_CAME;
  }

  private static @Nullable Cause cause(ResultSet row, String whose) throws SQLException {
    String code = row.getString(whose + "_code");
    return code == null ? null : new Cause(code, row.getString(whose + "_message"));
  }
}
