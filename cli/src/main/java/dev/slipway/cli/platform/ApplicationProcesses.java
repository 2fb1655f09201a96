package dev.slipway.cli.platform;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.DirectoryStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.TreeMap;
import java.util.concurrent.TimeUnit;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/// The processes of applications, found by asking the kernel, whoever started them.
///
/// A process belongs to the application whose folder its command line or its working directory
/// names, and so do all processes that descend from it: inside a sandbox, folders have other names.
///
/// @param folder the real path of the folder that has a folder for each application
public record ApplicationProcesses(Path folder) {

  /// One process of an application.
  public record Member(String application, long pid) {}

  private static final Pattern PARENT = Pattern.compile("(?m)^PPid:\\s*(\\d+)$");

  public static ApplicationProcesses of(PlatformHome home) {
    return new ApplicationProcesses(DataProcesses.of(home).data().resolve("applications"));
  }

  /// Empty where the kernel does not tell, as on other systems than Linux.
  public List<Member> all() {
    Map<Long, Long> parents = new HashMap<>();
    Map<Long, String> known = new TreeMap<>();
    Pattern mention =
        Pattern.compile(
            "(?:^|[\\x00=:])" + Pattern.quote(folder + "/") + "(app_[A-Za-z0-9]+)(?=/|\\x00|$)");
    try (DirectoryStream<Path> entries = Files.newDirectoryStream(Path.of("/proc"), "[1-9]*")) {
      for (Path entry : entries) {
        long pid = Long.parseLong(entry.getFileName().toString());
        parent(entry).ifPresent(parent -> parents.put(pid, parent));
        named(entry, mention).ifPresent(application -> known.put(pid, application));
      }
    } catch (IOException | NumberFormatException elsewhere) {
      return List.of();
    }
    List<Member> members = new ArrayList<>();
    for (long pid : parents.keySet()) {
      owner(pid, parents, known).ifPresent(it -> members.add(new Member(it, pid)));
    }
    return members;
  }

  /// What keeps an executor running, or runs a command of a deploy.
  ///
  /// @param application `app_…`
  /// @param version     its identifier
  /// @param kind        `executor` or `command`
  /// @param pid         of the first process
  public record Run(String application, String version, String kind, long pid) {

    /// The application's own process below it.
    public Optional<ProcessHandle> server() {
      return ProcessHandle.of(pid).stream()
          .flatMap(ProcessHandle::descendants)
          .filter(ApplicationProcesses::isServer)
          .findFirst();
    }
  }

  /// Whether it is an application's own process.
  public static boolean isServer(ProcessHandle process) {
    return process.info().command().filter(name -> name.endsWith("/node")).isPresent();
  }

  /// The runs of executors and commands, whoever started them.
  public List<Run> runs() {
    List<Run> found = new ArrayList<>();
    Pattern run = Pattern.compile(Pattern.quote(folder + "/") + "(app_\\w+)/runs/(\\d+)\\..*");
    try (DirectoryStream<Path> entries = Files.newDirectoryStream(Path.of("/proc"), "[1-9]*")) {
      for (Path entry : entries) {
        List<String> words =
            Arrays.stream(commandLine(entry).split("\0", -1)).filter(it -> !it.isEmpty()).toList();
        if (words.size() != 4 || !words.get(1).endsWith("/supervise.sh")) {
          continue;
        }
        Matcher folders = run.matcher(words.get(3));
        // One that has forked shows the same words for a moment: the first leads a session.
        if (folders.matches() && leads(entry)) {
          found.add(
              new Run(
                  folders.group(1),
                  folders.group(2),
                  words.get(2),
                  Long.parseLong(entry.getFileName().toString())));
        }
      }
    } catch (IOException | NumberFormatException elsewhere) {
      return List.of();
    }
    return found;
  }

  private static boolean leads(Path entry) {
    try {
      String stat = Files.readString(entry.resolve("stat"), StandardCharsets.ISO_8859_1);
      String[] fields = stat.substring(stat.lastIndexOf(')') + 1).strip().split(" ", -1);
      return !fields[0].equals("Z") && fields[3].equals(entry.getFileName().toString());
    } catch (IOException gone) {
      return false;
    }
  }

  /// Asks all of them to end, ends those by force that do not, and waits until they are gone.
  void stop(Duration grace) throws InterruptedException {
    long deadline = System.nanoTime() + grace.toNanos();
    Set<Long> asked = new HashSet<>();
    for (List<Member> left = all(); !left.isEmpty(); left = all()) {
      for (Member member : left) {
        Optional<ProcessHandle> process = ProcessHandle.of(member.pid());
        if (System.nanoTime() > deadline) {
          process.ifPresent(ProcessHandle::destroyForcibly);
        } else if (asked.add(member.pid())) {
          process.ifPresent(ProcessHandle::destroy);
        }
      }
      TimeUnit.MILLISECONDS.sleep(50);
    }
  }

  private static Optional<String> owner(
      long pid, Map<Long, Long> parents, Map<Long, String> known) {
    // A table read while processes come and go may have a circle in it.
    Set<Long> seen = new HashSet<>();
    for (Long at = pid; at != null && at > 1 && seen.add(at); at = parents.get(at)) {
      String application = known.get(at);
      if (application != null) {
        return Optional.of(application);
      }
    }
    return Optional.empty();
  }

  /// Whoever sits at a terminal and looks into the folder is no application: those have none.
  private static Optional<String> named(Path entry, Pattern mention) {
    if (atTerminal(entry)) {
      return Optional.empty();
    }
    Optional<String> byCommand = find(mention, commandLine(entry));
    if (byCommand.isPresent()) {
      return byCommand;
    }
    try {
      return find(mention, Files.readSymbolicLink(entry.resolve("cwd")).toString());
    } catch (IOException hiddenOrGone) {
      return Optional.empty();
    }
  }

  private static Optional<String> find(Pattern mention, String text) {
    Matcher found = mention.matcher(text);
    return found.find() ? Optional.of(found.group(1)) : Optional.empty();
  }

  private static boolean atTerminal(Path entry) {
    try {
      // What follows the program's name, which may have blanks and brackets in it: state, parent,
      // group, session, terminal.
      String stat = Files.readString(entry.resolve("stat"), StandardCharsets.ISO_8859_1);
      String[] fields = stat.substring(stat.lastIndexOf(')') + 1).strip().split(" ", -1);
      return fields.length > 4 && !fields[4].equals("0");
    } catch (IOException gone) {
      return true;
    }
  }

  private static String commandLine(Path entry) {
    try {
      return Files.readString(entry.resolve("cmdline"), StandardCharsets.ISO_8859_1);
    } catch (IOException gone) {
      return "";
    }
  }

  /// Empty for what has ended and only waits for its parent to notice.
  private static Optional<Long> parent(Path entry) {
    try {
      String status = Files.readString(entry.resolve("status"), StandardCharsets.ISO_8859_1);
      if (status.contains("\nState:\tZ")) {
        return Optional.empty();
      }
      Matcher found = PARENT.matcher(status);
      return found.find() ? Optional.of(Long.parseLong(found.group(1))) : Optional.empty();
    } catch (IOException gone) {
      return Optional.empty();
    }
  }
}
