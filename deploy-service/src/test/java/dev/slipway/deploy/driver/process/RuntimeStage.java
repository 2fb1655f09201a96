package dev.slipway.deploy.driver.process;

import dev.slipway.common.driver.Found;
import dev.slipway.common.id.Identifiers;
import dev.slipway.common.operation.DriverFailure;
import dev.slipway.common.operation.Fence;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.time.InstantSource;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Set;

/// A folder in which a process runtime works; what it started is gone when it closes.
final class RuntimeStage implements AutoCloseable {

  /// Not those of a platform that runs here meanwhile.
  static final int FIRST_PORT = 27_000;

  static final int LAST_PORT = 27_999;

  final Path folder;
  final Path root;
  final Path authority;
  final Path machine;
  final String installation = Identifiers.next("inst");
  final ProcessApplicationRuntime runtime;

  private final Isolation.Search search;

  RuntimeStage() {
    this(Isolation::find);
  }

  RuntimeStage(Isolation.Search search) {
    this.search = search;
    try {
      folder = Files.createTempDirectory("slipway-applications-");
      // The applications' own users pass through.
      Files.setPosixFilePermissions(folder, PosixFilePermissions.fromString("rwx--x--x"));
      // People's homes have such names.
      root = folder.resolve("appli cations");
      authority = Files.writeString(folder.resolve("ca.pem"), "the authority of a test\n");
      machine =
          Files.writeString(
              folder.resolve("machine.pem"),
              """
              -----BEGIN PRIVATE KEY-----
              of the machine
              -----END PRIVATE KEY-----
              -----BEGIN CERTIFICATE-----
              an authority of the machine
              -----END CERTIFICATE-----
              """);
      runtime = open();
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    } catch (InterruptedException e) {
      throw new IllegalStateException(e);
    }
  }

  ProcessRuntimeSettings settings() {
    return new ProcessRuntimeSettings(
        root, installation, authority, machine, FIRST_PORT, LAST_PORT, false);
  }

  /// Another runtime on the same folder, as after a restart of the service.
  ProcessApplicationRuntime open() throws IOException, InterruptedException {
    return ProcessApplicationRuntime.open(settings(), InstantSource.system(), search);
  }

  @Override
  public void close() {
    try {
      Set<String> applications = new LinkedHashSet<>();
      runtime.inventory().stream().map(Found::subject).forEach(applications::add);
      for (String application : applications) {
        runtime.destroy(new Fence(application, 1_000_000), application, List.of());
      }
      if (new ProcessBuilder("rm", "-rf", folder.toString()).start().waitFor() != 0) {
        throw new IllegalStateException("the folder of a test cannot be removed");
      }
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    } catch (InterruptedException | DriverFailure e) {
      throw new IllegalStateException(e);
    }
  }
}
