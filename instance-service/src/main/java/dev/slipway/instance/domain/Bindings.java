package dev.slipway.instance.domain;

import java.util.List;

/// Which application uses which instance, in the transaction of whoever calls.
///
/// A binding is made, and a destroy accepted, while the row of the instance is locked; so there is
/// never a bound instance that is being destroyed.
public interface Bindings {

  /// The names of the applications that use an instance, sorted. The instance stays locked until
  /// the caller's transaction ends.
  List<String> lockApplicationsOf(String instance);

  boolean bound(String instance, String application);
}
