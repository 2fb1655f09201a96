package dev.slipway.instance.driver.process;

import static org.awaitility.Awaitility.await;

import dev.slipway.common.driver.Endpoint;
import dev.slipway.common.driver.Found;
import dev.slipway.common.id.Identifiers;
import dev.slipway.common.operation.DriverFailure;
import dev.slipway.common.operation.Fence;
import dev.slipway.instance.driver.InstanceSpecification;
import dev.slipway.instance.driver.TestAuthority;
import dev.slipway.instance.driver.TestPasswords;
import dev.slipway.localstack.PostgresBinaries;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.FileVisitResult;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.SimpleFileVisitor;
import java.nio.file.attribute.BasicFileAttributes;
import java.nio.file.attribute.PosixFilePermissions;
import java.sql.Connection;
import java.sql.DriverManager;
import java.sql.SQLException;
import java.time.Duration;
import java.time.InstantSource;
import java.util.List;
import java.util.Properties;
import org.jspecify.annotations.Nullable;

/// A folder in which a process driver works, with an authority, a key and the programs of
/// Postgres; what it started is gone when it closes.
final class ProcessStage implements AutoCloseable {

  static final int FIRST_PORT = 23_000;
  static final int LAST_PORT = 23_999;
  static final String ORGANIZATION = "org_of_tests";

  final Path folder;
  final Path root;
  final Path binaries;
  final TestAuthority authority;
  final String installation = Identifiers.next("inst");
  final ProcessInstanceDriver driver;

  ProcessStage() {
    this(true);
  }

  /// Without a template.
  static ProcessStage unprepared() {
    return new ProcessStage(false);
  }

  private ProcessStage(boolean prepared) {
    try {
      folder = Files.createTempDirectory("slipway-instances-");
      // The servers' own user passes through.
      Files.setPosixFilePermissions(folder, PosixFilePermissions.fromString("rwx--x--x"));
      // People's homes have such names.
      root = folder.resolve("in stances");
      binaries = sharedBinaries();
      authority = new TestAuthority(folder);
      driver = open();
      if (prepared) {
        driver.prepare();
      }
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    } catch (InterruptedException | DriverFailure e) {
      throw new IllegalStateException(e);
    }
  }

  /// One unpacked Postgres serves all tests of a user; a folder of that name that is somebody
  /// else's is not trusted.
  static Path sharedBinaries() throws IOException {
    String given = System.getProperty("slipway.test.postgres");
    if (given != null) {
      return Path.of(given);
    }
    Object user = Files.getAttribute(Path.of("/proc/self"), "unix:uid");
    Path temporary = Path.of(System.getProperty("java.io.tmpdir"));
    Path shared = temporary.resolve("slipway-postgres-18-" + user);
    if (Files.exists(shared) && !Files.getAttribute(shared, "unix:uid").equals(user)) {
      shared = Files.createTempDirectory("slipway-postgres-").resolve("unpacked");
    }
    return PostgresBinaries.ensure(shared).home();
  }

  ProcessDriverSettings settings() {
    return new ProcessDriverSettings(
        root,
        binaries,
        installation,
        FIRST_PORT,
        LAST_PORT,
        Duration.ofMillis(500),
        Duration.ofSeconds(5),
        0);
  }

  /// Another driver on the same folder, as after a restart of the service.
  ProcessInstanceDriver open() throws IOException, InterruptedException {
    return open(settings());
  }

  ProcessInstanceDriver open(ProcessDriverSettings settings)
      throws IOException, InterruptedException {
    return ProcessInstanceDriver.open(
        settings, authority, TestPasswords::derive, InstantSource.system());
  }

  InstanceSpecification specification() {
    String instance = Identifiers.next("ins");
    Endpoint endpoint = driver.freeEndpoints(instance).findFirst().orElseThrow();
    return new InstanceSpecification(instance, ORGANIZATION, endpoint);
  }

  static Fence fence(InstanceSpecification specification, long epoch) {
    return new Fence(specification.instance(), epoch);
  }

  Connection connect(InstanceSpecification specification, String user, String password)
      throws SQLException {
    return connect(specification, user, password, "verify-full");
  }

  Connection connect(
      InstanceSpecification specification, String user, String password, String sslMode)
      throws SQLException {
    var properties = new Properties();
    properties.setProperty("user", user);
    properties.setProperty("password", password);
    properties.setProperty("sslmode", sslMode);
    properties.setProperty("sslrootcert", authority.authority().toString());
    properties.setProperty("connectTimeout", "5");
    properties.setProperty("socketTimeout", "10");
    return DriverManager.getConnection(
        "jdbc:postgresql://" + specification.endpoint() + "/postgres", properties);
  }

  @Override
  public void close() {
    try {
      for (Found found : driver.inventory()) {
        if (!found.resource().kind().equals("trash")) {
          driver.destroy(new Fence(found.subject(), 1_000_000), found.subject(), List.of());
        }
      }
      // Spares are made in the background, and come and go while the folder is removed.
      await().ignoreExceptionsInstanceOf(IOException.class).until(() -> removed(folder));
    } catch (InterruptedException | DriverFailure e) {
      throw new IllegalStateException(e);
    }
  }

  private static boolean removed(Path folder) throws IOException {
    delete(folder);
    return true;
  }

  static void delete(Path folder) throws IOException {
    Files.walkFileTree(
        folder,
        new SimpleFileVisitor<>() {
          @Override
          public FileVisitResult visitFile(Path file, BasicFileAttributes attributes)
              throws IOException {
            Files.delete(file);
            return FileVisitResult.CONTINUE;
          }

          @Override
          public FileVisitResult postVisitDirectory(Path directory, @Nullable IOException failure)
              throws IOException {
            Files.delete(directory);
            return FileVisitResult.CONTINUE;
          }
        });
  }
}
