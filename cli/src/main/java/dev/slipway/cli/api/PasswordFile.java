package dev.slipway.cli.api;

import dev.slipway.cli.console.PrivateFile;
import java.io.IOException;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.locks.ReentrantLock;
import java.util.function.UnaryOperator;
import java.util.stream.Stream;

/// Passwords of database users that were set from this machine, so that `slipway db url -S` can
/// show them: the platform itself keeps none.
///
/// It is a password file of libpq (`host:port:database:user:password`, mode 0600), so `PGPASSFILE`
/// may point to it. Several commands may change it at the same time.
public record PasswordFile(Path path) {

  private static final int FIELDS = 5;

  /// The lock on a file is of the whole process, and cannot be had by a second thread of it.
  private static final ReentrantLock HERE = new ReentrantLock();

  public Optional<String> find(String host, int port, String user) throws IOException {
    for (List<String> entry : entries()) {
      if (matches(entry, host, port) && entry.get(3).equals(user)) {
        return Optional.of(entry.get(4));
      }
    }
    return Optional.empty();
  }

  /// Replaces whatever was kept for that server and user.
  public void put(String host, int port, String user, String password) throws IOException {
    List<String> added = List.of(host, Integer.toString(port), "*", user, password);
    change(
        before ->
            Stream.concat(
                    before.stream()
                        .filter(it -> !matches(it, host, port) || !it.get(3).equals(user)),
                    Stream.of(added))
                .toList());
  }

  /// Forgets all of a server that is no more, before another gets its port.
  public void forget(String host, int port) throws IOException {
    // Where there is nothing to forget, nothing need be writable.
    if (entries().stream().anyMatch(it -> matches(it, host, port))) {
      change(before -> before.stream().filter(it -> !matches(it, host, port)).toList());
    }
  }

  /// Reads, changes and replaces with nobody in between, whose entry would be lost. What is locked
  /// is a file beside it, since this one is another file afterwards.
  private void change(UnaryOperator<List<List<String>>> change) throws IOException {
    PrivateFile.folder(path.toAbsolutePath().resolveSibling("."));
    HERE.lock();
    try (FileChannel beside =
        FileChannel.open(
            path.resolveSibling(path.getFileName() + ".lock"),
            Set.of(StandardOpenOption.CREATE, StandardOpenOption.WRITE),
            PosixFilePermissions.asFileAttribute(PosixFilePermissions.fromString("rw-------")))) {
      // Until it is closed.
      beside.lock();
      write(change.apply(entries()));
    } finally {
      HERE.unlock();
    }
  }

  private static boolean matches(List<String> entry, String host, int port) {
    return entry.get(0).equals(host) && entry.get(1).equals(Integer.toString(port));
  }

  private List<List<String>> entries() throws IOException {
    if (!Files.exists(path)) {
      return List.of();
    }
    return Files.readAllLines(path).stream()
        .filter(line -> !line.isBlank() && !line.startsWith("#"))
        .map(PasswordFile::split)
        .filter(entry -> entry.size() == FIELDS)
        .toList();
  }

  private void write(List<List<String>> entries) throws IOException {
    StringBuilder content = new StringBuilder();
    for (List<String> entry : entries) {
      content.append(String.join(":", entry.stream().map(PasswordFile::escaped).toList()));
      content.append('\n');
    }
    PrivateFile.write(path, content.toString());
  }

  private static String escaped(String field) {
    return field.replace("\\", "\\\\").replace(":", "\\:");
  }

  private static List<String> split(String line) {
    List<String> fields = new ArrayList<>();
    StringBuilder field = new StringBuilder();
    for (int i = 0; i < line.length(); i++) {
      char next = line.charAt(i);
      if (next == '\\' && i + 1 < line.length()) {
        field.append(line.charAt(++i));
      } else if (next == ':') {
        fields.add(field.toString());
        field.setLength(0);
      } else {
        field.append(next);
      }
    }
    fields.add(field.toString());
    return fields;
  }
}
