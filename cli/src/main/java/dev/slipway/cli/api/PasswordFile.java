package dev.slipway.cli.api;

import dev.slipway.cli.console.PrivateFile;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;

/// Passwords of database users that were set from this machine, so that `slipway db url -S` can
/// show them: the platform itself keeps none.
///
/// It is a password file of libpq (`host:port:database:user:password`, mode 0600), so `PGPASSFILE`
/// may point to it.
public record PasswordFile(Path path) {

  private static final int FIELDS = 5;

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
    List<List<String>> kept = new ArrayList<>();
    for (List<String> entry : entries()) {
      if (!matches(entry, host, port) || !entry.get(3).equals(user)) {
        kept.add(entry);
      }
    }
    kept.add(List.of(host, Integer.toString(port), "*", user, password));
    write(kept);
  }

  /// Forgets all of a server that is no more, before another gets its port.
  public void forget(String host, int port) throws IOException {
    List<List<String>> before = entries();
    List<List<String>> kept = before.stream().filter(it -> !matches(it, host, port)).toList();
    if (kept.size() != before.size()) {
      write(kept);
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
