package dev.slipway.deploy.driver.docker;

import java.io.IOException;
import java.io.OutputStream;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.TreeMap;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.regex.PatternSyntaxException;
import java.util.stream.Collectors;
import org.apache.commons.compress.archivers.tar.TarArchiveEntry;
import org.apache.commons.compress.archivers.tar.TarArchiveInputStream;
import org.apache.commons.compress.archivers.tar.TarArchiveOutputStream;

/// What a version's own Dockerfile is built from: the archive, without what its `.dockerignore`
/// names, and the Dockerfile, with labels on every image that is made on the way.
///
/// The engine gives labels to the last image alone, and what a build that was cut off leaves would
/// be nobody's. So each `FROM` is followed by one, and the Dockerfile's own are left out: labels on
/// this engine say whose things are.
final class BuildContext {

  static final String DOCKERFILE = "Dockerfile";
  static final String IGNORED = ".dockerignore";

  /// The engine is told to leave it out of what a Dockerfile copies.
  static final String LABELLED = ".slipway.dockerfile";

  private static final String LEFT_OUT = IGNORED + '\n' + LABELLED + '\n';

  private static final Pattern ESCAPE = Pattern.compile("(?i)#\\s*escape\\s*=\\s*(\\S)\\s*");
  private static final Pattern DIRECTIVE = Pattern.compile("#\\s*[a-zA-Z][a-zA-Z0-9]*\\s*=.+");
  private static final Pattern BLANKS =
      Pattern.compile("^\\s+|\\s+$", Pattern.UNICODE_CHARACTER_CLASS);

  private static final String BELOW = "(?:/.*)?";

  private BuildContext() {}

  /// @param folder  a version's folder, as the engine packs it
  /// @param ignored what its `.dockerignore` says
  static void write(
      TarArchiveInputStream folder,
      String dockerfile,
      String ignored,
      Map<String, String> labels,
      OutputStream target)
      throws IOException {
    List<Rule> rules = rules(ignored);
    try (TarArchiveOutputStream archive = VersionFiles.archive(target)) {
      for (TarArchiveEntry entry = folder.getNextEntry();
          entry != null;
          entry = folder.getNextEntry()) {
        String name = VersionFiles.below(entry.getName()).replaceFirst("/$", "");
        if (belongs(name) && !ignored(rules, name)) {
          entry.setName(entry.isDirectory() ? name + '/' : name);
          archive.putArchiveEntry(entry);
          folder.transferTo(archive);
          archive.closeArchiveEntry();
        }
      }
      VersionFiles.text(archive, '/' + LABELLED, labelled(dockerfile, labels), 0);
      VersionFiles.text(archive, '/' + IGNORED, LEFT_OUT, 0);
    }
  }

  private static boolean belongs(String name) {
    return !(name.isEmpty()
        || name.equals(".slipway")
        || name.startsWith(".slipway/")
        || name.equals(IGNORED)
        || name.equals(LABELLED));
  }

  /// The Dockerfile with these labels in each stage, and no others.
  static String labelled(String dockerfile, Map<String, String> labels) {
    String label =
        new TreeMap<>(labels)
            .entrySet().stream()
                .map(it -> " %s=\"%s\"".formatted(it.getKey(), it.getValue()))
                .collect(Collectors.joining("", "LABEL", ""));
    String escape = "\\";
    var lines = new ArrayList<String>();
    String instruction = "";
    boolean continues = false;
    boolean directives = true;
    for (String line : dockerfile.replaceFirst("^\uFEFF", "").split("\n", -1)) {
      String text = BLANKS.matcher(line).replaceAll("");
      Matcher directive = ESCAPE.matcher(text);
      if (directives && directive.matches()) {
        escape = directive.group(1);
      }
      directives = directives && DIRECTIVE.matcher(text).matches();
      if (text.isEmpty() || text.startsWith("#")) {
        lines.add(line);
        continue;
      }
      if (!continues) {
        instruction = text.split("\\s", 2)[0].toUpperCase(Locale.ROOT);
      }
      continues = text.endsWith(escape);
      if (!instruction.equals("LABEL")) {
        lines.add(line);
      }
      if (!continues && instruction.equals("FROM")) {
        lines.add(label);
      }
    }
    return String.join("\n", lines);
  }

  /// A line of `.dockerignore`.
  private record Rule(Pattern pattern, boolean exception) {}

  private static List<Rule> rules(String ignored) {
    return ignored
        .lines()
        .map(String::strip)
        .filter(line -> !line.isEmpty() && !line.startsWith("#"))
        .map(
            line -> {
              boolean exception = line.startsWith("!");
              return new Rule(pattern(exception ? line.substring(1).strip() : line), exception);
            })
        .toList();
  }

  /// As the official command reads it: `*` and `?` within a name, `**` across any number of
  /// folders, and whatever is below what matches.
  private static Pattern pattern(String rule) {
    String path = rule.replaceAll("^(\\./|/)+|/+$", "");
    var expression = new StringBuilder();
    Matcher part = Pattern.compile("\\*\\*/?|\\*|\\?|\\[[^\\]]+]|\\\\?.").matcher(path);
    while (part.find()) {
      String text = part.group();
      expression.append(
          switch (text) {
            case "**/" -> "(?:.*/)?";
            case "**" -> ".*";
            case "*" -> "[^/]*";
            case "?" -> "[^/]";
            default ->
                text.startsWith("[") && text.length() > 1
                    ? text.replace("[[", "[\\[").replace("&", "\\&")
                    : Pattern.quote(
                        text.startsWith("\\") && text.length() > 1 ? text.substring(1) : text);
          });
    }
    try {
      return Pattern.compile(expression + BELOW, Pattern.DOTALL);
    } catch (PatternSyntaxException noSet) {
      return Pattern.compile(Pattern.quote(path) + BELOW, Pattern.DOTALL);
    }
  }

  /// The last rule that matches decides.
  private static boolean ignored(List<Rule> rules, String name) {
    return rules.reversed().stream()
        .filter(rule -> rule.pattern().matcher(name).matches())
        .findFirst()
        .filter(rule -> !rule.exception())
        .isPresent();
  }
}
