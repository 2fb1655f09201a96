package dev.slipway.localstack;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermission;
import java.util.List;
import java.util.concurrent.Callable;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;

class PostgresBinariesTest {

  @Test
  void twoCallersAtOnceFindOneWholeFolderAfterAKillHalfWay() throws Exception {
    try (TestFolder folder = TestFolder.create();
        ExecutorService callers = Executors.newFixedThreadPool(2)) {
      Path target = folder.path().resolve("postgres-18");
      Path link =
          Files.createSymbolicLink(folder.path().resolve("link"), folder.path())
              .resolve("postgres-18");
      Path half = Files.createDirectories(folder.path().resolve("postgres-18.unpacking-1/bin"));
      Callable<PostgresBinaries> ensure = () -> PostgresBinaries.ensure(link);

      var both = callers.invokeAll(List.of(ensure, ensure));

      Path home = both.get(0).get().home();
      assertThat(both.get(1).get().home()).isEqualTo(home);
      assertThat(home).isEqualTo(target);
      assertThat(half).doesNotExist();
      assertThat(home.resolve("bin/initdb")).isExecutable();
      assertThat(Files.getPosixFilePermissions(home.resolve("bin/postgres")))
          .contains(PosixFilePermission.OTHERS_EXECUTE);
      assertThat(filesUnder(home))
          .contains("uuid-ossp.control", "plpgsql.control")
          .doesNotContain("plperl.control", "plpython3u.control", "pltcl.control");
    }
  }

  private static List<String> filesUnder(Path folder) throws IOException {
    try (Stream<Path> files = Files.walk(folder)) {
      return files.map(file -> file.getFileName().toString()).toList();
    }
  }
}
