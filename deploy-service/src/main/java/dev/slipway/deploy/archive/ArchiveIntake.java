package dev.slipway.deploy.archive;

import jakarta.inject.Inject;
import jakarta.inject.Singleton;
import java.io.IOException;
import java.io.InputStream;
import java.util.Map;
import java.util.Optional;
import org.eclipse.microprofile.config.inject.ConfigProperty;

/// Reads the body of a deploy as it arrives: the archive goes to a file while it is decoded and
/// hashed, so memory does not grow with it. Fields may come in any order; unknown ones are ignored.
///
/// Safe to use from any thread.
@Singleton
public final class ArchiveIntake {

  private final ArchiveStore store;
  private final long limit;

  /// @param limit the most bytes an archive may have, decoded; `500M` in the configuration
  @Inject
  public ArchiveIntake(
      ArchiveStore store, @ConfigProperty(name = "slipway.archives.limit") String limit) {
    this.store = store;
    this.limit = 0;
  }

  /// Reads a body to its end. Nothing is kept of one that is refused.
  ///
  /// @throws BadArchive  when the body is malformed, cut off or too large; the message is public
  /// @throws IOException when the store cannot be written, or the connection broke
  public Received receive(InputStream body) throws BadArchive, IOException {
    throw new UnsupportedOperationException();
  }

  /// What a body held.
  ///
  /// @param archive the archive, stored; empty when there was none, or null
  /// @param fields  the other fields of text; those that are null or absent are missing here
  public record Received(Optional<Stored> archive, Map<String, String> fields) {

    public Received {
      fields = Map.copyOf(fields);
    }

    public Optional<String> field(String name) {
      return Optional.ofNullable(fields.get(name));
    }
  }

  /// An archive that is kept.
  ///
  /// @param digest SHA-256, in lower-case hexadecimal; the name by which [ArchiveStore] knows it
  public record Stored(String digest, long size) {}
}
