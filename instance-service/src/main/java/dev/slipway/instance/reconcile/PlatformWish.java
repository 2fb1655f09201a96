package dev.slipway.instance.reconcile;

import dev.slipway.common.operation.Transactions;
import dev.slipway.instance.domain.Wish;
import jakarta.enterprise.context.ApplicationScoped;
import jakarta.inject.Inject;
import java.sql.Connection;
import java.sql.PreparedStatement;
import java.sql.ResultSet;
import java.sql.SQLException;

/// The platform's wish. Whoever begins a repair reads it under a lock, so that once it is stopped
/// no repair begins any more.
@ApplicationScoped
class PlatformWish {

  private final Transactions transactions;

  @Inject
  PlatformWish(Transactions transactions) {
    this.transactions = transactions;
  }

  void set(Wish wish) throws SQLException {
    transactions.inNew(
        connection -> {
          try (PreparedStatement update =
              connection.prepareStatement(
                  "update platform_wish set wish = ?, since = clock_timestamp() where wish <> ?")) {
            update.setString(1, wish.name());
            update.setString(2, wish.name());
            return update.executeUpdate();
          }
        });
  }

  Wish now() throws SQLException {
    return transactions.joining(connection -> read(connection, ""));
  }

  /// The wish, which stays as it is until the caller's transaction ends.
  static Wish held(Connection connection) throws SQLException {
    return read(connection, " for share");
  }

  private static Wish read(Connection connection, String lock) throws SQLException {
    try (PreparedStatement select =
            connection.prepareStatement("select wish from platform_wish" + lock);
        ResultSet row = select.executeQuery()) {
      row.next();
      return Wish.valueOf(row.getString(1));
    }
  }
}
