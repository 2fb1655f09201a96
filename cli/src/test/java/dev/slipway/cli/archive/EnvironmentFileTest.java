package dev.slipway.cli.archive;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.entry;

import java.util.Map;
import org.junit.jupiter.api.Test;

class EnvironmentFileTest {

  @Test
  void linesQuotesAndCommentsAreRead() {
    assertThat(
            read(
                """
                # a comment
                PLAIN=one two   # and why
                export EXPORTED = yes
                COLON: value
                EMPTY=
                SINGLE='a # b $(rm -rf /)'
                DOUBLE="first\\nsecond"
                TICKS=`it's "quoted"`
                MULTI="one
                two"
                HASH="#1"
                not a line
                """))
        .containsExactly(
            entry("PLAIN", "one two"),
            entry("EXPORTED", "yes"),
            entry("COLON", "value"),
            entry("EMPTY", ""),
            entry("SINGLE", "a # b $(rm -rf /)"),
            entry("DOUBLE", "first\nsecond"),
            entry("TICKS", "it's \"quoted\""),
            entry("MULTI", "one\ntwo"),
            entry("HASH", "#1"));
  }

  @Test
  void referencesAreResolvedFromTheFileAndFromThisMachine() {
    assertThat(
            EnvironmentFile.read(
                """
                HOST=db
                URL=postgres://${HOST}:$PORT/x
                MISSING=${NOPE}
                FALLBACK=${NOPE:-other}
                NESTED=${NOPE:-${HOST}}
                PRESENT=${HOST:+there}
                ESCAPED=\\$HOST
                SELF=${SELF}
                """,
                Map.of("PORT", "5432")))
        .containsEntry("URL", "postgres://db:5432/x")
        .containsEntry("MISSING", "")
        .containsEntry("FALLBACK", "other")
        .containsEntry("NESTED", "db")
        .containsEntry("PRESENT", "there")
        .containsEntry("ESCAPED", "$HOST")
        .containsEntry("SELF", "");
  }

  @Test
  void whatIsSetOnThisMachineWins() {
    assertThat(EnvironmentFile.read("KEY=file\nOTHER=$KEY\n", Map.of("KEY", "machine")))
        .containsExactly(entry("KEY", "machine"), entry("OTHER", "machine"));
  }

  @Test
  void aCircleEnds() {
    assertThat(read("A=${B}x\nB=${A}${A}\nC=${B:-${B:-${B}}}\n")).hasSize(3);
  }

  private static Map<String, String> read(String text) {
    return EnvironmentFile.read(text, Map.of());
  }
}
