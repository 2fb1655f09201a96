package dev.slipway.common.reconcile;

import dev.slipway.common.ledger.Resource;
import java.util.Set;

/// What the control database says of a subject, an instance or an application, of which something
/// was found.
///
/// @param known      whether it ever had an operation
/// @param recorded   whether a subject of this identifier exists
/// @param unfinished the operations on it that have not ended
/// @param open       what the ledger says exists or may exist
/// @param gone       what the ledger says existed and is gone, and is not open again
/// @param over       whether the operation that brought it has ended without it, or a destroy has
///     succeeded
public record Bookkeeping(
    boolean known,
    boolean recorded,
    Set<String> unfinished,
    Set<Resource> open,
    Set<Resource> gone,
    boolean over) {

  /// What the database says of something it never heard of.
  public static final Bookkeeping NOTHING =
      new Bookkeeping(false, false, Set.of(), Set.of(), Set.of(), false);

  public Bookkeeping {
    unfinished = Set.copyOf(unfinished);
    open = Set.copyOf(open);
    gone = Set.copyOf(gone);
  }

  /// Whether a found thing is known not to be anybody's, so that the platform may remove it by
  /// itself.
  ///
  /// Everything has to speak for it: nobody has a subject of this identifier, nothing is under
  /// way, no row of it is open, and the ledger itself has proven the thing gone or the subject
  /// over. Identifiers are never used again, so what is over once stays over.
  ///
  /// @param sweep the operation that asks, which has not ended either
  public boolean allowsRemoval(Resource found, String sweep) {
    return standing(found, sweep) == Standing.REMOVABLE;
  }

  /// How a found thing stands to what is known.
  public Standing standing(Resource found, String sweep) {
    if (found.kind().equals("trash")) {
      return Standing.TRASH;
    }
    if (!known) {
      return Standing.UNHEARD_OF;
    }
    if (unfinished.stream().anyMatch(operation -> !operation.equals(sweep))) {
      return Standing.IN_WORK;
    }
    if (recorded) {
      return open.contains(found) ? Standing.KNOWN : Standing.UNEXPECTED;
    }
    if (!open.isEmpty()) {
      return Standing.GIVEN_UP;
    }
    return gone.contains(found) || over ? Standing.REMOVABLE : Standing.UNEXPECTED;
  }

  /// How something found stands to what the database says; only one of these lets the platform act
  /// by itself.
  public enum Standing {
    /// The ledger has it, and its subject exists.
    KNOWN("the ledger has it"),
    /// An operation works on it at this moment.
    IN_WORK("an operation works on it"),
    /// A person had it moved there.
    TRASH("it lies in the trash"),
    /// No operation of this database ever worked on it.
    UNHEARD_OF("this control database never heard of it"),
    /// Its subject exists, but the ledger says nothing of it; or nothing says that it is over.
    UNEXPECTED("the ledger says neither that it exists nor that it is gone"),
    /// Its operations were given up, and left their rows open.
    GIVEN_UP("an operation that was given up has left it"),
    /// It is known to be nobody's.
    REMOVABLE("the ledger says that it is gone");

    private final String words;

    Standing(String words) {
      this.words = words;
    }

    public String words() {
      return words;
    }

    /// Whether reality and the ledger agree on it.
    public boolean agrees() {
      return this == KNOWN || this == IN_WORK;
    }
  }
}
