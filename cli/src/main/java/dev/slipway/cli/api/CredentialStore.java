package dev.slipway.cli.api;

import dev.slipway.cli.console.CommandFailure;
import dev.slipway.cli.console.PrivateFile;
import dev.slipway.cli.console.Surroundings;
import dev.slipway.cli.platform.PlatformHome;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;

/// Where credentials are kept: in `./.dbos/credentials`, which the official command reads too, and
/// in the platform's home, for every other folder. The first one found counts; the tokens of one
/// platform are never shown to another.
public final class CredentialStore {

  private final Path local;
  private final Path home;
  private final String domain;

  public CredentialStore(Surroundings surroundings, PlatformHome platform, String domain) {
    this.local = surroundings.directory().resolve(".dbos").resolve("credentials");
    this.home = platform.credentials();
    this.domain = domain;
  }

  /// Those of the first file that has any for this platform.
  public Optional<Credentials> read() throws IOException {
    return all().stream().findFirst();
  }

  /// All that are for this platform, those that count first.
  public List<Credentials> all() throws IOException {
    List<Credentials> all = new ArrayList<>();
    for (Path file : List.of(local, home)) {
      read(file).ifPresent(all::add);
    }
    return all;
  }

  /// After signing in: for every folder without credentials of its own, and here.
  ///
  /// @return why they could not be written here, where those of the home count then
  /// @throws CommandFailure when those of before stay here, and would count
  public Optional<IOException> write(Credentials credentials) throws IOException {
    writeHome(credentials);
    try {
      write(local, credentials);
      return Optional.empty();
    } catch (IOException unwritable) {
      if (read(local).isPresent()) {
        removeStale();
      }
      return Optional.of(unwritable);
    }
  }

  private void removeStale() {
    try {
      Files.deleteIfExists(local);
    } catch (IOException stays) {
      throw CommandFailure.failed(
              "signed-in-before",
              "%s is of an earlier sign-in, which goes on in this folder: it cannot be replaced"
                  .formatted(local))
          .next("You are signed in for all folders without credentials of their own.")
          .cause(stays)
          .build();
    }
  }

  /// For every folder without credentials of its own.
  public void writeHome(Credentials credentials) throws IOException {
    write(home, credentials);
  }

  /// After a change: wherever these credentials are.
  void replace(Credentials old, Credentials fresh) throws IOException {
    for (Path file : List.of(local, home)) {
      Optional<Credentials> there = read(file);
      if (there.isPresent() && there.get().token().equals(old.token())) {
        write(file, fresh);
      }
    }
  }

  /// What is another platform's stays. Answers whether there was anything to remove.
  public boolean remove() throws IOException {
    boolean removed = false;
    for (Path file : List.of(local, home)) {
      // Where one may not even look there are none.
      if (Files.exists(file) && content(file).filter(it -> !it.areFor(domain)).isEmpty()) {
        removed |= Files.deleteIfExists(file);
      }
    }
    return removed;
  }

  public Path local() {
    return local;
  }

  private Optional<Credentials> read(Path file) throws IOException {
    return content(file).filter(it -> it.areFor(domain));
  }

  /// For whichever platform. A file that one may not read is somebody else's.
  private static Optional<Credentials> content(Path file) throws IOException {
    if (!Files.isRegularFile(file) || !Files.isReadable(file)) {
      return Optional.empty();
    }
    return Credentials.parse(Files.readString(file));
  }

  private void write(Path file, Credentials credentials) throws IOException {
    PrivateFile.folder(file.toAbsolutePath().resolveSibling("."));
    PrivateFile.write(file, credentials.withDomain(domain).asJson());
  }
}
