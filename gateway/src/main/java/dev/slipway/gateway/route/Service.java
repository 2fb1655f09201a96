package dev.slipway.gateway.route;

/// A service behind the gateway.
public enum Service {
  /// It has no memory of idempotency keys: what was sent to it and then lost is not sent again.
  ACCOUNT("account-service", false),
  /// It remembers idempotency keys, so the same call with the same key finds its operation again.
  INSTANCE("instance-service", true),
  /// As instance-service.
  DEPLOY("deploy-service", true);

  private final String title;
  private final boolean remembersKeys;

  Service(String title, boolean remembersKeys) {
    this.title = title;
    this.remembersKeys = remembersKeys;
  }

  /// What people call it.
  public String title() {
    return title;
  }

  public boolean remembersKeys() {
    return remembersKeys;
  }
}
