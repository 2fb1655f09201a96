package dev.slipway.localstack;

import java.io.IOException;
import java.nio.file.FileAlreadyExistsException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.security.SecureRandom;

/// A generated password in a file only its owner can read.
public final class KeyFile {

  private static final String LETTERS =
      "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789";

  private KeyFile() {}

  /// Reads the password, or makes one. Of two who make one at once, both read the first.
  public static String ensure(Path file) throws IOException {
    if (!Files.exists(file)) {
      Path folder = file.toAbsolutePath().resolveSibling(".").normalize();
      Files.createDirectories(
          folder,
          PosixFilePermissions.asFileAttribute(PosixFilePermissions.fromString("rwx------")));
      // A temporary file is readable by its owner only; linking it to its name refuses to replace
      // another's.
      Path fresh = Files.createTempFile(folder, ".key-", ".new");
      try {
        Files.writeString(fresh, generate());
        Files.createLink(file, fresh);
      } catch (FileAlreadyExistsException other) {
        // Somebody else was first, and theirs counts.
      } finally {
        Files.delete(fresh);
      }
    }
    String password = Files.readString(file).strip();
    if (password.isEmpty()) {
      throw new IOException(file + " is empty; remove it to have a new password made");
    }
    return password;
  }

  static String generate() {
    SecureRandom random = new SecureRandom();
    StringBuilder password = new StringBuilder();
    for (int i = 0; i < 32; i++) {
      password.append(LETTERS.charAt(random.nextInt(LETTERS.length())));
    }
    return password.toString();
  }
}
