package dev.slipway.cli.platform;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.DirectoryStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.TimeUnit;

/// The Postgres processes that work in the platform's data folder, found by asking the kernel,
/// whoever started them.
///
/// @param data the real path of the folder
public record DataProcesses(Path data) {

  /// One server process and the folder it works in.
  public record Server(long pid, Path directory) {}

  public static DataProcesses of(PlatformHome home) {
    try {
      return new DataProcesses(home.data().toRealPath());
    } catch (IOException missing) {
      return new DataProcesses(home.data());
    }
  }

  public Path control() {
    return data.resolve("control");
  }

  public Path instances() {
    return data.resolve("instances");
  }

  /// Empty where the kernel does not tell, as on other systems than Linux.
  public List<Server> all() {
    List<Server> found = new ArrayList<>();
    try (DirectoryStream<Path> entries = Files.newDirectoryStream(Path.of("/proc"), "[1-9]*")) {
      for (Path entry : entries) {
        server(entry).ifPresent(found::add);
      }
    } catch (IOException elsewhere) {
      return List.of();
    }
    return found;
  }

  /// Ends the servers under a folder, each as a whole and with its clients disconnected, and waits
  /// until they are gone.
  void stop(Path under, Duration patience) throws InterruptedException {
    long deadline = System.nanoTime() + patience.toNanos();
    boolean asked = false;
    for (List<Server> left = under(under); !left.isEmpty(); left = under(under)) {
      for (Server server : left) {
        if (System.nanoTime() > deadline) {
          Signal.KILL.send(server.pid());
        } else if (!asked && postmaster(server)) {
          // At TERM Postgres waits until the last client leaves.
          Signal.INTERRUPT.send(server.pid());
        }
      }
      asked = true;
      TimeUnit.MILLISECONDS.sleep(50);
    }
  }

  public List<Server> under(Path folder) {
    return all().stream().filter(it -> it.directory().startsWith(folder)).toList();
  }

  /// The first process of a server, as it wrote down itself.
  public static Optional<Long> postmaster(Path directory) {
    return line(directory, 0).flatMap(DataProcesses::number);
  }

  /// The port on which the server of a data directory listens, as it wrote down itself.
  public static Optional<Integer> port(Path directory) {
    return line(directory, 3).flatMap(DataProcesses::number).map(Math::toIntExact);
  }

  private static Optional<Long> number(String text) {
    try {
      return Optional.of(Long.parseLong(text.strip()));
    } catch (NumberFormatException halfWritten) {
      return Optional.empty();
    }
  }

  private static boolean postmaster(Server server) {
    return line(server.directory(), 0).filter(Long.toString(server.pid())::equals).isPresent();
  }

  private static Optional<String> line(Path directory, int index) {
    try {
      List<String> lines =
          Files.readAllLines(directory.resolve("postmaster.pid"), StandardCharsets.ISO_8859_1);
      return lines.size() > index ? Optional.of(lines.get(index).strip()) : Optional.empty();
    } catch (IOException absent) {
      return Optional.empty();
    }
  }

  private Optional<Server> server(Path entry) {
    try {
      Path directory = Files.readSymbolicLink(entry.resolve("cwd"));
      if (!directory.startsWith(data)) {
        return Optional.empty();
      }
      String program = Files.readSymbolicLink(entry.resolve("exe")).getFileName().toString();
      return program.startsWith("postgres")
          ? Optional.of(new Server(Long.parseLong(entry.getFileName().toString()), directory))
          : Optional.empty();
    } catch (IOException | NumberFormatException hiddenOrGone) {
      return Optional.empty();
    }
  }
}
