package dev.slipway.cli.archive;

import java.util.regex.Pattern;
import java.util.regex.PatternSyntaxException;

/// A pattern for paths in the syntax that the official command understands: `*`, `?`, `**`,
/// `[a-z]`, `{one,two}`, `@(one|two)` and its relatives. Names that begin with a dot are matched
/// like all others.
final class Glob {

  private static final String NOT_SLASH = "[^/]";

  private final String text;
  private final StringBuilder expression = new StringBuilder();
  private int at;

  private Glob(String text) {
    this.text = text;
  }

  /// Empty-handed for what cannot be understood: such a pattern matches only itself, letter by
  /// letter.
  static Pattern compile(String text) {
    Glob glob = new Glob(text);
    try {
      glob.sequence("");
      return Pattern.compile(glob.expression.toString(), Pattern.DOTALL);
    } catch (PatternSyntaxException | StringIndexOutOfBoundsException odd) {
      return Pattern.compile(Pattern.quote(text));
    }
  }

  /// Reads on until one of the characters that end the part, or to the end of the text.
  private void sequence(String ends) {
    while (at < text.length() && ends.indexOf(text.charAt(at)) < 0) {
      one();
    }
  }

  private void one() {
    char next = text.charAt(at);
    boolean group = at + 1 < text.length() && text.charAt(at + 1) == '(';
    if (group && "@+*?!".indexOf(next) >= 0) {
      at += 2;
      group(next);
      return;
    }
    at++;
    switch (next) {
      case '*' -> star();
      case '?' -> expression.append(NOT_SLASH);
      case '[' -> set();
      case '{' -> alternatives();
      case '\\' -> {
        literal(text.charAt(at));
        at++;
      }
      default -> literal(next);
    }
  }

  private void star() {
    boolean begins = at == 1 || text.charAt(at - 2) == '/';
    if (begins && at < text.length() && text.charAt(at) == '*') {
      boolean last = at + 1 == text.length();
      if (last) {
        at++;
        // `folder/**` is the folder itself too.
        if (endsWithSlash()) {
          expression.setLength(expression.length() - 1);
          expression.append("(?:/.*)?");
        } else {
          expression.append(".*");
        }
        return;
      }
      if (text.charAt(at + 1) == '/') {
        at += 2;
        expression.append("(?:.*/)?");
        return;
      }
    }
    while (at < text.length() && text.charAt(at) == '*') {
      at++;
    }
    boolean alone = begins && (at == text.length() || text.charAt(at) == '/');
    expression.append(NOT_SLASH).append(alone ? '+' : '*');
  }

  private boolean endsWithSlash() {
    return !expression.isEmpty() && expression.charAt(expression.length() - 1) == '/';
  }

  private void set() {
    int end = text.indexOf(']', at + 1);
    if (end < 0) {
      literal('[');
      return;
    }
    String inside = text.substring(at, end);
    at = end + 1;
    boolean not = inside.startsWith("!") || inside.startsWith("^");
    String members = (not ? inside.substring(1) : inside).replace("\\", "\\\\").replace("[", "\\[");
    expression.append("(?!/)[").append(not ? "^" : "").append(members.replace("&&", "&\\&"));
    expression.append(']');
  }

  private void alternatives() {
    int end = text.indexOf('}', at);
    if (end < 0 || text.substring(at, end).indexOf(',') < 0) {
      literal('{');
      return;
    }
    expression.append("(?:");
    sequence(",}");
    while (text.charAt(at) == ',') {
      at++;
      expression.append('|');
      sequence(",}");
    }
    at++;
    expression.append(')');
  }

  private void group(char kind) {
    expression.append(kind == '!' ? "(?!(?:" : "(?:");
    sequence("|)");
    while (text.charAt(at) == '|') {
      at++;
      expression.append('|');
      sequence("|)");
    }
    at++;
    expression.append(
        switch (kind) {
          case '!' -> ")(?:/|$))[^/]*";
          case '@' -> ")";
          default -> ")" + kind;
        });
  }

  private void literal(char character) {
    if (!Character.isLetterOrDigit(character) && character != '/' && character != '_') {
      expression.append('\\');
    }
    expression.append(character);
  }
}
