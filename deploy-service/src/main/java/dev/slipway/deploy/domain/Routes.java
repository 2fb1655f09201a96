package dev.slipway.deploy.domain;

import java.util.List;

/// Tells the gateways who serves an application, in the transaction of whoever calls.
public interface Routes {

  /// Who serves now, in the revision that [Applications#serve] gave.
  void tell(Application application, long revision, List<Executor> executors);

  /// The application is gone, and its host with it.
  void forget(Application application, long revision);

  /// Whether every gateway that lives routes by this revision of the application's route or a later
  /// one.
  boolean acknowledged(String application, long revision);
}
