package dev.slipway.deploy.configuration;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.concurrent.TimeUnit;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/// Taking a copy of the packages, killed before, in the middle of and after each of its commands.
final class OwnPackagesTest {

  private static final int COMMANDS = 6;

  /// Stands in for a program: counts, and at the chosen count kills the shell that called it, be it
  /// before or after it has done what was asked, or with a part of it done.
  private static final String CUT =
      """
      #!/bin/sh
      program=${0##*/}
      count=$(($(cat "$CUTS/count") + 1))
      echo "$count" > "$CUTS/count"
      if [ "$count" != "$CUT" ]; then
        exec "/bin/$program" "$@"
      fi
      case "$WHEN $program" in
        after*) "/bin/$program" "$@" ;;
        "half rm") for last; do :; done; /bin/rm -f "$last/a/one.js" ;;
        "half cp") /bin/mkdir "$3" && /bin/cp -a "$2/a" "$3/a" ;;
        "half chmod") for last; do :; done; /bin/chmod u+w "$last/a/one.js" ;;
      esac
      kill -9 "$(cat "$CUTS/shell")"
      """;

  @TempDir Path folder;

  private Path version = Path.of("");
  private Path kept = Path.of("");

  record Cut(int command, String when) {}

  static Stream<Cut> cuts() {
    return IntStream.rangeClosed(1, COMMANDS)
        .boxed()
        .flatMap(
            command -> Stream.of("before", "half", "after").map(when -> new Cut(command, when)));
  }

  /// Packages that are kept elsewhere too, as the same files, which are nobody's to write.
  @BeforeEach
  void install() throws IOException {
    version = Files.createDirectories(folder.resolve("version"));
    kept = folder.resolve("kept");
    for (String file : List.of("a/one.js", "a/two.js", "b/c/three.js")) {
      Path original = kept.resolve(file);
      Files.createDirectories(original.getParent());
      Files.writeString(original, file);
      Files.setPosixFilePermissions(original, PosixFilePermissions.fromString("r--r--r--"));
      Path linked = version.resolve("node_modules").resolve(file);
      Files.createDirectories(linked.getParent());
      Files.createLink(linked, original);
    }
    Files.createDirectories(folder.resolve("bin"));
    for (String program : List.of("rm", "cp", "chmod", "mv")) {
      Path stand = Files.writeString(folder.resolve("bin").resolve(program), CUT);
      Files.setPosixFilePermissions(stand, PosixFilePermissions.fromString("rwx------"));
    }
  }

  @ParameterizedTest
  @MethodSource("cuts")
  void whateverIsKilledTheNextRunEndsWithACopyOfItsOwn(Cut cut) throws Exception {
    int killed = run(cut);
    assertThat(killed).as("killed").isEqualTo(137);

    assertThat(run(null)).isZero();

    requireOwnPackages();
  }

  @Test
  void theCutsAreAllThereAre() throws Exception {
    assertThat(run(new Cut(COMMANDS + 1, "before"))).isZero();
    assertThat(folder.resolve("count")).content().isEqualToIgnoringWhitespace("" + COMMANDS);
    requireOwnPackages();
  }

  @Test
  void whatIsDoneTwiceIsTheSame() throws Exception {
    assertThat(run(null)).isZero();
    assertThat(run(null)).isZero();
    requireOwnPackages();
  }

  private int run(@Nullable Cut cut) throws Exception {
    Files.writeString(folder.resolve("count"), "0");
    var builder =
        new ProcessBuilder(
                "/bin/sh",
                "-c",
                "echo $$ > \"$CUTS/shell\"; " + Commands.OWN_PACKAGES + "; exit $?")
            .directory(version.toFile())
            .redirectErrorStream(true)
            .redirectOutput(folder.resolve("out").toFile());
    Map<String, String> environment = builder.environment();
    environment.put("CUTS", folder.toString());
    if (cut != null) {
      environment.put("PATH", folder.resolve("bin") + ":" + environment.get("PATH"));
      environment.put("CUT", String.valueOf(cut.command()));
      environment.put("WHEN", cut.when());
    }
    Process process = builder.start();
    assertThat(process.waitFor(30, TimeUnit.SECONDS)).isTrue();
    return process.exitValue();
  }

  private void requireOwnPackages() throws IOException {
    Map<String, String> files = files(version);
    assertThat(files)
        .as(Files.readString(folder.resolve("out")))
        .isEqualTo(
            Map.of(
                "node_modules/a/one.js", "a/one.js",
                "node_modules/a/two.js", "a/two.js",
                "node_modules/b/c/three.js", "b/c/three.js"));
    for (String file : files.keySet()) {
      Path own = version.resolve(file);
      Path original = kept.resolve(Path.of("node_modules").relativize(Path.of(file)));
      assertThat(PosixFilePermissions.toString(Files.getPosixFilePermissions(own)))
          .isEqualTo("rw-r--r--");
      assertThat(PosixFilePermissions.toString(Files.getPosixFilePermissions(original)))
          .isEqualTo("r--r--r--");
      assertThat(Files.isSameFile(own, original)).isFalse();
    }
    try (Stream<Path> left = Files.list(version)) {
      assertThat(left).containsExactly(version.resolve("node_modules"));
    }
  }

  private static Map<String, String> files(Path in) throws IOException {
    Map<String, String> files = new TreeMap<>();
    try (Stream<Path> all = Files.walk(in)) {
      all.filter(Files::isRegularFile)
          .forEach(
              file -> {
                try {
                  files.put(in.relativize(file).toString(), Files.readString(file));
                } catch (IOException failure) {
                  throw new UncheckedIOException(failure);
                }
              });
    }
    return files;
  }
}
