package dev.slipway.docker;

import java.util.Locale;
import java.util.stream.Stream;

/// How the installation's services reach what runs in containers: `slipway.docker.reach`.
public enum Reach {
  /// Over ports that are published on the engine's host, where the services are processes.
  PUBLISHED,
  /// Inside the organizations' networks, where the services are containers themselves and join
  /// them; nothing is published.
  NETWORK;

  /// @throws IllegalArgumentException naming the key of the configuration
  public static Reach of(String word) {
    return Stream.of(values())
        .filter(it -> it.name().toLowerCase(Locale.ROOT).equals(word))
        .findFirst()
        .orElseThrow(
            () ->
                new IllegalArgumentException(
                    "slipway.docker.reach is '%s'; it is 'published' or 'network'"
                        .formatted(word)));
  }
}
