package dev.slipway.deploy.domain;

/// How an application gets to its databases on one instance.
///
/// @param sealedPassword of the role, encrypted with the installation's key for [#purpose]
/// @param ensured        whether the databases and the role are known to be there
/// @param linked         whether it is somebody else's server, whose certificate the platform's
///     authority has not signed
public record DatabaseAccess(
    String application,
    String instance,
    String host,
    int port,
    String role,
    String sealedPassword,
    boolean ensured,
    boolean linked) {

  /// On an instance that the platform runs.
  public DatabaseAccess(
      String application,
      String instance,
      String host,
      int port,
      String role,
      String sealedPassword,
      boolean ensured) {
    this(application, instance, host, port, role, sealedPassword, ensured, false);
  }

  /// What the password is encrypted for.
  public static String purpose(String application, String instance) {
    return "role of " + application + " on " + instance;
  }

  @Override
  public String toString() {
    return "DatabaseAccess[" + application + " on " + instance + ']';
  }
}
