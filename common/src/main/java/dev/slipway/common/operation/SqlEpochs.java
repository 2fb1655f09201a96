package dev.slipway.common.operation;

import jakarta.enterprise.context.ApplicationScoped;
import jakarta.inject.Inject;
import java.sql.PreparedStatement;
import java.sql.ResultSet;
import java.sql.SQLException;

/// Reads the epochs that the kernel raises, in a transaction of its own: a snapshot that began
/// earlier would hide who came later.
@ApplicationScoped
public class SqlEpochs implements Epochs {

  private final Transactions transactions;

  @Inject
  public SqlEpochs(Transactions transactions) {
    this.transactions = transactions;
  }

  @Override
  public long current(String subject) throws DriverFailure {
    try {
      return transactions.inNew(
          connection -> {
            try (PreparedStatement select =
                connection.prepareStatement("select epoch from subject where id = ?")) {
              select.setString(1, subject);
              try (ResultSet row = select.executeQuery()) {
                return row.next() ? row.getLong(1) : 0L;
              }
            }
          });
    } catch (SQLException failure) {
      throw new DriverFailure.Transient(
          "control-database", "the control database did not answer", failure);
    }
  }
}
