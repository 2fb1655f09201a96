package dev.slipway.common.architecture.seeded.account.driver;

/// Acts on the world.
public interface MailDriver {
  void send();
}
