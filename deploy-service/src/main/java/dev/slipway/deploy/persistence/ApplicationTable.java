package dev.slipway.deploy.persistence;

import dev.slipway.common.operation.Transactions;
import dev.slipway.deploy.domain.Application;
import dev.slipway.deploy.domain.Applications;
import dev.slipway.deploy.domain.Language;
import jakarta.enterprise.context.ApplicationScoped;
import jakarta.inject.Inject;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.util.List;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/// Applications in the database.
@ApplicationScoped
public class ApplicationTable implements Applications {

  private static final String SELECT = "select a.* from application a ";

  private final Statements statements;

  @Inject
  public ApplicationTable(Transactions transactions) {
    this.statements = new Statements(transactions);
  }

  @Override
  public void add(Application application) {
    // Otherwise its name might be one that is just being changed.
    lock(application.organization());
    int added =
        statements.change(
            """
            insert into application (id, organization, organization_name, name, language, instance,
              instance_name, database_name, memory_mib, minimum_executors, serving,
              route_revision, operation, created_by, created_at)
            values (?, ?, coalesce((select name from organization_name where organization = ?), ?),
              ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)
            on conflict do nothing""",
            application.id(),
            application.organization(),
            application.organization(),
            application.organizationName(),
            application.name(),
            application.language(),
            application.instance(),
            application.instanceName(),
            application.database(),
            application.memoryMib(),
            application.minimumExecutors(),
            application.serving(),
            application.routeRevision(),
            application.operation(),
            application.createdBy(),
            application.createdAt());
    // Not a refusal by the database: that would take the caller's transaction with it.
    if (added == 0) {
      throw new IllegalStateException(
          "The name %s or the database %s on %s is taken"
              .formatted(application.name(), application.database(), application.instance()));
    }
  }

  @Override
  public Optional<Application> byId(String id) {
    return statements.first(ApplicationTable::application, SELECT + "where a.id = ?", id);
  }

  @Override
  public Optional<Application> find(String organization, String name) {
    return statements.first(
        ApplicationTable::application,
        SELECT + "where a.organization = ? and a.name = ?",
        organization,
        name);
  }

  @Override
  public List<Application> list(String organization) {
    return statements.list(
        ApplicationTable::application,
        SELECT + "where a.organization = ? order by a.name collate \"C\"",
        organization);
  }

  @Override
  public List<Application> all() {
    return statements.list(ApplicationTable::application, SELECT + "order by a.id");
  }

  @Override
  public long count(String organization) {
    return statements
        .first(
            row -> row.getLong(1),
            "select count(*) from application where organization = ?",
            organization)
        .orElseThrow();
  }

  @Override
  public long countBegun(String organization) {
    lock(organization);
    return statements
        .first(
            row -> row.getLong(1),
            """
            select (select count(*) from application where organization = ?) + (
              select count(*) from operation o
              where o.organization = ? and o.kind = 'application.register' and o.phase <> 'ENDED'
                and not exists (select from application a where a.id = o.subject))""",
            organization,
            organization)
        .orElseThrow();
  }

  /// One at a time renames an organization or adds applications to it.
  private void lock(String organization) {
    statements.first(
        row -> true,
        "select pg_advisory_xact_lock(hashtext('applications'), hashtext(?))",
        organization);
  }

  @Override
  public void configure(String id, int memoryMib, int minimumExecutors) {
    statements.change(
        "update application set memory_mib = ?, minimum_executors = ? where id = ?",
        memoryMib,
        minimumExecutors,
        id);
  }

  @Override
  public long serve(String id, @Nullable String version) {
    return statements
        .first(
            row -> row.getLong(1),
            """
            update application set serving = ?, route_revision = route_revision + 1
            where id = ? returning route_revision""",
            version,
            id)
        .orElseThrow(() -> new IllegalStateException("There is no application " + id));
  }

  @Override
  public boolean named(String id, String database) {
    return statements.change(
            """
            update application a set database_name = ?
            where a.id = ? and not exists (
              select from application other
              where other.instance = a.instance and other.database_name = ? and other.id <> a.id)""",
            database,
            id,
            database)
        > 0;
  }

  @Override
  public void moved(String id, String instance, String instanceName) {
    statements.change(
        "update application set instance = ?, instance_name = ? where id = ?",
        instance,
        instanceName,
        id);
  }

  @Override
  public List<Application> renamed(String organization, String newName) {
    lock(organization);
    statements.change(
        """
        insert into organization_name (organization, name) values (?, ?)
        on conflict (organization) do update set name = excluded.name""",
        organization,
        newName);
    return statements.list(
        ApplicationTable::application,
        """
        update application a
        set organization_name = ?, route_revision = route_revision + 1
        where a.organization = ? and a.organization_name <> ? returning a.*""",
        newName,
        organization,
        newName);
  }

  @Override
  public void remove(String id) {
    statements.change("delete from application where id = ?", id);
  }

  static Application application(ResultSet row) throws SQLException {
    return new Application(
        row.getString("id"),
        row.getString("organization"),
        row.getString("organization_name"),
        row.getString("name"),
        Language.valueOf(row.getString("language")),
        row.getString("instance"),
        row.getString("instance_name"),
        row.getString("database_name"),
        row.getInt("memory_mib"),
        row.getInt("minimum_executors"),
        row.getString("serving"),
        row.getLong("route_revision"),
        row.getString("operation"),
        row.getString("created_by"),
        row.getTimestamp("created_at").toInstant());
  }
}
