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

  private static final Pattern NAME =
      Pattern.compile(
          "^[ \\t]*(?:export[ \\t]+)?([\\w.-]+)(?:[ \\t]*=|:[ \\t])[ \\t]*", Pattern.MULTILINE);

  /// What may follow what is quoted.
  private static final Pattern REST = Pattern.compile("[ \\t]*(?:#.*)?$", Pattern.MULTILINE);

  private static final String QUOTES = "'\"`";
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

  private static Map<String, String> raw(String given) {
    String text = given.replace("\r\n", "\n").replace('\r', '\n');
    Map<String, String> values = new LinkedHashMap<>();
    Matcher name = NAME.matcher(text);
    for (int at = 0; name.find(at); ) {
      int end = end(text, name.end());
      values.put(name.group(1), unquoted(text.substring(name.end(), end).strip()));
      at = end;
    }
    return values;
  }

  /// Where the value ends that begins there. Quotes are looked for one by one: a pattern of them
  /// takes as much of the stack as a value is long.
  private static int end(String text, int begin) {
    int end = quotedEnd(text, begin);
    if (end < 0) {
      end = begin;
      while (end < text.length() && "#\n".indexOf(text.charAt(end)) < 0) {
        end++;
      }
    }
    return end;
  }

  /// The last quote behind which nothing but a comment follows, and before which every other one
  /// has a backslash; -1 when there is none.
  private static int quotedEnd(String text, int begin) {
    int end = -1;
    if (begin < text.length() && QUOTES.indexOf(text.charAt(begin)) >= 0) {
      Matcher rest = REST.matcher(text);
      char quote = text.charAt(begin);
      boolean escaped = true;
      for (int at = text.indexOf(quote, begin + 1);
          at >= 0 && escaped;
          at = text.indexOf(quote, at + 1)) {
        escaped = text.charAt(at - 1) == '\\';
        if (rest.region(at + 1, text.length()).lookingAt()) {
          end = at + 1;
        }
      }
    }
    return end;
  }

  private static String unquoted(String value) {
    char first = value.isEmpty() ? ' ' : value.charAt(0);
    boolean quoted =
        value.length() > 1
            && QUOTES.indexOf(first) >= 0
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
