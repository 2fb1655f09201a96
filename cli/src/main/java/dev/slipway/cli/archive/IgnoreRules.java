package dev.slipway.cli.archive;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import java.util.regex.Pattern;

/// What of a folder is not deployed: what is never, and what `.dbosignore` names.
///
/// Its patterns are relative to the folder; one that ends in a slash means all that is below it.
/// Lines that begin with `#` are comments. There is no negation.
///
/// @param patterns matched against whole paths relative to the folder, with `/`
record IgnoreRules(List<Pattern> patterns) {

  static final String FILE = ".dbosignore";

  /// At any depth, as a folder or as a file.
  private static final Set<String> NEVER =
      Set.of(".dbos", "node_modules", "dist", ".git", "venv", ".venv", ".python-version");

  IgnoreRules {
    patterns = List.copyOf(patterns);
  }

  static IgnoreRules of(Path folder) throws IOException {
    Path file = folder.resolve(FILE);
    List<Pattern> patterns = new ArrayList<>();
    if (Files.isRegularFile(file)) {
      for (String line : Files.readString(file, StandardCharsets.UTF_8).split("\\R", -1)) {
        String pattern = line.strip();
        if (!pattern.isEmpty() && !pattern.startsWith("#")) {
          patterns.add(Glob.compile(relative(pattern)));
        }
      }
    }
    return new IgnoreRules(patterns);
  }

  private static String relative(String pattern) {
    String clean = pattern.replaceFirst("^(?:\\./+|/+)+", "");
    return clean.endsWith("/") ? clean + "**" : clean;
  }

  /// Whether a file, or a folder with all that is in it, stays here.
  boolean ignores(String path) {
    String name = path.substring(path.lastIndexOf('/') + 1);
    return NEVER.contains(name)
        || name.equals(ConfigurationFile.NAME)
        || patterns.stream().anyMatch(pattern -> pattern.matcher(path).matches());
  }
}
