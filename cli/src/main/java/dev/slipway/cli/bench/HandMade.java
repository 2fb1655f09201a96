package dev.slipway.cli.bench;

import dev.slipway.cli.console.CommandFailure;
import dev.slipway.cli.console.PrivateFile;
import dev.slipway.cli.platform.FreePorts;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.sql.Connection;
import java.sql.DriverManager;
import java.sql.SQLException;
import java.sql.Statement;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Properties;
import java.util.concurrent.TimeUnit;

/// Postgres servers made by hand, the way anybody would: `initdb` or a copy, `pg_ctl start -w`, one
/// role.
///
/// As root everything is done as the user `nobody`, since Postgres refuses to run as root.
final class HandMade implements AutoCloseable {

  private static final String OWNER = "bench";
  private static final int NOBODY = 65534;

  private final Path folder;
  private final Path binaries;
  private final boolean root;
  private final String password;
  private final Path template;
  private int made;

  /// @param folder made by [#prepare] and removed in the end
  HandMade(Path folder, Path binaries, boolean root, String password) {
    this.folder = folder;
    this.binaries = binaries;
    this.root = root;
    this.password = password;
    this.template = folder.resolve("template");
  }

  /// Initialises the folder that is copied.
  void prepare() throws IOException, InterruptedException {
    Files.createDirectories(folder);
    Files.setPosixFilePermissions(folder, PosixFilePermissions.fromString("rwxr-xr-x"));
    if (root) {
      run(List.of("chown", NOBODY + ":" + NOBODY, folder.toString()), false);
    }
    spreadOut();
    PrivateFile.write(passwordFile(), password + "\n");
    if (root) {
      run(List.of("chown", NOBODY + ":" + NOBODY, passwordFile().toString()), false);
    }
    initialise(template);
  }

  /// The floor: a copy of an initialised folder, a start, a role.
  Duration copied() throws IOException, InterruptedException {
    Path data = next();
    int port = FreePorts.find(1).getFirst();
    long began = System.nanoTime();
    run(List.of("cp", "-a", template.toString(), data.toString()), true);
    start(data, port);
    createRole(port);
    Duration took = Duration.ofNanos(System.nanoTime() - began);
    remove(data);
    return took;
  }

  /// The plain way: `initdb` and a start, without even a role.
  Duration initialised() throws IOException, InterruptedException {
    Path data = next();
    int port = FreePorts.find(1).getFirst();
    long began = System.nanoTime();
    initialise(data);
    start(data, port);
    Duration took = Duration.ofNanos(System.nanoTime() - began);
    remove(data);
    return took;
  }

  @Override
  public void close() throws IOException {
    try {
      for (int i = 1; i <= made; i++) {
        Path data = folder.resolve("data-" + i);
        if (Files.exists(data)) {
          remove(data);
        }
      }
      run(List.of("rm", "-rf", "--", folder.toString()), false);
    } catch (InterruptedException interrupted) {
      Thread.currentThread().interrupt();
    }
  }

  /// What slipway does for its instances, so that the floor is not raised by ext4, which searches
  /// past the many numbers of files that were just deleted. Other file systems do not know the
  // flag.
  private void spreadOut() throws IOException, InterruptedException {
    Process process =
        new ProcessBuilder("sh", "-c", "chattr +T \"$0\" || true", folder.toString())
            .redirectErrorStream(true)
            .redirectOutput(ProcessBuilder.Redirect.DISCARD)
            .start();
    process.waitFor();
  }

  private Path next() {
    made++;
    return folder.resolve("data-" + made);
  }

  private Path passwordFile() {
    return folder.resolve("password");
  }

  private void initialise(Path data) throws IOException, InterruptedException {
    run(
        List.of(
            program("initdb"),
            "-D",
            data.toString(),
            "-U",
            OWNER,
            "--auth=scram-sha-256",
            "--pwfile=" + passwordFile(),
            "--encoding=UTF8",
            "--locale=C",
            "--no-instructions"),
        true);
  }

  private void start(Path data, int port) throws IOException, InterruptedException {
    run(
        List.of(
            program("pg_ctl"),
            "start",
            "-w",
            "-D",
            data.toString(),
            "-l",
            data.resolve("server.log").toString(),
            "-o",
            "-p %d -c listen_addresses=127.0.0.1 -c unix_socket_directories=''".formatted(port)),
        true);
  }

  private void createRole(int port) throws IOException {
    Properties properties = new Properties();
    properties.setProperty("user", OWNER);
    properties.setProperty("password", password);
    try (Connection connection =
            DriverManager.getConnection(
                "jdbc:postgresql://127.0.0.1:%d/postgres".formatted(port), properties);
        Statement statement = connection.createStatement()) {
      statement.execute(
          "CREATE ROLE developer LOGIN CREATEDB CREATEROLE PASSWORD '%s'".formatted(password));
    } catch (SQLException failure) {
      throw new IOException("the server made by hand does not answer", failure);
    }
  }

  private void remove(Path data) throws IOException, InterruptedException {
    if (Files.exists(data.resolve("postmaster.pid"))) {
      run(List.of(program("pg_ctl"), "stop", "-w", "-m", "immediate", "-D", data.toString()), true);
    }
    run(List.of("rm", "-rf", "--", data.toString()), false);
  }

  private String program(String name) {
    return binaries.resolve("bin").resolve(name).toString();
  }

  private void run(List<String> command, boolean asOwner) throws IOException, InterruptedException {
    List<String> whole = new ArrayList<>();
    if (root && asOwner) {
      whole.addAll(
          List.of("setpriv", "--reuid=" + NOBODY, "--regid=" + NOBODY, "--clear-groups", "--"));
    }
    whole.addAll(command);
    Path log = folder.resolveSibling(folder.getFileName() + ".log");
    Process process =
        new ProcessBuilder(whole)
            .directory(folder.getParent() == null ? null : folder.getParent().toFile())
            .redirectErrorStream(true)
            // A server inherits it and would keep a pipe open.
            .redirectOutput(log.toFile())
            .redirectInput(ProcessBuilder.Redirect.from(Path.of("/dev/null").toFile()))
            .start();
    try {
      if (!process.waitFor(2, TimeUnit.MINUTES) || process.exitValue() != 0) {
        throw CommandFailure.failed(
                "bench-failed",
                "%s did not work".formatted(Path.of(command.getFirst()).getFileName()))
            .details(Files.readString(log, StandardCharsets.UTF_8))
            .build();
      }
    } finally {
      process.destroyForcibly();
      Files.deleteIfExists(log);
    }
  }
}
