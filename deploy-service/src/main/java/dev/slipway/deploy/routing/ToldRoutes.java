package dev.slipway.deploy.routing;

import dev.slipway.common.contract.deploy.Route;
import dev.slipway.common.operation.Transactions;
import dev.slipway.common.outbox.Json;
import dev.slipway.common.outbox.Outbox;
import dev.slipway.deploy.domain.Application;
import dev.slipway.deploy.domain.Executor;
import dev.slipway.deploy.domain.Routes;
import dev.slipway.deploy.persistence.Statements;
import jakarta.enterprise.context.ApplicationScoped;
import jakarta.inject.Inject;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/// Routes, told through the outbox, and what the gateways have acknowledged of them.
@ApplicationScoped
public class ToldRoutes implements Routes {

  private final Statements statements;
  private final Outbox outbox;

  @Inject
  public ToldRoutes(Transactions transactions, Outbox outbox) {
    this.statements = new Statements(transactions);
    this.outbox = outbox;
  }

  @Override
  public void tell(Application application, long revision, List<Executor> executors) {
    append(
        application,
        new Route(
            application.id(),
            application.organization(),
            application.organizationName(),
            application.name(),
            revision,
            servedBy(executors),
            executors.stream()
                .map(executor -> new Route.Target(executor.id(), executor.host(), executor.port()))
                .toList(),
            false));
  }

  /// The executors know best: the application may have been read before it served this version.
  private static @Nullable String servedBy(List<Executor> executors) {
    return executors.isEmpty() ? null : executors.getFirst().version();
  }

  @Override
  public void forget(Application application, long revision) {
    append(
        application,
        new Route(
            application.id(),
            application.organization(),
            application.organizationName(),
            application.name(),
            revision,
            null,
            List.of(),
            true));
  }

  private void append(Application application, Route route) {
    statements.together(
        connection -> {
          outbox.append(
              connection, Route.TOPIC, application.id(), application.organization(), route);
          return statements.change(
              """
              insert into told_route (application, revision, removed) values (?, ?, ?)
              on conflict (application) do update
              set revision = excluded.revision, removed = excluded.removed
              where told_route.revision <= excluded.revision""",
              route.application(),
              route.revision(),
              route.removed());
        });
  }

  /// A gateway that has said nothing for six seconds lives no more: it speaks every two. One that
  /// has nothing of an application that is gone has heard that, or never heard of it.
  @Override
  public boolean acknowledged(String application, long revision) {
    return statements
        .first(
            row -> row.getBoolean(1),
            """
            select not exists (
              select from gateway
              where seen_at > clock_timestamp() - interval '6 seconds'
                and case when revisions -> ? is null then not exists (
                      select from told_route
                      where application = ? and removed and revision >= ?)
                    else (revisions ->> ?)::bigint < ? end)""",
            application,
            application,
            revision,
            application,
            revision)
        .orElseThrow();
  }

  /// A gateway says which routes it has.
  void heard(String gateway, Map<String, Long> revisions) {
    statements.change(
        """
        insert into gateway (id, revisions, seen_at) values (?, ?::jsonb, clock_timestamp())
        on conflict (id) do update
        set revisions = excluded.revisions, seen_at = excluded.seen_at""",
        gateway,
        Json.write(revisions));
    statements.change("delete from gateway where seen_at < clock_timestamp() - interval '1 day'");
  }
}
