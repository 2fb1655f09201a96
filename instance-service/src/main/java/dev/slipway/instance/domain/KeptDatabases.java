package dev.slipway.instance.domain;

import dev.slipway.common.ledger.Resource;
import java.util.Collection;
import java.util.Set;

/// Whose databases are that an application has left, in the transaction of whoever calls.
///
/// An application that is deleted without its databases leaves them, their ledger rows and the mark
/// on their role. They are *kept*: as soon as the application does not use the instance any more
/// and nothing works on its set, another application that wants the same names may have them. All
/// applications of an instance are of its organization, since a binding proves it.
public interface KeptDatabases {

  /// Whether the set's application has left it: it is not bound, and no operation is active.
  boolean kept(String instance, String subject);

  /// Makes the open rows of these things those of another set. The operations that planned them
  /// stay their planners, so that no undo of the heir's takes them for its own.
  ///
  /// @param subject  the heir, whose row is locked by the caller's transaction
  /// @throws IllegalStateException when one of them is not kept any more; nothing was changed then
  void inherit(String instance, String subject, Collection<Resource> resources);

  /// The applications whose mark the role of a set may still bear, because the set inherited it;
  /// empty when nothing of it is inherited.
  Set<String> ancestors(String instance, String subject, String role);
}
