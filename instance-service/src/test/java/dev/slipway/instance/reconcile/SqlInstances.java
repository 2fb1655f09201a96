package dev.slipway.instance.reconcile;

import dev.slipway.common.operation.Transactions;
import dev.slipway.instance.domain.Instance;
import dev.slipway.instance.domain.InstanceKind;
import dev.slipway.instance.domain.Instances;
import dev.slipway.instance.domain.Observations;
import java.sql.PreparedStatement;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.util.Objects;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/// Instances in the real table, without a container.
final class SqlInstances implements Instances {

  private final Transactions transactions;
  private final Observations observations;

  SqlInstances(Transactions transactions, Observations observations) {
    this.transactions = transactions;
    this.observations = observations;
  }

  @Override
  public boolean add(Instance instance) {
    update(
        "insert into instance (id, organization, name, kind, administrator, sealed_password, operation, created_by)"
            + " values (?, ?, ?, ?, ?, ?, ?, ?)",
        instance.id(),
        instance.organization(),
        instance.name(),
        instance.kind().name(),
        instance.administrator(),
        instance.sealedPassword(),
        instance.operation(),
        instance.createdBy());
    return true;
  }

  @Override
  public Optional<Instance> find(String organization, String name) {
    return read("where organization = ? and name = ?", organization, name);
  }

  @Override
  public Optional<Instance> byId(String id) {
    return read("where id = ?", id);
  }

  private Optional<Instance> read(String where, String... arguments) {
    return joining(
        connection -> {
          try (PreparedStatement select =
              connection.prepareStatement("select * from instance " + where)) {
            for (int i = 0; i < arguments.length; i++) {
              select.setString(i + 1, arguments[i]);
            }
            try (ResultSet row = select.executeQuery()) {
              return row.next()
                  ? Optional.of(
                      new Instance(
                          row.getString("id"),
                          row.getString("organization"),
                          row.getString("name"),
                          InstanceKind.valueOf(row.getString("kind")),
                          row.getString("administrator"),
                          row.getString("host"),
                          (Integer) row.getObject("port"),
                          row.getString("sealed_password"),
                          null,
                          row.getString("operation"),
                          row.getString("created_by"),
                          row.getTimestamp("created_at").toInstant()))
                  : Optional.empty();
            }
          }
        });
  }

  @Override
  public long count(String organization) {
    throw new UnsupportedOperationException("Nobody counts here");
  }

  @Override
  public void placed(String id, String host, int port) {
    update("update instance set host = ?, port = ? where id = ?", host, port, id);
    observations.up(id);
  }

  @Override
  public void remove(String id) {
    update("delete from instance where id = ?", id);
  }

  @Override
  public void forget(String id) {
    remove(id);
  }

  private void update(String sql, @Nullable Object... arguments) {
    Integer rows =
        joining(
            connection -> {
              try (PreparedStatement statement = connection.prepareStatement(sql)) {
                for (int i = 0; i < arguments.length; i++) {
                  statement.setObject(i + 1, arguments[i]);
                }
                return statement.executeUpdate();
              }
            });
    Objects.requireNonNull(rows, "An update counts its rows");
  }

  private <T> T joining(Transactions.Work<T> work) {
    try {
      return transactions.joining(work);
    } catch (SQLException failure) {
      throw new IllegalStateException(failure);
    }
  }
}
