package dev.slipway.deploy.domain;

import java.util.List;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/// The versions that are kept, in the transaction of whoever calls, or in one of its own.
public interface Versions {

  /// Makes a version with an identifier higher than every other of its application.
  Version add(String application, String archive, String operation, String createdBy);

  Optional<Version> find(String application, String id);

  /// Newest first.
  List<Version> list(String application);

  /// What was found in it.
  void read(String application, String id, Manifest manifest);

  /// Its folder is ready for the databases of an instance, or for none when that is null.
  void ready(String application, String id, @Nullable String instance);

  /// It serves, for the first time or again.
  void deployed(String application, String id);

  void remove(String application, String id);

  /// Every archive that a version still has.
  List<String> archives();
}
