package dev.slipway.cli.api;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.Callable;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class PasswordFileTest {

  /// How many passwords each of several commands keeps.
  private static final int EACH = 30;

  @TempDir private Path folder;

  @Test
  void keepsWhatLibpqCanRead() throws Exception {
    Path path = folder.resolve("pgpass");
    PasswordFile file = new PasswordFile(path);

    file.put("localhost", 20001, "demo_db", "a:b\\c");
    file.put("localhost", 20002, "demo_db", "other");

    assertThat(file.find("localhost", 20001, "demo_db")).contains("a:b\\c");
    assertThat(file.find("localhost", 20001, "somebody")).isEmpty();
    assertThat(Files.readString(path)).startsWith("localhost:20001:*:demo_db:a\\:b\\\\c\n");
    assertThat(PosixFilePermissions.toString(Files.getPosixFilePermissions(path)))
        .isEqualTo("rw-------");
  }

  @Test
  void aNewPasswordReplacesTheOldAndADestroyedServerIsForgotten() throws Exception {
    PasswordFile file = new PasswordFile(folder.resolve("pgpass"));
    file.put("localhost", 20001, "demo_db", "first");
    file.put("localhost", 20001, "demo_db", "second");
    assertThat(file.find("localhost", 20001, "demo_db")).contains("second");

    file.forget("localhost", 20001);

    assertThat(file.find("localhost", 20001, "demo_db")).isEmpty();
  }

  @Test
  void aFolderThatIsNotThereIsMade() throws Exception {
    PasswordFile file = new PasswordFile(folder.resolve("home/pgpass"));

    file.forget("localhost", 20001);
    assertThat(folder.resolve("home")).doesNotExist();
    file.put("localhost", 20001, "demo_db", "first");

    assertThat(file.find("localhost", 20001, "demo_db")).contains("first");
  }

  @Test
  void commandsAtTheSameTimeLoseNothingOfEachOther() throws Exception {
    Path path = folder.resolve("pgpass");
    List<Process> commands = new ArrayList<>();
    try (ExecutorService threads = Executors.newFixedThreadPool(3)) {
      for (int first = 0; first < 3; first++) {
        commands.add(Command.start(path, first * EACH));
      }
      List<Callable<Void>> here = new ArrayList<>();
      for (int first = 3; first < 6; first++) {
        int from = first * EACH;
        here.add(
            () -> {
              keep(new PasswordFile(path), from);
              return null;
            });
      }
      for (Process command : commands) {
        assertThat(command.inputReader().readLine()).isEqualTo("ready");
      }
      for (Process command : commands) {
        command.outputWriter().close();
      }
      for (Future<Void> thread : threads.invokeAll(here)) {
        thread.get();
      }
      for (Process command : commands) {
        assertThat(command.waitFor(60, TimeUnit.SECONDS)).isTrue();
        assertThat(command.exitValue()).isZero();
      }
    } finally {
      commands.forEach(Process::destroyForcibly);
    }

    for (int port = 0; port < 6 * EACH; port++) {
      assertThat(new PasswordFile(path).find("localhost", port, "demo_db"))
          .as("port %d", port)
          .isPresent();
    }
  }

  private static void keep(PasswordFile file, int from) throws IOException {
    for (int port = from; port < from + EACH; port++) {
      file.put("localhost", port, "demo_db", "password");
    }
  }

  /// Another process that keeps passwords, as soon as its input ends.
  static final class Command {

    private static Process start(Path path, int from) throws IOException {
      return new ProcessBuilder(
              Path.of(System.getProperty("java.home"), "bin", "java").toString(),
              "-cp",
              System.getProperty("java.class.path"),
              Command.class.getName(),
              path.toString(),
              Integer.toString(from))
          .redirectError(ProcessBuilder.Redirect.INHERIT)
          .start();
    }

    public static void main(String[] arguments) throws IOException {
      System.out.println("ready");
      System.in.readAllBytes();
      keep(new PasswordFile(Path.of(arguments[0])), Integer.parseInt(arguments[1]));
    }
  }
}
