package dev.slipway.common.network;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.smallrye.config.PropertiesConfigSource;
import io.smallrye.config.SmallRyeConfig;
import io.smallrye.config.SmallRyeConfigBuilder;
import java.util.Map;
import org.junit.jupiter.api.Test;

class OwnAddressTest {

  @Test
  void aNameOfThisMachineDecidesWhereToListen() {
    SmallRyeConfig config = config(Map.of(OwnAddress.NAME, "localhost"), 250);

    assertThat(config.getRawValue(OwnAddress.HOST)).isIn("127.0.0.1", "0:0:0:0:0:0:0:1");
  }

  @Test
  void withoutANameNothingIsDecided() {
    assertThat(config(Map.of(), 250).getRawValue(OwnAddress.HOST)).isEqualTo("built in");
  }

  @Test
  void whatTheEnvironmentSaysCounts() {
    SmallRyeConfig config =
        config(Map.of(OwnAddress.NAME, "localhost", OwnAddress.HOST, "192.0.2.1"), 300);

    assertThat(config.getRawValue(OwnAddress.HOST)).isEqualTo("192.0.2.1");
  }

  @Test
  void aNameOfNobodyOrOfAnotherMachineIsRefused() {
    assertThatThrownBy(() -> config(Map.of(OwnAddress.NAME, "nobody.invalid"), 250))
        .hasStackTraceContaining("nobody is called nobody.invalid");
    assertThatThrownBy(() -> config(Map.of(OwnAddress.NAME, "192.0.2.1"), 250))
        .hasStackTraceContaining("192.0.2.1 is not this machine");
  }

  private static SmallRyeConfig config(Map<String, String> told, int ordinal) {
    return new SmallRyeConfigBuilder()
        .withSources(
            new PropertiesConfigSource(Map.of(OwnAddress.HOST, "built in"), "built in", 250))
        .withSources(new PropertiesConfigSource(told, "told", ordinal))
        .withSources(new OwnAddress())
        .build();
  }
}
