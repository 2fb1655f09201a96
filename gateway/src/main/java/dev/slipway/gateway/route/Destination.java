package dev.slipway.gateway.route;

import java.util.SortedSet;
import org.jspecify.annotations.Nullable;

/// Where a request goes.
public sealed interface Destination {

  /// To a service that answers anybody.
  ///
  /// @param signIn        whether guessing has to be slowed down here
  /// @param remembersKeys whether the same call with the same idempotency key finds what the first
  ///     one did; signing in does not
  record Open(Service service, boolean signIn, boolean remembersKeys) implements Destination {}

  /// To a service, once account-service has said that the caller may. It remembers idempotency
  /// keys.
  ///
  /// @param organization the name in the path; none where the caller may not belong to one yet
  /// @param pace         what is to be expected of the answer
  record Guarded(Service service, @Nullable String organization, Pace pace)
      implements Destination {}

  /// To deploy-service, once account-service has said that the caller may, with a body that may be
  /// far too large to be held.
  record Archive(String organization) implements Destination {}

  /// To every service, for one list of their operations.
  record Operations(String organization) implements Destination {}

  /// To the gateway's own health.
  record Health() implements Destination {}

  /// Nowhere: there is nothing of this name.
  record Unknown() implements Destination {}

  /// Nowhere: the name is known, the method is not.
  record WrongMethod(SortedSet<String> allowed) implements Destination {}
}
