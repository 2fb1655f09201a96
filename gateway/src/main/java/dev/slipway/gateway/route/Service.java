package dev.slipway.gateway.route;

/// A service behind the gateway.
public enum Service {
  ACCOUNT("account-service"),
  INSTANCE("instance-service"),
  DEPLOY("deploy-service");

  private final String title;

  Service(String title) {
    this.title = title;
  }

  /// What people call it.
  public String title() {
    return title;
  }
}
