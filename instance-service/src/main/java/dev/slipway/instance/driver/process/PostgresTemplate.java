package dev.slipway.instance.driver.process;

import dev.slipway.common.driver.ScramVerifier;
import dev.slipway.common.operation.DriverFailure;
import dev.slipway.common.process.FencedShell;
import dev.slipway.common.process.ProcessTable;
import dev.slipway.instance.driver.sql.PlatformConnection;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.GeneralSecurityException;
import java.security.MessageDigest;
import java.time.Instant;
import java.util.HexFormat;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.stream.Collectors;
import java.util.stream.Stream;

/// The data directory every instance is a copy of, made once per version of Postgres, recipe and
/// installation key.
///
/// Its superuser has a password that can only be derived from the installation's key, nobody else
/// can connect to its databases, and `pg_hba.conf` is complete: a copy could listen as it is and
/// let nobody in but the platform.
final class PostgresTemplate {

  private final Path folder;
  private final String segment;
  private final SystemIdentity identity;

  private PostgresTemplate(Path folder, String segment, SystemIdentity identity) {
    this.folder = folder;
    this.segment = segment;
    this.identity = identity;
  }

  Path folder() {
    return folder;
  }

  /// Name of the only WAL segment.
  String segment() {
    return segment;
  }

  /// What `fenced.sh create` reads: a new `pg_control` and the identifier for the segment's
  /// header.
  byte[] newIdentity(Instant now) {
    return identity.renewed(now);
  }

  /// The template, made first when it is not there. Several replicas may ask at once; one of them
  /// makes it.
  ///
  /// @param password of the template's superuser, left to the caller to clear
  static PostgresTemplate ensure(
      Path root, Path scripts, Path binaries, ServerUser user, char[] password, String recipe)
      throws DriverFailure, InterruptedException {
    try {
      String name =
          ".template-" + version(binaries) + '-' + fingerprint(recipe + new String(password));
      Path folder = root.resolve(name);
      if (!Files.isDirectory(folder)) {
        make(root, name, scripts, binaries, user, password);
      }
      String segment = Files.readString(folder.resolve("segment")).strip();
      byte[] control = Files.readAllBytes(folder.resolve("data/global/pg_control"));
      return new PostgresTemplate(folder, segment, new SystemIdentity(control));
    } catch (IOException | IllegalArgumentException e) {
      throw new DriverFailure.Transient(
          "template-failed", "PostgreSQL's data directory could not be read or written", e);
    }
  }

  private static void make(
      Path root, String name, Path scripts, Path binaries, ServerUser user, char[] password)
      throws IOException, InterruptedException, DriverFailure {
    var builder =
        new ProcessBuilder(
            "setsid", "sh", scripts.resolve("template.sh").toString(), root.toString(), name);
    builder.directory(Path.of("/").toFile()).redirectErrorStream(true);
    FencedShell.replaceEnvironment(
        builder,
        Map.of(
            "SLIPWAY_BINARIES", binaries.toString(),
            "SLIPWAY_AS", String.join(" ", user.initdb()),
            "SLIPWAY_AS_USER", user.initdbUser() == null ? "" : user.initdbUser(),
            "SLIPWAY_UID", user.uid() == null ? "" : user.uid().toString(),
            "SLIPWAY_CONFIGURATION", scripts.toString()),
        Map.of());
    Process process = builder.start();
    CompletableFuture<String> reading =
        CompletableFuture.supplyAsync(
            () -> FencedShell.readAll(process.getInputStream()), Thread::startVirtualThread);
    FencedShell.feed(process, statements(password).getBytes(StandardCharsets.UTF_8));
    int exit;
    try {
      exit = process.waitFor();
    } catch (InterruptedException e) {
      ProcessTable.endSession(process);
      throw e;
    }
    if (exit != 0) {
      throw failure(exit, reading.join().strip());
    }
  }

  private static DriverFailure failure(int exit, String output) {
    var context = new IOException("template.sh ended with " + exit + ": " + output);
    if (exit == FencedShell.KILLED) {
      return new DriverFailure.Transient(
          "template-failed", "the machine killed a shell that prepared PostgreSQL", context);
    }
    if (FencedShell.diskFull(output)) {
      return new DriverFailure.Permanent(
          "disk-full", "no space is left on the disk to prepare PostgreSQL", context);
    }
    if (output.contains("could not look up effective user ID")) {
      return new DriverFailure.Permanent(
          "template-failed",
          "PostgreSQL's initdb needs a user with a name: this one has no entry in /etc/passwd",
          context);
    }
    return new DriverFailure.Permanent(
        "template-failed", "PostgreSQL's data directory could not be prepared", context);
  }

  private static String statements(char[] password) {
    return Stream.concat(
            Stream.of(
                "ALTER ROLE slipway PASSWORD '" + ScramVerifier.ofKey(password).value() + "'"),
            PlatformConnection.FIRST_STATEMENTS.stream())
        .map(statement -> statement + ";\n\n")
        .collect(Collectors.joining());
  }

  private static String version(Path binaries) throws IOException, InterruptedException {
    Process process =
        new ProcessBuilder(List.of(binaries.resolve("postgres").toString(), "--version"))
            .redirectErrorStream(true)
            .start();
    String output = FencedShell.readAll(process.getInputStream()).strip();
    if (process.waitFor() != 0) {
      throw new IOException("postgres --version: " + output);
    }
    String[] words = output.split(" ", -1);
    return words.length > 2 ? words[2].replaceAll("[^0-9A-Za-z.]", "") : "unknown";
  }

  /// Twelve characters that say whether two texts are the same, and nothing about a text that
  /// holds a secret.
  static String fingerprint(String text) {
    try {
      return HexFormat.of()
          .formatHex(
              MessageDigest.getInstance("SHA-256").digest(text.getBytes(StandardCharsets.UTF_8)))
          .substring(0, 12);
    } catch (GeneralSecurityException e) {
      throw new IllegalStateException("every Java runtime has SHA-256", e);
    }
  }
}
