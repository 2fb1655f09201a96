package dev.slipway.deploy.configuration;

/// Where an application's databases are and how it signs in, all that its environment and its
/// configuration say about them.
///
/// @param password of the role, of `[A-Za-z0-9]` alone
/// @param linked   whether it is somebody else's server, whose certificate the platform's authority
///     has not signed
public record DatabaseLocation(
    String host,
    int port,
    String role,
    String password,
    String database,
    String systemDatabase,
    boolean linked) {

  /// Without the password.
  @Override
  public String toString() {
    return "DatabaseLocation[" + database + ']';
  }
}
