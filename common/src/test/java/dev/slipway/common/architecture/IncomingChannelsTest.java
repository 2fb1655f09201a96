package dev.slipway.common.architecture;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.io.Reader;
import java.io.StringReader;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Map;
import java.util.Properties;
import java.util.TreeMap;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;

/// No failure stops a channel through which a service takes messages in: whoever waits for them
/// would wait until a restart. `fail`, which does, is what the framework does when nothing is said.
final class IncomingChannelsTest {

  private static final Pattern SETTING =
      Pattern.compile("mp\\.messaging\\.incoming\\.([^.]+)\\.(.+)");

  @Test
  void noChannelOfAnyServiceStopsAtAFailure() throws IOException {
    Map<String, String> strategies = new TreeMap<>();
    try (Stream<Path> modules = Files.list(Path.of(".."))) {
      for (Path module : modules.toList()) {
        Path file = module.resolve("src/main/resources/application.properties");
        if (Files.exists(file)) {
          strategies.putAll(strategies(Files.newBufferedReader(file)));
        }
      }
    }

    assertThat(strategies)
        .containsKeys("event-feed", "instance-command", "deploy-command")
        .allSatisfy((channel, strategy) -> assertThat(strategy).as(channel).isEqualTo("ignore"));
  }

  @Test
  void aChannelOfWhichNothingIsSaidStops() throws IOException {
    assertThat(strategies(new StringReader("mp.messaging.incoming.a-channel.topic=t")))
        .isEqualTo(Map.of("a-channel", "fail"));
  }

  private static Map<String, String> strategies(Reader configuration) throws IOException {
    var settings = new Properties();
    try (configuration) {
      settings.load(configuration);
    }
    Map<String, String> strategies = new TreeMap<>();
    for (String name : settings.stringPropertyNames()) {
      Matcher setting = SETTING.matcher(name);
      if (setting.matches()) {
        String channel = setting.group(1);
        strategies.put(
            channel,
            settings.getProperty(
                "mp.messaging.incoming.%s.failure-strategy".formatted(channel), "fail"));
      }
    }
    return strategies;
  }
}
