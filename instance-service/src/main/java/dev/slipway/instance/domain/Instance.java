package dev.slipway.instance.domain;

import java.time.Instant;
import org.jspecify.annotations.Nullable;

/// One Postgres server. How it stands is not part of it: that is derived, see [InstanceStatus].
///
/// @param id             `ins_…`, also the subject of its operations
/// @param name           unique in its organization while it exists
/// @param administrator  the developer's role; of a linked instance the role the platform signs in
///     with
/// @param host           where it answers, once that is known
/// @param sealedPassword of a linked instance, encrypted with the installation's key
/// @param operation      the operation that brings it into being
/// @param createdBy      the user's name
public record Instance(
    String id,
    String organization,
    String name,
    InstanceKind kind,
    String administrator,
    @Nullable String host,
    @Nullable Integer port,
    @Nullable String sealedPassword,
    @Nullable String supabaseReference,
    String operation,
    String createdBy,
    Instant createdAt) {

  public boolean linked() {
    return kind == InstanceKind.LINKED;
  }

  @Override
  public String toString() {
    return "Instance[" + id + ' ' + name + ']';
  }
}
