package dev.slipway.common.reconcile;

import dev.slipway.common.driver.Trashed;
import dev.slipway.common.error.ApiException;
import dev.slipway.common.error.ErrorCode;
import dev.slipway.common.ledger.Ledger;
import dev.slipway.common.ledger.LedgerRow;
import dev.slipway.common.ledger.Resource;
import dev.slipway.common.operation.DriverFailure;
import dev.slipway.common.operation.OperationEngine;
import dev.slipway.common.sql.Pipeline;
import java.sql.Connection;
import java.sql.SQLException;
import java.util.ArrayList;
import java.util.Collection;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/// Moves to the trash what belongs to nobody, for a person who asked for it by name.
///
/// Nothing that is somebody's is touched: while it acts it holds the subject, so that no operation
/// works on it or can begin to, and under that hold it asks once more whether somebody owns it.
/// What the ledger has open of it is struck out. Doing it again does nothing more.
///
/// Where the janitor does not believe the control database, nothing is cleaned: to an empty one,
/// everything is nobody's.
public final class Cleaning {

  /// Ends what runs of a subject and moves its folder to the trash.
  public interface Trash {

    /// @param expected the open ledger rows of the subject
    Trashed move(String subject, Collection<Resource> expected)
        throws DriverFailure, InterruptedException;
  }

  /// What became of a subject.
  ///
  /// @param outcome `moved` to the trash, `ended` where there was no folder, `kept`
  /// @param trash   the folder's name in the trash
  /// @param why     it was kept
  public record Cleaned(
      String subject, String outcome, @Nullable String trash, @Nullable String why) {

    static Cleaned kept(String subject, String why) {
      return new Cleaned(subject, "kept", null, why);
    }
  }

  private static final ErrorCode JANITOR_OFF = new ErrorCode("janitor-off", 409);

  private final OperationEngine engine;
  private final Janitor janitor;
  private final SqlBooks books;
  private final Trash trash;
  private final Ledger ledger = new Ledger();

  public Cleaning(OperationEngine engine, Janitor janitor, SqlBooks books, Trash trash) {
    this.engine = engine;
    this.janitor = janitor;
    this.books = books;
    this.trash = trash;
  }

  /// Cleans each of them for itself: what cannot be moved is kept, and said.
  public List<Cleaned> clean(Collection<String> subjects)
      throws SQLException, InterruptedException {
    Optional<String> off = janitor.report().off();
    if (off.isPresent()) {
      throw new ApiException(JANITOR_OFF, "nothing is cleaned up: " + off.get());
    }
    List<Cleaned> all = new ArrayList<>();
    for (String subject : subjects) {
      all.add(
          engine
              .whileIdle(subject, connection -> clean(connection, subject))
              .orElseGet(() -> Cleaned.kept(subject, "an operation works on it")));
    }
    return all;
  }

  private Cleaned clean(Connection connection, String subject) throws SQLException {
    if (books.read(connection, subject).recorded()) {
      return Cleaned.kept(subject, "somebody owns it");
    }
    List<Resource> open =
        ledger.open(connection, subject).stream().map(LedgerRow::resource).toList();
    try {
      Trashed trashed = trash.move(subject, open);
      Resource folder = trashed.folder();
      String where = folder == null ? "" : "moved to the trash as " + folder.name() + "; ";
      Pipeline writes = new Pipeline();
      for (Map.Entry<Resource, String> gone : trashed.gone().proofs().entrySet()) {
        ledger.gone(writes, null, subject, gone.getKey(), where + gone.getValue());
      }
      writes.run(connection);
      return new Cleaned(
          subject, folder == null ? "ended" : "moved", folder == null ? null : folder.name(), null);
    } catch (DriverFailure failure) {
      return Cleaned.kept(subject, String.valueOf(failure.getMessage()).toLowerCase(Locale.ROOT));
    } catch (InterruptedException stopped) {
      Thread.currentThread().interrupt();
      throw new SQLException("Stopped while cleaning", stopped);
    }
  }
}
