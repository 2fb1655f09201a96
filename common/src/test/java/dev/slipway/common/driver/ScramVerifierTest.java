package dev.slipway.common.driver;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;

import java.util.Base64;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

final class ScramVerifierTest {

  @Test
  void agreesWithTheExampleOfTheStandard() {
    // RFC 7677, section 3: user "user", password "pencil"; the keys follow from the exchange
    // printed there.
    byte[] salt = Base64.getDecoder().decode("W22ZaJ0SNY7soEsUEjb6gQ==");

    ScramVerifier verifier = ScramVerifier.of("pencil".toCharArray(), salt, 4096);

    assertThat(verifier.value())
        .isEqualTo(
            "SCRAM-SHA-256$4096:W22ZaJ0SNY7soEsUEjb6gQ==$"
                + "WG5d8oPm3OtcPnkdi4Uo7BkeZkBFzpcXkuLmtbsT4qY=:wfPLwcE6nTWhTAmQ7tl2KeoiWGPlZqQxSrmfPwDl2dU=");
  }

  @Test
  void twoVerifiersOfOnePasswordDiffer() {
    assertThat(ScramVerifier.of("pencil".toCharArray()))
        .isNotEqualTo(ScramVerifier.of("pencil".toCharArray()));
  }

  @Test
  void matchesItsOwnPasswordOnly() {
    ScramVerifier verifier = ScramVerifier.of("pencil".toCharArray());

    assertThat(verifier.matches("pencil".toCharArray())).isTrue();
    assertThat(verifier.matches("pen".toCharArray())).isFalse();
  }

  @Test
  void compatibleCharactersAreOnePassword() {
    assertThat(ScramVerifier.of("\uFB01ne \u2460".toCharArray()).matches("fine 1".toCharArray()))
        .isTrue();
  }

  @Test
  void readsBackWhatItWrote() {
    ScramVerifier verifier = ScramVerifier.of("pencil".toCharArray());

    assertThat(ScramVerifier.parse(verifier.value())).isEqualTo(verifier);
  }

  @Test
  void isNeverPrinted() {
    ScramVerifier verifier = ScramVerifier.of("pencil".toCharArray());

    assertThat(verifier.toString()).isEqualTo("ScramVerifier[hidden]");
    assertThat("%s %s".formatted(verifier, verifier.hashCode())).doesNotContain(verifier.value());
  }

  @Test
  void aKeyIsCheckedInOneRound() {
    char[] key = "uCq3xkV0o6tVYyBzJrGd4Q1mPnS8aEwT".toCharArray();

    ScramVerifier verifier = ScramVerifier.ofKey(key);

    assertThat(verifier.value()).startsWith("SCRAM-SHA-256$1:");
    assertThat(verifier.matches(key)).isTrue();
    assertThat(verifier.matches("pencil".toCharArray())).isFalse();
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "",
        "pencil",
        "md53175bce1d3201d16594cebf9d7eb3f9d",
        "SCRAM-SHA-256$4096:W22ZaJ0SNY7soEsUEjb6gQ==$short:short",
        "SCRAM-SHA-256$4096:W22ZaJ0SNY7soEsUEjb6gQ==$WG5d8oPm3OtcPnkdi4Uo7BkeZkBFzpcXkuLmtbsT4qY=:'; DROP",
      })
  void anythingElseIsNoVerifierAndIsNotRepeated(String text) {
    assertThatIllegalArgumentException()
        .isThrownBy(() -> ScramVerifier.parse(text))
        .withMessage("not a SCRAM-SHA-256 verifier");
  }
}
