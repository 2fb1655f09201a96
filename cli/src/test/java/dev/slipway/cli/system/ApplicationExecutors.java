package dev.slipway.cli.system;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.DirectoryStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;

/// What runs for one application of a platform, found by asking the kernel.
///
/// @param folder the real path of the application's folder
record ApplicationExecutors(Path folder) {

  static ApplicationExecutors of(PlatformUnderTest platform, String application)
      throws IOException {
    return new ApplicationExecutors(
        platform.home().resolve("data").toRealPath().resolve("applications").resolve(application));
  }

  /// The first process of each executor.
  List<Long> supervisors() throws IOException {
    return supervising("executor");
  }

  /// The first process of each run of an executor or a command.
  List<Long> supervising(String kind) throws IOException {
    List<Long> found = new ArrayList<>();
    try (DirectoryStream<Path> entries = Files.newDirectoryStream(Path.of("/proc"), "[1-9]*")) {
      for (Path entry : entries) {
        List<String> words = words(entry);
        // One that has forked shows the same words for a moment: the first leads a session.
        long pid = Long.parseLong(entry.getFileName().toString());
        if (words.size() == 4
            && words.get(1).endsWith("/supervise.sh")
            && words.get(2).equals(kind)
            && words.get(3).startsWith(folder + "/")
            && leads(entry, pid)) {
          found.add(pid);
        }
      }
    }
    return found;
  }

  /// Ends the server below a supervisor by force.
  static boolean killServer(long supervisor) {
    return ProcessHandle.of(supervisor).stream()
        .flatMap(ProcessHandle::descendants)
        .filter(it -> it.info().command().filter(name -> name.endsWith("/node")).isPresent())
        .findFirst()
        .map(ProcessHandle::destroyForcibly)
        .orElse(false);
  }

  private static boolean leads(Path entry, long pid) {
    try {
      String stat = Files.readString(entry.resolve("stat"), StandardCharsets.ISO_8859_1);
      String[] fields = stat.substring(stat.lastIndexOf(')') + 1).strip().split(" ", -1);
      return Long.parseLong(fields[3]) == pid;
    } catch (IOException gone) {
      return false;
    }
  }

  private static List<String> words(Path entry) {
    try {
      String line = Files.readString(entry.resolve("cmdline"), StandardCharsets.ISO_8859_1);
      return Arrays.asList(line.split("\0", -1)).stream().filter(it -> !it.isEmpty()).toList();
    } catch (IOException gone) {
      return List.of();
    }
  }
}
