package dev.slipway.deploy.persistence;

import dev.slipway.common.operation.Transactions;
import dev.slipway.deploy.domain.DatabaseAccess;
import dev.slipway.deploy.domain.DatabaseAccesses;
import jakarta.enterprise.context.ApplicationScoped;
import jakarta.inject.Inject;
import java.util.List;
import java.util.Optional;

/// How applications get to their databases, in the database.
@ApplicationScoped
public class DatabaseAccessTable implements DatabaseAccesses {

  private final Statements statements;

  @Inject
  public DatabaseAccessTable(Transactions transactions) {
    this.statements = new Statements(transactions);
  }

  @Override
  public void put(DatabaseAccess access) {
    statements.change(
        """
        insert into database_access (application, instance, host, port, role, sealed_password,
          ensured, linked)
        values (?, ?, ?, ?, ?, ?, ?, ?)
        on conflict (application, instance) do update
        set host = excluded.host, port = excluded.port, role = excluded.role,
            sealed_password = excluded.sealed_password, ensured = excluded.ensured,
            linked = excluded.linked""",
        access.application(),
        access.instance(),
        access.host(),
        access.port(),
        access.role(),
        access.sealedPassword(),
        access.ensured(),
        access.linked());
  }

  @Override
  public Optional<DatabaseAccess> find(String application, String instance) {
    return statements.first(
        row ->
            new DatabaseAccess(
                row.getString("application"),
                row.getString("instance"),
                row.getString("host"),
                row.getInt("port"),
                row.getString("role"),
                row.getString("sealed_password"),
                row.getBoolean("ensured"),
                row.getBoolean("linked")),
        "select * from database_access where application = ? and instance = ?",
        application,
        instance);
  }

  @Override
  public void ensured(String application, String instance) {
    statements.change(
        "update database_access set ensured = true, guarded = true where application = ? and instance = ?",
        application,
        instance);
  }

  @Override
  public boolean guarded(String application, String instance) {
    return statements
        .first(
            row -> row.getBoolean("guarded"),
            "select guarded from database_access where application = ? and instance = ?",
            application,
            instance)
        .orElse(false);
  }

  @Override
  public void remove(String application, String instance) {
    statements.change(
        "delete from database_access where application = ? and instance = ?",
        application,
        instance);
  }

  @Override
  public List<String> everywhere(String application) {
    return statements.list(
        row -> row.getString("instance"),
        "select instance from database_access where application = ? order by instance collate \"C\"",
        application);
  }
}
