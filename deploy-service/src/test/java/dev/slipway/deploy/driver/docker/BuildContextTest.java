package dev.slipway.deploy.driver.docker;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.ByteArrayInputStream;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.util.Map;
import java.util.TreeMap;
import org.apache.commons.compress.archivers.tar.TarArchiveEntry;
import org.apache.commons.compress.archivers.tar.TarArchiveInputStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/// What an engine is given to build from.
final class BuildContextTest {

  private static final Map<String, String> LABELS = Map.of("b", "2", "a", "");
  private static final String LABEL = "LABEL a=\"\" b=\"2\"";

  private static String labelled(String... lines) {
    return BuildContext.labelled(String.join("\n", lines), LABELS);
  }

  @Test
  void eachStageIsLabelledAndLabelsOfItsOwnAreLeftOut() {
    assertThat(
            labelled(
                "# syntax is nothing to the classic builder",
                "ARG TAG=20",
                "from node:$TAG \\",
                "# in between",
                "  AS build",
                "RUN echo FROM here \\",
                "  && echo FROM there",
                "LABEL mine=1 \\",
                "  yours=2",
                "\tFROM debian",
                "COPY --from=build /a /a"))
        .isEqualTo(
            String.join(
                "\n",
                "# syntax is nothing to the classic builder",
                "ARG TAG=20",
                "from node:$TAG \\",
                "# in between",
                "  AS build",
                LABEL,
                "RUN echo FROM here \\",
                "  && echo FROM there",
                "\tFROM debian",
                LABEL,
                "COPY --from=build /a /a"));
  }

  @Test
  void neitherAMarkNorOtherBlanksNorAnotherEscapeHideAStage() {
    assertThat(labelled("\uFEFFFROM one")).isEqualTo("FROM one\n" + LABEL);
    assertThat(labelled("\u00A0FROM one\r")).isEqualTo("\u00A0FROM one\r\n" + LABEL);
    assertThat(labelled("# Escape = `", "FROM `", "one", "RUN dir c:\\", "FROM two"))
        .isEqualTo(
            String.join(
                "\n", "# Escape = `", "FROM `", "one", LABEL, "RUN dir c:\\", "FROM two", LABEL));
  }

  @ParameterizedTest
  @CsvSource({
    "node_modules,      node_modules/a/b.js, false",
    "node_modules,      src/node_modules,    true",
    "**/node_modules,   node_modules/a,      false",
    "**/node_modules,   a/b/node_modules/c,  false",
    "*.md,              README.md,           false",
    "*.md,              a/README.md,         true",
    "**/*.md,           README.md,           false",
    "docs/**,           docs/a/b,            false",
    "/secret/,          secret/key,          false",
    "./a,               a,                   false",
    "tmp?,              tmp1,                false",
    "[^a].x,            b.x,                 false",
    "[^a].x,            a.x,                 true",
    "'*|!a.js',         a.js,                true",
    "'*|!a.js',         b.js,                false",
    "'!a.js|*',         a.js,                false",
    "'# a.js|',         a.js,                true",
    "[z-a],             '[z-a]',             false",
    "a+(b),             a+(b),               false",
    "Dockerfile,        Dockerfile,          false"
  })
  void whatDockerignoreNamesIsLeftOut(String rules, String file, boolean there) throws Exception {
    assertThat(written(rules.replace('|', '\n'), file).containsKey(file)).isEqualTo(there);
  }

  @Test
  void thePlatformsOwnIsLeftOutAndTheLabelledDockerfileIsCopiedNowhere() throws Exception {
    Map<String, String> written =
        written("", "Dockerfile", ".slipway/ca.pem", ".slipway.dockerfile", ".dockerignore", "a");

    assertThat(written)
        .containsOnlyKeys("Dockerfile", "a", ".slipway.dockerfile", ".dockerignore")
        .containsEntry(".slipway.dockerfile", "FROM x\n" + LABEL)
        .containsEntry(".dockerignore", ".dockerignore\n.slipway.dockerfile\n")
        .containsEntry("Dockerfile", "content of Dockerfile");
  }

  private static Map<String, String> written(String ignored, String... files) throws IOException {
    var folder = new ByteArrayOutputStream();
    try (var archive = VersionFiles.archive(folder)) {
      for (String file : files) {
        VersionFiles.text(archive, "/app/" + file, "content of " + file, 7);
      }
    }
    var target = new ByteArrayOutputStream();
    BuildContext.write(
        new TarArchiveInputStream(new ByteArrayInputStream(folder.toByteArray())),
        "FROM x",
        ignored,
        LABELS,
        target);
    Map<String, String> written = new TreeMap<>();
    try (var archive = new TarArchiveInputStream(new ByteArrayInputStream(target.toByteArray()))) {
      for (TarArchiveEntry entry = archive.getNextEntry();
          entry != null;
          entry = archive.getNextEntry()) {
        written.put(entry.getName(), new String(archive.readAllBytes(), StandardCharsets.UTF_8));
      }
    }
    return written;
  }
}
