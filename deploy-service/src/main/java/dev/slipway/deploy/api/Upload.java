package dev.slipway.deploy.api;

import org.jspecify.annotations.Nullable;

/// What the body of a deploy says, its archive stored already.
///
/// @param archive  SHA-256 of the archive, which is kept under it; absent when none was sent
/// @param previous `previous_version`: a version that is kept
/// @param target   `target_database_name`: the instance to move to
/// @param version  to roll back to
record Upload(
    @Nullable String archive,
    @Nullable String previous,
    @Nullable String target,
    @Nullable String version) {

  /// An empty body.
  static final Upload NOTHING = new Upload(null, null, null, null);
}
