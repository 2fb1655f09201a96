package dev.slipway.deploy.persistence;

import dev.slipway.common.operation.Transactions;
import dev.slipway.deploy.domain.ApplicationStatus;
import jakarta.enterprise.context.ApplicationScoped;
import jakarta.inject.Inject;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.util.List;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/// Reads applications together with how they stand, in one query. Clients poll this ten times a
/// second, so it never asks a runtime.
@ApplicationScoped
public class ApplicationViews {

  private static final String QUERY =
      """
      select a.*, active.id as active_id, active.kind as active_kind,
             active.phase = 'STUCK' as active_stuck, active.cause_message as active_message,
             early.id as early_id, early.cause_message as early_message,
             coalesce(running.up, false) as up, running.reason as down_reason,
             exists (select from database_access d where d.application = a.id) as named
      from application a
      left join subject s on s.id = a.id
      left join operation active on active.id = s.active_operation
      left join operation early
        on early.id = a.answered_early and early.phase = 'ENDED' and early.outcome <> 'SUCCEEDED'
        and not exists (
          select from operation later
          where later.subject = a.id and later.outcome = 'SUCCEEDED'
            and later.created_at > early.created_at and later.kind = any (?))
      left join lateral (
        select bool_or(coalesce(e.up, true)) as up, min(e.reason) as reason
        from executor e
        where e.application = a.id and e.version = a.serving and e.duty = 'SERVING') running
        on true
      """;

  private final Statements statements;

  @Inject
  public ApplicationViews(Transactions transactions) {
    this.statements = new Statements(transactions);
  }

  /// In the order of their names.
  public List<ApplicationView> list(String organization) {
    return statements.list(
        ApplicationViews::view,
        QUERY + "where a.organization = ? order by a.name collate \"C\"",
        ApplicationStatus.DEPLOYS,
        organization);
  }

  public Optional<ApplicationView> find(String organization, String name) {
    return statements.first(
        ApplicationViews::view,
        QUERY + "where a.organization = ? and a.name = ?",
        ApplicationStatus.DEPLOYS,
        organization,
        name);
  }

  /// A deploy was answered before its end: from now on the status has to tell how it ended.
  public void answeredEarly(String operation) {
    statements.change(
        """
        update application a set answered_early = o.id
        from operation o where o.id = ? and a.id = o.subject""",
        operation);
  }

  /// Locks an application's operations for the caller's transaction, as the kernel does before it
  /// touches anything that belongs to them.
  public void lock(String application) {
    statements.list(
        row -> row.getString(1), "select id from subject where id = ? for update", application);
  }

  /// Whether an earlier call with this key has begun an operation.
  public boolean begun(String organization, String request, String key) {
    return statements
        .first(
            row -> row.getString(1),
            """
            select operation from idempotency_key
            where organization = ? and request = ? and key = ? and operation is not null""",
            organization,
            request,
            key)
        .isPresent();
  }

  /// The version that an operation was asked to bring up.
  public Optional<String> versionOf(String operation) {
    return statements.first(
        row -> row.getString(1),
        "select input ->> 'version' from operation where id = ? and input ->> 'version' <> ''",
        operation);
  }

  private static ApplicationView view(ResultSet row) throws SQLException {
    boolean stuck = row.getBoolean("active_stuck");
    String early = row.getString("early_id");
    ApplicationStatus status =
        ApplicationStatus.of(
            new ApplicationStatus.Facts(
                row.getString("active_kind"), stuck, early != null, row.getBoolean("up")));
    return new ApplicationView(
        ApplicationTable.application(row),
        status,
        reason(row, status, stuck),
        row.getBoolean("named"),
        row.getString(
            row.getString("active_id") == null && status == ApplicationStatus.DEPLOY_FAILED
                ? "early_id"
                : "active_id"));
  }

  private static @Nullable String reason(ResultSet row, ApplicationStatus status, boolean stuck)
      throws SQLException {
    return switch (status) {
      case AVAILABLE, DEPLOYING -> null;
      case DELETING -> stuck ? row.getString("active_message") : null;
      case DEPLOY_FAILED -> row.getString(stuck ? "active_message" : "early_message");
      case UNAVAILABLE -> row.getString("down_reason");
    };
  }
}
