package dev.slipway.cli.console;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;

import java.io.ByteArrayOutputStream;
import java.io.InputStream;
import java.io.PrintStream;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.junit.jupiter.api.Test;

class OutputTest {

  private final ByteArrayOutputStream out = new ByteArrayOutputStream();
  private final ByteArrayOutputStream err = new ByteArrayOutputStream();

  private Output output(Set<Surroundings.Stream> terminals) {
    return new Output(
        new Surroundings(
            Map.of(),
            Path.of("."),
            InputStream.nullInputStream(),
            new PrintStream(out, true, UTF_8),
            new PrintStream(err, true, UTF_8),
            terminals,
            Path.of(".")));
  }

  @Test
  void columnsAreAlignedAndNothingTrails() {
    output(Set.of())
        .table(List.of("NAME", "STATUS"), List.of(List.of("a_long_name", "up"), List.of("b", "")));

    assertThat(out.toString(UTF_8)).isEqualTo("NAME         STATUS\na_long_name  up\nb\n");
  }

  @Test
  void aFailureSaysWhatIsWrongWhatToDoAndWhichRequest() {
    output(Set.of())
        .failure(
            CommandFailure.failed("invalid-request", "the name is too long.")
                .fields(Map.of("Name", "must have 3 to 16 characters"))
                .next("Choose another.")
                .requestId("r-1")
                .details("one\ntwo")
                .build(),
            false);

    assertThat(out.toString(UTF_8)).isEmpty();
    assertThat(err.toString(UTF_8).lines())
        .containsExactly(
            "slipway: the name is too long",
            "  Name must have 3 to 16 characters",
            "  | one",
            "  | two",
            "  Choose another.",
            "  (invalid-request, request r-1)");
  }

  @Test
  void aFailureIsJsonInTheShapeOfTheApi() throws Exception {
    output(Set.of())
        .failure(
            CommandFailure.failed("instance-busy", "busy").status(409).requestId("r").build(),
            true);

    var json = Json.MAPPER.readTree(out.toString(UTF_8));
    assertThat(json.path("statusCode").asInt()).isEqualTo(409);
    assertThat(json.path("requestID").asText()).isEqualTo("r");
    assertThat(json.path("code").asText()).isEqualTo("instance-busy");
    assertThat(err.toString(UTF_8)).isEmpty();
  }

  @Test
  void whatChangesIsShownOnTerminalsOnly() {
    Output piped = output(Set.of());
    piped.live("working");
    assertThat(err.toString(UTF_8)).isEmpty();

    Output seen = output(Set.of(Surroundings.Stream.ERROR));
    seen.live("working");
    seen.line("done");
    assertThat(err.toString(UTF_8)).isEqualTo("\r\033[Kworking\r\033[K");
    assertThat(out.toString(UTF_8)).isEqualTo("done\n");
  }

  /// An escape sequence, its one-character form, a backspace, and what turns a line around.
  private static final String FOREIGN = "a\u001b[2Jb\u009b2Jc\bd\u202ee";

  @Test
  void nothingInForeignTextActsOnATerminal() {
    Output seen = output(Set.of(Surroundings.Stream.OUTPUT, Surroundings.Stream.ERROR));

    seen.line(FOREIGN + "\tf\ng");
    seen.table(List.of("NAME", "IS"), List.of(List.of(FOREIGN, "x"), List.of("1234567890", "y")));
    seen.failure(
        CommandFailure.failed("failed", FOREIGN).details(FOREIGN + "\n" + FOREIGN).build(), false);
    seen.live(FOREIGN + "\n");

    assertThat(out.toString(UTF_8))
        .isEqualTo("a[2Jb2Jcde\tf\ng\nNAME        IS\na[2Jb2Jcde  x\n1234567890  y\n");
    assertThat(err.toString(UTF_8))
        .isEqualTo("slipway: a[2Jb2Jcde\n  | a[2Jb2Jcde\n  | a[2Jb2Jcde\n\r\033[Ka [2Jb 2Jc d e ");
  }

  @Test
  void aProgramGetsForeignTextAsItIs() {
    output(Set.of()).line(FOREIGN);

    assertThat(out.toString(UTF_8)).isEqualTo(FOREIGN + "\n");
  }

  @Test
  void jsonHasForeignTextInEscapes() throws Exception {
    String text = FOREIGN + "\u007f\ud83d\ude42\udb40\udc41é";
    output(Set.of()).json(Json.object().put("text", text));

    assertThat(out.toString(UTF_8))
        .doesNotContainPattern("[\\p{Cc}\\p{Cf}&&[^\\n]]")
        .contains("é", "\ud83d\ude42");
    assertThat(Json.MAPPER.readTree(out.toString(UTF_8)).path("text").asText()).isEqualTo(text);
  }

  @Test
  void timesAreReadable() {
    assertThat(Words.duration(Duration.ofMillis(7))).isEqualTo("7 ms");
    assertThat(Words.duration(Duration.ofMillis(1_234))).isEqualTo("1.2 s");
    assertThat(Words.duration(Duration.ofSeconds(185))).isEqualTo("3 min 5 s");
    Instant now = Instant.parse("2026-01-02T00:00:00Z");
    assertThat(Words.ago(now.minusMillis(10), now)).isEqualTo("just now");
    assertThat(Words.ago(now.minusSeconds(59), now)).isEqualTo("59 s ago");
    assertThat(Words.ago(now.minusSeconds(7_200), now)).isEqualTo("2 h ago");
  }

  @Test
  void oneIsNotMany() {
    assertThat(Words.count(1, "instance")).isEqualTo("1 instance");
    assertThat(Words.count(0, "instance")).isEqualTo("0 instances");
  }
}
