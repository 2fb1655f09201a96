package dev.slipway.deploy.configuration;

import java.util.HashMap;
import java.util.Map;
import java.util.Optional;

/// A version's files in memory.
final class FilesOf implements VersionFiles {

  private final Map<String, String> files = new HashMap<>();

  FilesOf with(String path, String text) {
    files.put(path, text);
    return this;
  }

  @Override
  public Optional<String> read(String path) {
    return Optional.ofNullable(files.get(path));
  }
}
