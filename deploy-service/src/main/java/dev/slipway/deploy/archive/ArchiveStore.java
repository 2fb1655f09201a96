package dev.slipway.deploy.archive;

import dev.slipway.common.operation.DriverFailure;
import dev.slipway.deploy.domain.Archives;
import jakarta.inject.Inject;
import jakarta.inject.Singleton;
import java.nio.file.Path;
import java.time.InstantSource;
import java.util.Set;
import org.eclipse.microprofile.config.inject.ConfigProperty;

/// Archives as files named after what is in them, so that the same one is kept once. A file is
/// complete when it has its name.
///
/// Safe to use from any thread and by several processes.
@Singleton
public final class ArchiveStore implements Archives {

  /// @param directory    where archives are kept
  /// @param applications where applications are; archives are unpacked beside it, on the same file
  ///     system, so that a runtime can take a folder over by renaming it
  @Inject
  public ArchiveStore(
      @ConfigProperty(name = "slipway.archives.directory") Path directory,
      @ConfigProperty(name = "slipway.applications.directory") Path applications) {
    this(directory, applications, InstantSource.system());
  }

  ArchiveStore(Path directory, Path applications, InstantSource clock) {}

  /// Whether an archive is kept.
  ///
  /// @param digest SHA-256, in lower-case hexadecimal
  public boolean exists(String digest) {
    throw new UnsupportedOperationException();
  }

  /// Removes what nobody needs. One that was stored or found again within the last hour is kept,
  /// since the version that needs it may not be committed yet.
  ///
  /// @param needed digests
  /// @return how many were removed
  public int sweep(Set<String> needed) {
    throw new UnsupportedOperationException();
  }

  @Override
  public Path unpack(String archive, String application, String version)
      throws DriverFailure, InterruptedException {
    throw new UnsupportedOperationException();
  }

  @Override
  public void discard(String application, String version) throws DriverFailure {
    throw new UnsupportedOperationException();
  }
}
