package dev.slipway.common.outbox;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.node.ObjectNode;
import java.time.Instant;
import java.util.List;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;

/// What counts as a change that breaks readers.
final class MessageSchemasTest {

  enum Colour {
    RED,
    GREEN
  }

  enum MoreColours {
    RED,
    GREEN,
    BLUE
  }

  @EventType("slipway.test.painted.v1")
  record Painted(String what, Colour colour, List<String> by, @Nullable Instant at) {}

  @EventType("slipway.test.painted.v1")
  record Gained(
      String what,
      MoreColours colour,
      List<String> by,
      @Nullable Instant at,
      @Nullable String why) {}

  @EventType("slipway.test.painted.v1")
  record Demanding(String what, Colour colour, List<String> by, @Nullable Instant at, String why) {}

  @EventType("slipway.test.painted.v1")
  record Lost(String what, Colour colour, List<String> by) {}

  @EventType("slipway.test.painted.v1")
  record Retyped(long what, Colour colour, List<Long> by, @Nullable Instant at) {}

  @EventType("slipway.test.painted.v1")
  record Vaguer(@Nullable String what, Colour colour, List<String> by, @Nullable Instant at) {}

  private static List<String> changedTo(Class<?> now) {
    return MessageSchemas.incompatibilities(
        MessageSchemas.schema(Painted.class), MessageSchemas.schema(now));
  }

  @Test
  void aSchemaTellsTypesAndWhatIsRequired() {
    ObjectNode schema = MessageSchemas.schema(Painted.class);

    assertThat(schema.toString())
        .isEqualTo(
            """
            {"$schema":"https://json-schema.org/draft/2020-12/schema","title":"slipway.test.painted.v1",\
            "type":"object","properties":{"what":{"type":"string"},"colour":{"type":"string","enum":["RED","GREEN"]},\
            "by":{"type":"array","items":{"type":"string"}},"at":{"type":"string","format":"date-time"}},\
            "required":["what","colour","by"]}""");
  }

  @Test
  void aNewFieldThatMayBeAbsentBreaksNobody() {
    assertThat(changedTo(Gained.class)).isEmpty();
  }

  @Test
  void aNewFieldThatHasToBeThereBreaksOnOlderMessages() {
    assertThat(changedTo(Demanding.class))
        .containsExactly("/why is not in older messages and has to be nullable");
  }

  @Test
  void aFieldThatIsGoneBreaksItsReaders() {
    assertThat(changedTo(Lost.class)).containsExactly("/at is gone");
  }

  @Test
  void aFieldOfAnotherTypeBreaksItsReaders() {
    assertThat(changedTo(Retyped.class))
        .containsExactly("/what is no longer a string", "/by[] is no longer a string");
  }

  @Test
  void aFieldThatMayBeAbsentNowBreaksItsReaders() {
    assertThat(changedTo(Vaguer.class)).containsExactly("/what may be absent now");
  }
}
