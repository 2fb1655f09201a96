package dev.slipway.cli.console;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;

/// JSON as the commands print and read it.
public final class Json {

  public static final ObjectMapper MAPPER = new ObjectMapper();

  /// What may act on a terminal and is not escaped anyway.
  private static final Pattern ACTING = Pattern.compile("[\\x7f-\\x9f\\p{Cf}]");

  private Json() {}

  public static ObjectNode object() {
    return MAPPER.createObjectNode();
  }

  /// Indented, the way `--json` shows it. What may act on a terminal is escaped, which says the
  /// same: it can be in texts only.
  public static String pretty(JsonNode value) {
    try {
      String text = MAPPER.writerWithDefaultPrettyPrinter().writeValueAsString(value);
      return ACTING.matcher(text).replaceAll(found -> escaped(found.group()));
    } catch (JsonProcessingException impossible) {
      throw new IllegalStateException("a tree of nodes can always be written", impossible);
    }
  }

  private static String escaped(String character) {
    return character
        .chars()
        .mapToObj(unit -> Matcher.quoteReplacement("\\u%04x".formatted(unit)))
        .collect(Collectors.joining());
  }

  /// The text of a field; null when it is missing, null or no text.
  public static @Nullable String text(JsonNode node, String field) {
    JsonNode value = node.path(field);
    return value.isTextual() || value.isNumber() || value.isBoolean() ? value.asText() : null;
  }
}
