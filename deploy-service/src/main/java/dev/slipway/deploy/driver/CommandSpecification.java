package dev.slipway.deploy.driver;

import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.regex.Pattern;

/// A command to run to its end in a version's folder: an install, a build, a migration.
///
/// @param name        of the run, unique in its version: `install`, `migrate`, `rollback`
/// @param commands    run by a shell, one after the other, until one fails
/// @param environment the whole environment, but for what the runtime itself adds
/// @param secrets     values that are masked in what it writes, before that is stored
/// @param memoryMib   the most each of its processes may use
/// @param network     whether it may reach beyond the machine
public record CommandSpecification(
    VersionReference version,
    String name,
    List<String> commands,
    Map<String, String> environment,
    Set<String> secrets,
    int memoryMib,
    boolean network) {

  private static final Pattern NAME = Pattern.compile("[a-z][a-z0-9-]{0,40}");

  public CommandSpecification {
    commands = List.copyOf(commands);
    environment = Map.copyOf(environment);
    secrets = Set.copyOf(secrets);
    requireName(name);
    if (commands.isEmpty()) {
      throw new IllegalArgumentException("a run needs a command");
    }
  }

  /// @throws IllegalArgumentException when this cannot name a run
  public static String requireName(String name) {
    if (!NAME.matcher(name).matches()) {
      throw new IllegalArgumentException("not the name of a run");
    }
    return name;
  }

  /// Without commands and environment, which hold secrets.
  @Override
  public String toString() {
    return "CommandSpecification[" + version + ' ' + name + ']';
  }
}
