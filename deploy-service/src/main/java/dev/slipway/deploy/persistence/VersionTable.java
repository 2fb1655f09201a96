package dev.slipway.deploy.persistence;

import dev.slipway.common.operation.Transactions;
import dev.slipway.common.outbox.Json;
import dev.slipway.deploy.domain.Manifest;
import dev.slipway.deploy.domain.Version;
import dev.slipway.deploy.domain.Versions;
import jakarta.enterprise.context.ApplicationScoped;
import jakarta.inject.Inject;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.util.List;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/// Versions in the database.
@ApplicationScoped
public class VersionTable implements Versions {

  private static final String NEXT =
      """
      update application
      set last_version =
        greatest(last_version + 1, (extract(epoch from clock_timestamp()) * 1000)::bigint)
      where id = ? returning last_version""";

  private final Statements statements;

  @Inject
  public VersionTable(Transactions transactions) {
    this.statements = new Statements(transactions);
  }

  @Override
  public Version add(String application, String archive, String operation, String createdBy) {
    return statements.together(
        connection -> {
          // The row of the application is locked from here on: two that come at once get
          // different identifiers.
          String id =
              statements
                  .first(row -> Long.toString(row.getLong(1)), NEXT, application)
                  .orElseThrow(
                      () -> new IllegalStateException("There is no application " + application));
          return statements
              .first(
                  VersionTable::version,
                  """
                  insert into version (application, id, archive, operation, created_by)
                  values (?, ?, ?, ?, ?) returning *""",
                  application,
                  id,
                  archive,
                  operation,
                  createdBy)
              .orElseThrow();
        });
  }

  @Override
  public Optional<Version> find(String application, String id) {
    return statements.first(
        VersionTable::version,
        "select * from version where application = ? and id = ?",
        application,
        id);
  }

  @Override
  public List<Version> list(String application) {
    return statements.list(
        VersionTable::version,
        "select * from version where application = ? order by id::bigint desc",
        application);
  }

  @Override
  public void read(String application, String id, Manifest manifest) {
    statements.change(
        "update version set manifest = ?::jsonb where application = ? and id = ?",
        Json.write(manifest),
        application,
        id);
  }

  @Override
  public void ready(String application, String id, @Nullable String instance) {
    statements.change(
        "update version set ready_for = ? where application = ? and id = ?",
        instance,
        application,
        id);
  }

  @Override
  public void deployed(String application, String id) {
    statements.change(
        "update version set deployed = true where application = ? and id = ?", application, id);
  }

  @Override
  public void remove(String application, String id) {
    statements.change("delete from version where application = ? and id = ?", application, id);
  }

  @Override
  public List<String> archives() {
    return statements.list(
        row -> row.getString(1), "select distinct archive from version order by archive");
  }

  private static Version version(ResultSet row) throws SQLException {
    return new Version(
        row.getString("application"),
        row.getString("id"),
        row.getString("archive"),
        row.getString("manifest"),
        row.getBoolean("deployed"),
        row.getString("ready_for"),
        row.getString("operation"),
        row.getString("created_by"),
        row.getTimestamp("created_at").toInstant());
  }
}
