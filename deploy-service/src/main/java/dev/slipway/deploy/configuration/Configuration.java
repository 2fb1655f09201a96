package dev.slipway.deploy.configuration;

import dev.slipway.common.operation.DriverFailure;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/// A configuration file, read. Keys it does not know stay the user's business.
record Configuration(Map<String, Object> values) {

  private static final int MOST_COMMANDS = 100;
  private static final int LONGEST_COMMAND = 16 * 1024;

  static Configuration read(Optional<String> text) throws DriverFailure {
    return new Configuration(text.isPresent() ? Yaml.read(text.get()) : Map.of());
  }

  /// A section; empty when it is absent.
  Map<String, Object> section(String name) throws DriverFailure {
    return mapping(name, values.get(name));
  }

  private static Map<String, Object> mapping(String name, @Nullable Object value)
      throws DriverFailure {
    return switch (value) {
      case null -> Map.of();
      case Map<?, ?> map -> {
        Map<String, Object> section = new LinkedHashMap<>();
        map.forEach((key, element) -> section.put(String.valueOf(key), element));
        yield section;
      }
      // An undefined variable of the developer leaves empty text behind.
      case String text when text.isBlank() -> Map.of();
      default -> throw Yaml.refused("has %s, which must be a mapping".formatted(name));
    };
  }

  Optional<String> text(String name) throws DriverFailure {
    return text(name, values.get(name));
  }

  Optional<String> text(String section, String name) throws DriverFailure {
    return text(section + '.' + name, section(section).get(name));
  }

  private static Optional<String> text(String name, @Nullable Object value) throws DriverFailure {
    return switch (value) {
      case null -> Optional.empty();
      case String text when text.isBlank() -> Optional.empty();
      case String text -> Optional.of(text);
      case Number number -> Optional.of(number.toString());
      default -> throw Yaml.refused("has %s, which must be text".formatted(name));
    };
  }

  /// Commands, in order; a single one may stand without a list.
  List<String> commands(String section, String name) throws DriverFailure {
    return commands(section + '.' + name, section(section).get(name));
  }

  List<String> commands(String name) throws DriverFailure {
    return commands(name, values.get(name));
  }

  private static List<String> commands(String name, @Nullable Object value) throws DriverFailure {
    List<?> listed =
        switch (value) {
          case null -> List.of();
          case String text -> List.of(text);
          case List<?> list -> list;
          default -> throw Yaml.refused("has %s, which must list commands".formatted(name));
        };
    List<String> commands = new ArrayList<>();
    for (Object command : listed) {
      if (!(command instanceof String text) || text.indexOf('\0') >= 0) {
        throw Yaml.refused("has %s, which must list commands".formatted(name));
      }
      if (!text.isBlank()) {
        commands.add(text);
      }
      if (commands.size() > MOST_COMMANDS || text.length() > LONGEST_COMMAND) {
        throw Yaml.refused("has too many or too long commands in %s".formatted(name));
      }
    }
    return commands;
  }

  /// `env:`, without what the platform decides.
  Map<String, String> environment() throws DriverFailure {
    Map<String, String> environment = new LinkedHashMap<>();
    for (Map.Entry<String, Object> entry : section("env").entrySet()) {
      String name = entry.getKey();
      Object value = entry.getValue();
      if (!(value instanceof String || value instanceof Number || value instanceof Boolean)
          || value.toString().indexOf('\0') >= 0) {
        throw Yaml.refused("has %s in env, which must be text".formatted(Refusal.quoted(name)));
      }
      // Reserved ones are left out and not refused: files written for other platforms name them.
      if (SecretNames.problem(name).isEmpty()) {
        environment.put(name, value.toString());
      }
    }
    return environment;
  }
}
