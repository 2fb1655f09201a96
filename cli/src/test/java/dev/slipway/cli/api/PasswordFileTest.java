package dev.slipway.cli.api;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class PasswordFileTest {

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
}
