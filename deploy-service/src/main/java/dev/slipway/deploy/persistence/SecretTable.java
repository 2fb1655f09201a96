package dev.slipway.deploy.persistence;

import dev.slipway.common.operation.Transactions;
import dev.slipway.deploy.domain.Secrets;
import jakarta.enterprise.context.ApplicationScoped;
import jakarta.inject.Inject;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/// Secrets in the database.
@ApplicationScoped
public class SecretTable implements Secrets {

  private final Statements statements;

  @Inject
  public SecretTable(Transactions transactions) {
    this.statements = new Statements(transactions);
  }

  @Override
  public void put(String application, String name, String sealed) {
    statements.change(
        """
        insert into secret (application, name, sealed) values (?, ?, ?)
        on conflict (application, name) do update set sealed = excluded.sealed""",
        application,
        name,
        sealed);
  }

  @Override
  public List<String> names(String application) {
    return statements.list(
        row -> row.getString(1),
        "select name from secret where application = ? order by name collate \"C\"",
        application);
  }

  @Override
  public Map<String, String> sealed(String application) {
    Map<String, String> sealed = new LinkedHashMap<>();
    statements
        .list(
            row -> Map.entry(row.getString(1), row.getString(2)),
            "select name, sealed from secret where application = ? order by name collate \"C\"",
            application)
        .forEach(secret -> sealed.put(secret.getKey(), secret.getValue()));
    return sealed;
  }

  @Override
  public boolean remove(String application, String name) {
    return statements.change(
            "delete from secret where application = ? and name = ?", application, name)
        > 0;
  }
}
