package dev.slipway.deploy.driver;

import dev.slipway.common.operation.DriverFailure;
import java.nio.charset.StandardCharsets;
import java.util.Collection;
import java.util.Comparator;
import java.util.HashMap;
import java.util.HashSet;
import java.util.Map;
import java.util.Set;
import java.util.regex.Pattern;

/// What a run is told, checked for what the kernel and a shell can take.
public final class RunText {

  /// The kernel takes no longer text as one variable.
  private static final int LONGEST_VALUE = 120 * 1024;

  /// A part of a secret that is shorter would hide what is none.
  private static final int SHORTEST_PART = 4;

  private static final Pattern VARIABLE = Pattern.compile("[A-Za-z_][A-Za-z0-9_]{0,200}");

  private RunText() {}

  /// The application's own variables: without those whose names are the platform's.
  public static Map<String, String> variables(Map<String, String> environment)
      throws DriverFailure {
    var variables = new HashMap<String, String>();
    for (Map.Entry<String, String> variable : environment.entrySet()) {
      if (!VARIABLE.matcher(variable.getKey()).matches()) {
        throw new DriverFailure.Permanent(
            "bad-environment", "the environment has a variable with a name that is none");
      }
      require(variable.getValue(), "the value of " + variable.getKey());
      if (!variable.getKey().startsWith("SLIPWAY_")) {
        variables.put(variable.getKey(), variable.getValue());
      }
    }
    return variables;
  }

  public static void requireCommands(Collection<String> commands) throws DriverFailure {
    for (String command : commands) {
      require(command, "a command");
    }
  }

  private static void require(String text, String what) throws DriverFailure {
    if (text.indexOf('\0') >= 0 || text.getBytes(StandardCharsets.UTF_8).length > LONGEST_VALUE) {
      throw new DriverFailure.Permanent(
          "bad-environment", "%s is longer than 120 KiB or holds a NUL".formatted(what));
    }
  }

  /// What is masked, one a line, the longest first, so that none hides the rest of another.
  public static String masked(Set<String> secrets) {
    var parts = new HashSet<String>();
    for (String secret : secrets) {
      String[] lines = secret.split("[\r\n\0]+", -1);
      for (String line : lines) {
        if (!line.isEmpty() && (lines.length == 1 || line.length() >= SHORTEST_PART)) {
          parts.add(line);
        }
      }
    }
    return String.join(
        "\n",
        parts.stream()
            .sorted(Comparator.comparingInt(String::length).reversed().thenComparing(part -> part))
            .toList());
  }
}
