package dev.slipway.deploy.domain;

/// How an application gets to its databases on one instance.
///
/// @param sealedPassword of the role, encrypted with the installation's key for [#purpose]
/// @param linked         whether it is somebody else's server, whose certificate the platform's
///     authority has not signed
/// @param ensured        whether the databases and the role are known to be there
public record DatabaseAccess(
    String application,
    String instance,
    String host,
    int port,
    String role,
    String sealedPassword,
    boolean linked,
    boolean ensured) {

  /// What the password is encrypted for.
  public static String purpose(String application, String instance) {
    return "role of " + application + " on " + instance;
  }

  @Override
  public String toString() {
    return "DatabaseAccess[" + application + " on " + instance + ']';
  }
}
