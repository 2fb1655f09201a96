package dev.slipway.cli.api;

import dev.slipway.cli.console.PrivateFile;
import dev.slipway.cli.console.Surroundings;
import dev.slipway.cli.platform.PlatformHome;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Optional;

/// Where credentials are kept: in `./.dbos/credentials`, which the official command reads too, and
/// in the platform's home, for every other folder. The first one found counts.
public final class CredentialStore {

  private final Path local;
  private final Path home;
  private final String domain;

  public CredentialStore(Surroundings surroundings, PlatformHome platform, String domain) {
    this.local = surroundings.directory().resolve(".dbos").resolve("credentials");
    this.home = platform.credentials();
    this.domain = domain;
  }

  /// Credentials of another platform, where the file says so, are none.
  public Optional<Credentials> read() throws IOException {
    for (Path file : List.of(local, home)) {
      Optional<Credentials> found = read(file);
      if (found.isPresent()) {
        return found;
      }
    }
    return Optional.empty();
  }

  /// After signing in: here, and for every folder without credentials of its own.
  public void write(Credentials credentials) throws IOException {
    write(local, credentials.withDomain(null));
    writeHome(credentials);
  }

  /// For every folder without credentials of its own.
  public void writeHome(Credentials credentials) throws IOException {
    write(home, credentials.withDomain(domain));
  }

  /// After a change: wherever these credentials are.
  void replace(Credentials old, Credentials fresh) throws IOException {
    for (Path file : List.of(local, home)) {
      Optional<Credentials> there = read(file);
      if (there.isPresent() && there.get().token().equals(old.token())) {
        write(file, fresh.withDomain(there.get().domain()));
      }
    }
  }

  /// Answers whether there was anything to remove.
  public boolean remove() throws IOException {
    boolean here = Files.deleteIfExists(local);
    return Files.deleteIfExists(home) || here;
  }

  public Path local() {
    return local;
  }

  private Optional<Credentials> read(Path file) throws IOException {
    if (!Files.isRegularFile(file)) {
      return Optional.empty();
    }
    return Credentials.parse(Files.readString(file))
        .filter(it -> it.domain() == null || domain.equals(it.domain()));
  }

  private static void write(Path file, Credentials credentials) throws IOException {
    PrivateFile.folder(file.toAbsolutePath().resolveSibling("."));
    PrivateFile.write(file, credentials.asJson());
  }
}
