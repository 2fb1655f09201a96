package dev.slipway.cli.archive;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.entry;

import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.concurrent.ConcurrentHashMap;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

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

  @ParameterizedTest
  @ValueSource(strings = {"A=%s", "A='%s'", "A=\"%s\" # and why", "A=`%s`"})
  void aLongValueIsRead(String line) throws Exception {
    for (String part : List.of("x", "\\'", "\\\"", "\\`", "\\\\", "=\t=")) {
      String value = part.repeat(100_000 / part.length());
      Map<String, String> found = new ConcurrentHashMap<>();
      // As much of a stack as the command has.
      Thread reader =
          new Thread(null, () -> found.putAll(read(line.formatted(value))), "reader", 512 << 10);
      reader.start();
      reader.join();

      assertThat(found.get("A")).isEqualTo(value);
    }
  }

  /// The pattern of the official command, which takes much of the stack.
  private static final Pattern OFFICIAL =
      Pattern.compile(
          "^[ \\t]*(?:export[ \\t]+)?([\\w.-]+)(?:[ \\t]*=|:[ \\t])[ \\t]*"
              + "('(?:\\\\'|[^'])*'|\"(?:\\\\\"|[^\"])*\"|`(?:\\\\`|[^`])*`|[^#\\n]*)"
              + "[ \\t]*(?:#.*)?$",
          Pattern.MULTILINE);

  @Test
  void anyTextIsReadAsTheOfficialPatternReadsIt() {
    String letters = "AB=: \t'\"`\\#\n\n\u2028xport";
    Random random = new Random(4711);
    for (int i = 0; i < 100_000; i++) {
      StringBuilder text = new StringBuilder(random.nextBoolean() ? "A='" : "B=\"");
      for (int length = random.nextInt(24); length > 0; length--) {
        text.append(letters.charAt(random.nextInt(letters.length())));
      }
      Map<String, String> expected = new LinkedHashMap<>();
      Matcher line = OFFICIAL.matcher(text);
      while (line.find()) {
        expected.put(line.group(1), unquoted(line.group(2).strip()));
      }

      assertThat(read(text.toString())).as("%s", text).isEqualTo(expected);
    }
  }

  private static String unquoted(String value) {
    Matcher quoted = Pattern.compile("(['\"`])(.*)\\1", Pattern.DOTALL).matcher(value);
    if (!quoted.matches()) {
      return value;
    }
    return quoted.group(1).equals("\"")
        ? quoted.group(2).replace("\\n", "\n").replace("\\r", "\r")
        : quoted.group(2);
  }

  private static Map<String, String> read(String text) {
    return EnvironmentFile.read(text, Map.of());
  }
}
