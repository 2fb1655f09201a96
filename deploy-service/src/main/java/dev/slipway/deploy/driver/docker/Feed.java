package dev.slipway.deploy.driver.docker;

import dev.slipway.common.operation.DriverFailure;
import dev.slipway.deploy.driver.RunText;
import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;

/// What `init.sh` reads from its standard input: assignments of a shell. They hold secrets, so they
/// are composed for one start and kept nowhere.
final class Feed {

  private Feed() {}

  /// @param platform  variables that the platform decides on, whatever the application says
  /// @param anew      whether each process of an executor gets a name of its own
  static byte[] of(
      List<String> commands,
      Map<String, String> environment,
      Map<String, String> platform,
      Set<String> secrets,
      boolean anew)
      throws DriverFailure {
    RunText.requireCommands(commands);
    Map<String, String> variables = new TreeMap<>(VersionFiles.USUAL_ENVIRONMENT);
    variables.putAll(RunText.variables(environment));
    Set<String> own = Set.copyOf(variables.keySet());
    platform.forEach(
        (name, value) ->
            // What the application says there is to hold, too.
            variables.merge(name, value, (its, ours) -> ours + separator(name) + its));
    var exports = new StringBuilder();
    variables.forEach(
        (name, value) -> {
          exports.append("export ").append(name).append('=').append(quoted(value));
          if (platform.containsKey(name) && !own.contains(name)) {
            // Or else what its image says.
            exports.append("\"${%1$s:+%2$s$%1$s}\"".formatted(name, separator(name)));
          }
          exports.append('\n');
        });
    var text = new StringBuilder();
    assign(text, "slipway_environment", exports.toString());
    assign(text, "slipway_mask", RunText.masked(secrets));
    assign(text, "slipway_named_anew", anew ? "yes" : "");
    assign(text, "slipway_commands", Integer.toString(commands.size()));
    int number = 0;
    for (String command : commands) {
      number++;
      assign(text, "slipway_command_" + number, command);
    }
    text.append("slipway_fed=yes\n");
    return text.toString().getBytes(StandardCharsets.UTF_8);
  }

  private static String separator(String name) {
    return name.equals("PYTHONPATH") ? ":" : " ";
  }

  private static void assign(StringBuilder text, String name, String value) {
    text.append(name).append('=').append(quoted(value)).append('\n');
  }

  /// As one word of a shell, whatever it holds.
  static String quoted(String value) {
    return '\'' + value.replace("'", "'\\''") + '\'';
  }
}
