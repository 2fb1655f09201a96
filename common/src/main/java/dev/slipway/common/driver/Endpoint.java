package dev.slipway.common.driver;

/// Where clients reach an instance.
public record Endpoint(String host, int port) {

  @Override
  public String toString() {
    return host + ':' + port;
  }
}
