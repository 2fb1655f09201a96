package dev.slipway.common.outbox;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.LinkedHashMap;
import java.util.Map;
import org.junit.jupiter.api.Test;

class JsonTest {

  /// Of a call that comes again after a restart the digest has to be the same, and the order of
  /// [Map#of] differs from process to process.
  @Test
  void mapsAreWrittenInTheSameOrderWhateverTheirOwn() {
    Map<String, Object> one = new LinkedHashMap<>();
    one.put("upload", "a");
    one.put("allowBreaking", false);
    Map<String, Object> other = new LinkedHashMap<>();
    other.put("allowBreaking", false);
    other.put("upload", "a");

    assertThat(Json.write(one)).isEqualTo(Json.write(other));
  }
}
