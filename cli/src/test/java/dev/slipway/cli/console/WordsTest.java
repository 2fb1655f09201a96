package dev.slipway.cli.console;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class WordsTest {

  @ParameterizedTest
  @ValueSource(
      strings = {
        "a\nb",
        "a\r\n\tb",
        "a\u001b\u0007b",
        "a\u009bb",
        "a\u202eb",
        "a\u2066b",
        "a\u200bb",
        "a\u2028b",
        "a\u00adb"
      })
  void nothingInForeignTextActsOnATerminal(String text) {
    assertThat(Words.plain(text)).isEqualTo("a b");
  }

  @ParameterizedTest
  @ValueSource(strings = {"", "webpack 40 %", "Grüße, 世界 🙂", "a  b"})
  void plainTextStaysAsItIs(String text) {
    assertThat(Words.plain(text)).isEqualTo(text);
    assertThat(Words.harmless(text)).isEqualTo(text);
  }
}
