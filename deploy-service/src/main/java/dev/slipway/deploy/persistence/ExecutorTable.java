package dev.slipway.deploy.persistence;

import dev.slipway.common.operation.Transactions;
import dev.slipway.deploy.domain.Executor;
import dev.slipway.deploy.domain.Executors;
import jakarta.enterprise.context.ApplicationScoped;
import jakarta.inject.Inject;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.util.List;

/// Executors in the database.
@ApplicationScoped
public class ExecutorTable implements Executors {

  private final Statements statements;

  @Inject
  public ExecutorTable(Transactions transactions) {
    this.statements = new Statements(transactions);
  }

  @Override
  public void add(Executor executor) {
    statements.change(
        """
        insert into executor (id, application, version, host, port, admin_port, memory_mib, duty,
          since, up, reason, observed_at)
        values (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)""",
        executor.id(),
        executor.application(),
        executor.version(),
        executor.host(),
        executor.port(),
        executor.adminPort(),
        executor.memoryMib(),
        executor.duty(),
        executor.since(),
        executor.up(),
        executor.reason(),
        executor.observedAt());
  }

  @Override
  public List<Executor> of(String application) {
    return statements.list(
        ExecutorTable::executor,
        "select * from executor where application = ? order by id",
        application);
  }

  @Override
  public List<Executor> all() {
    return statements.list(ExecutorTable::executor, "select * from executor order by id");
  }

  @Override
  public void assign(String application, String version, Executor.Duty duty) {
    statements.change(
        """
        update executor set duty = ?, since = clock_timestamp()
        where application = ? and version = ? and duty <> ?""",
        duty,
        application,
        version,
        duty);
  }

  @Override
  public void observed(String id, boolean up, String reason) {
    statements.change(
        "update executor set up = ?, reason = ?, observed_at = clock_timestamp() where id = ?",
        up,
        up ? null : reason,
        id);
  }

  @Override
  public void remove(String id) {
    statements.change("delete from executor where id = ?", id);
  }

  private static Executor executor(ResultSet row) throws SQLException {
    return new Executor(
        row.getString("id"),
        row.getString("application"),
        row.getString("version"),
        row.getString("host"),
        row.getInt("port"),
        row.getInt("admin_port"),
        row.getInt("memory_mib"),
        Executor.Duty.valueOf(row.getString("duty")),
        row.getTimestamp("since").toInstant(),
        (Boolean) row.getObject("up"),
        row.getString("reason"),
        Statements.instant(row, "observed_at"));
  }
}
