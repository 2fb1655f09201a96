package dev.slipway.instance.persistence;

import dev.slipway.common.operation.Transactions;
import dev.slipway.instance.domain.Bindings;
import jakarta.enterprise.context.ApplicationScoped;
import jakarta.inject.Inject;
import java.sql.Connection;
import java.sql.PreparedStatement;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;

/// Bindings in their table.
///
/// The order of locks is the kernel's: the subject first, then the instance. Accepting a destroy
/// holds both when it counts, and a binding holds both when it looks whether one was accepted.
///
/// Before both, a binding and the end of its application take turns: whichever comes second finds
/// what the first has left.
@ApplicationScoped
public class SqlBindings implements Bindings {

  private static final String TURN = "select pg_advisory_xact_lock(2602, hashtext(?))";

  private final Transactions transactions;
  private final InstanceViews views;

  @Inject
  SqlBindings(Transactions transactions, InstanceViews views) {
    this.transactions = transactions;
    this.views = views;
  }

  /// What a binding came to.
  public sealed interface Bound {

    /// It is made, or was there.
    record To(InstanceView instance) implements Bound {}

    /// The application is deleted, and nothing is bound for it any more.
    record NoApplication() implements Bound {}

    /// The organization has no instance of this name.
    record NoInstance() implements Bound {}

    /// The instance has no address, never came into being, or is being destroyed.
    record Unavailable(InstanceView instance) implements Bound {}
  }

  /// Makes a binding, unless it is there; afterwards the instance cannot be destroyed.
  public Bound bind(
      String application, String applicationName, String organization, String instanceName)
      throws SQLException {
    return transactions.inNew(
        connection -> {
          lock(connection, TURN, application);
          if (isDeleted(connection, application)) {
            return new Bound.NoApplication();
          }
          Optional<InstanceView> seen = views.find(organization, instanceName);
          if (seen.isEmpty()) {
            return new Bound.NoInstance();
          }
          String instance = seen.get().instance().id();
          lock(connection, "select id from subject where id = ? for update", instance);
          lock(connection, "select id from instance where id = ? for update", instance);
          // Again, now that nobody can change it: it may just have been destroyed.
          Optional<InstanceView> view = views.find(organization, instanceName);
          if (view.isEmpty() || !view.get().instance().id().equals(instance)) {
            return new Bound.NoInstance();
          }
          if (!open(view.get())) {
            return new Bound.Unavailable(view.get());
          }
          insert(connection, application, applicationName, instance);
          return new Bound.To(view.get());
        });
  }

  private static boolean isDeleted(Connection connection, String application) throws SQLException {
    String query = "select application from deleted_application where application = ?";
    return !texts(connection, query, application).isEmpty();
  }

  private static boolean open(InstanceView view) {
    return view.instance().host() != null
        && switch (view.status()) {
          case AVAILABLE, MODIFYING, UNAVAILABLE -> true;
          case CREATING, DELETING, FAILED -> false;
        };
  }

  private static void insert(
      Connection connection, String application, String applicationName, String instance)
      throws SQLException {
    try (PreparedStatement insert =
        connection.prepareStatement(
            """
            insert into binding (application, instance, application_name) values (?, ?, ?)
            on conflict (application, instance) do update set application_name = excluded.application_name""")) {
      insert.setString(1, application);
      insert.setString(2, instance);
      insert.setString(3, applicationName);
      insert.executeUpdate();
    }
  }

  /// Ends the binding of an application to an instance.
  public void release(String application, String instance) throws SQLException {
    transactions.inNew(
        connection ->
            change(
                connection,
                "delete from binding where application = ? and instance = ?",
                application,
                instance));
  }

  /// Ends every binding of an application that is deleted, and refuses those that are still to
  /// come: a call may have been asked for long before, and arrive after.
  public void releaseForGood(String application) throws SQLException {
    transactions.inNew(
        connection -> {
          lock(connection, TURN, application);
          change(
              connection,
              "insert into deleted_application (application) values (?) on conflict do nothing",
              application);
          return change(connection, "delete from binding where application = ?", application);
        });
  }

  @Override
  public List<String> lockApplicationsOf(String instance) {
    return joining(
        connection -> {
          lock(connection, "select id from instance where id = ? for update", instance);
          return texts(
              connection,
              """
              select application_name from binding where instance = ?
              order by application_name collate "C", application""",
              instance);
        });
  }

  @Override
  public boolean bound(String instance, String application) {
    return joining(
        connection ->
            !texts(
                    connection,
                    "select application from binding where instance = ? and application = ?",
                    instance,
                    application)
                .isEmpty());
  }

  private static void lock(Connection connection, String sql, String id) throws SQLException {
    texts(connection, sql, id);
  }

  private static int change(Connection connection, String sql, String... arguments)
      throws SQLException {
    try (PreparedStatement statement = connection.prepareStatement(sql)) {
      for (int i = 0; i < arguments.length; i++) {
        statement.setString(i + 1, arguments[i]);
      }
      return statement.executeUpdate();
    }
  }

  private static List<String> texts(Connection connection, String sql, String... arguments)
      throws SQLException {
    try (PreparedStatement select = connection.prepareStatement(sql)) {
      for (int i = 0; i < arguments.length; i++) {
        select.setString(i + 1, arguments[i]);
      }
      try (ResultSet rows = select.executeQuery()) {
        List<String> found = new ArrayList<>();
        while (rows.next()) {
          found.add(rows.getString(1));
        }
        return found;
      }
    }
  }

  private <T> T joining(Transactions.Work<T> work) {
    try {
      return transactions.joining(work);
    } catch (SQLException failure) {
      throw new IllegalStateException("The control database did not answer", failure);
    }
  }
}
