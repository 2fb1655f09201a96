package dev.slipway.deploy.domain;

import com.fasterxml.jackson.annotation.JsonIgnore;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/// What a version says about itself, read once from its archive and its installed tree; enough to
/// migrate, start and roll it back later without reading it again.
///
/// @param packages      how packages are installed
/// @param tree          names the installed tree: a digest of lock file, platform and package
///     manager; absent without a lock file
/// @param development   whether packages are installed that only builds and migrations need
/// @param sdk           version of the DBOS SDK that is installed; absent without one
/// @param setup         commands before anything else
/// @param build         whether there is a build script
/// @param migrate       commands of the migrations, in order
/// @param rollback      commands that undo them, in order
/// @param start         commands that start it, in order; none where its Dockerfile says
/// @param database      name that it wants for its own database; absent when it does not say
/// @param environment   `env:` of its configuration; nothing secret
/// @param healthOnAdmin whether the admin port tells when it is healthy; its own port does
///     otherwise
public record Manifest(
    Language language,
    PackageManager packages,
    @Nullable String tree,
    boolean development,
    @Nullable String sdk,
    List<String> setup,
    boolean build,
    List<String> migrate,
    List<String> rollback,
    List<String> start,
    @Nullable String database,
    Map<String, String> environment,
    boolean healthOnAdmin) {

  public Manifest {
    setup = List.copyOf(setup);
    migrate = List.copyOf(migrate);
    rollback = List.copyOf(rollback);
    start = List.copyOf(start);
    environment = Map.copyOf(environment);
  }

  /// What installs packages, chosen by the lock file.
  public enum PackageManager {
    NPM_LOCKED,
    NPM,
    YARN,
    /// From version 2 on, which shares little with the first but its name.
    YARN_BERRY,
    PNPM,
    PIP,
    /// The version's own Dockerfile, which is also the build.
    DOCKERFILE
  }

  /// Whether it runs from what its own Dockerfile makes.
  @JsonIgnore
  public boolean hasDockerfile() {
    return packages == PackageManager.DOCKERFILE;
  }
}
