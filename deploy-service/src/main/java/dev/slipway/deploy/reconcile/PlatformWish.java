package dev.slipway.deploy.reconcile;

import dev.slipway.common.operation.Transactions;
import jakarta.enterprise.context.ApplicationScoped;
import jakarta.inject.Inject;
import java.sql.Connection;
import java.sql.PreparedStatement;
import java.sql.ResultSet;
import java.sql.SQLException;

/// The platform's wish. Whoever begins to restore reads it under a lock, so that once it is stopped
/// nothing is restored any more.
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

  /// The wish, which stays as it is until the caller's transaction ends.
  static Wish held(Connection connection) throws SQLException {
    try (PreparedStatement select =
            connection.prepareStatement("select wish from platform_wish for share");
        ResultSet row = select.executeQuery()) {
      row.next();
      return Wish.valueOf(row.getString(1));
    }
  }
}
