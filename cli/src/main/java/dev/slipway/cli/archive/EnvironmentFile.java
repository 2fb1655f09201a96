package dev.slipway.cli.archive;

import java.util.HashMap;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Set;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;

/// A file of variables, as `.env`: `NAME=value` in lines, with quotes, comments and references to
/// other variables.
///
/// It is read as the official command reads it: a variable that is set where the command runs wins
/// over the file, and references are resolved in quotes of any kind. No command is ever run.
public final class EnvironmentFile {

  private static final Pattern ASSIGNMENT =
      Pattern.compile(
          "^[ \\t]*(?:export[ \\t]+)?([\\w.-]+)(?:[ \\t]*=|:[ \\t])[ \\t]*"
              + "('(?:\\\\'|[^'])*'|\"(?:\\\\\"|[^\"])*\"|`(?:\\\\`|[^`])*`|[^#\\n]*)"
              + "[ \\t]*(?:#.*)?$",
          Pattern.MULTILINE);
  private static final Pattern REFERENCE =
      Pattern.compile("(?<!\\\\)\\$(?:\\{([^{}]+)}|([A-Za-z_][A-Za-z0-9_]*))");
  private static final Pattern OPERATOR = Pattern.compile(":\\+|\\+|:-|-");

  private EnvironmentFile() {}

  /// The variables in the order of the file.
  ///
  /// @param machine the variables of this machine
  public static Map<String, String> read(String text, Map<String, String> machine) {
    Map<String, String> resolved = new LinkedHashMap<>();
    Map<String, String> known = new HashMap<>(machine);
    raw(text)
        .forEach(
            (name, value) -> {
              String own = machine.getOrDefault(name, "");
              String result = (own.isEmpty() ? resolve(value, known) : own).replace("\\$", "$");
              resolved.put(name, result);
              if (own.isEmpty()) {
                known.put(name, result);
              }
            });
    return resolved;
  }

  private static Map<String, String> raw(String text) {
    Map<String, String> values = new LinkedHashMap<>();
    Matcher line = ASSIGNMENT.matcher(text.replace("\r\n", "\n").replace('\r', '\n'));
    while (line.find()) {
      values.put(line.group(1), unquoted(line.group(2).strip()));
    }
    return values;
  }

  private static String unquoted(String value) {
    char first = value.isEmpty() ? ' ' : value.charAt(0);
    boolean quoted =
        value.length() > 1
            && "'\"`".indexOf(first) >= 0
            && value.charAt(value.length() - 1) == first;
    if (!quoted) {
      return value;
    }
    String inside = value.substring(1, value.length() - 1);
    return first == '"' ? inside.replace("\\n", "\n").replace("\\r", "\r") : inside;
  }

  private static String resolve(String value, Map<String, String> known) {
    String result = value;
    // What refers to itself in a circle is left with its default.
    Set<String> seen = new HashSet<>();
    for (Matcher found = REFERENCE.matcher(result);
        found.find();
        found = REFERENCE.matcher(result)) {
      seen.add(result);
      String expression = found.group(1) == null ? found.group(2) : found.group(1);
      String replacement = replacement(expression, known, seen);
      result = result.substring(0, found.start()) + replacement + result.substring(found.end());
      if (result.length() > 1 << 20 || seen.contains(result)) {
        break;
      }
    }
    return result;
  }

  private static String replacement(
      String expression, Map<String, String> known, Set<String> seen) {
    Matcher operator = OPERATOR.matcher(expression);
    String name = expression;
    String other = "";
    boolean inverse = false;
    if (operator.find()) {
      name = expression.substring(0, operator.start());
      other = expression.substring(operator.end());
      inverse = operator.group().endsWith("+");
    }
    @Nullable String value = known.get(name);
    boolean set = value != null && !value.isEmpty();
    if (inverse) {
      return set ? other : "";
    }
    return set && value != null && !seen.contains(value) ? value : other;
  }
}
