package dev.slipway.cli.console;

import java.io.File;
import java.io.InputStream;
import java.io.PrintStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.HashMap;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.stream.Collectors;

/// All that a command sees of the world around it, so that a test can be that world.
///
/// @param environment the environment variables
/// @param directory   the working directory
/// @param terminals   which of the three streams a person sits at
/// @param root        where the built modules are
public record Surroundings(
    Map<String, String> environment,
    Path directory,
    InputStream in,
    PrintStream out,
    PrintStream err,
    Set<Stream> terminals,
    Path root) {

  /// One of the standard streams.
  public enum Stream {
    INPUT,
    OUTPUT,
    ERROR
  }

  public Surroundings {
    environment = Map.copyOf(environment);
    terminals = Set.copyOf(terminals);
  }

  /// Those of this process. The script says what it knows; without it, everything is a pipe.
  public static Surroundings ofProcess() {
    Set<Stream> terminals =
        Arrays.stream(System.getProperty("slipway.terminal", "").split(",", -1))
            .flatMap(
                name ->
                    Arrays.stream(Stream.values())
                        .filter(stream -> stream.name().equalsIgnoreCase(name)))
            .collect(Collectors.toUnmodifiableSet());
    Path here = Path.of("").toAbsolutePath();
    Path root = Optional.ofNullable(System.getProperty("slipway.root")).map(Path::of).orElse(here);
    return new Surroundings(
        System.getenv(), here, System.in, System.out, System.err, terminals, root);
  }

  /// The same with another value of one environment variable.
  public Surroundings with(String name, String value) {
    Map<String, String> changed = new HashMap<>(environment);
    changed.put(name, value);
    return new Surroundings(changed, directory, in, out, err, terminals, root);
  }

  /// The same without an environment variable.
  public Surroundings without(String name) {
    Map<String, String> changed = new HashMap<>(environment);
    changed.remove(name);
    return new Surroundings(changed, directory, in, out, err, terminals, root);
  }

  /// The value of an environment variable; an empty one counts as none.
  public Optional<String> variable(String name) {
    return Optional.ofNullable(environment.get(name)).filter(value -> !value.isBlank());
  }

  /// A program that is found on the PATH.
  public Optional<Path> program(String name) {
    return Arrays.stream(variable("PATH").orElse("").split(File.pathSeparator, -1))
        .filter(folder -> !folder.isEmpty())
        .map(folder -> Path.of(folder, name))
        .filter(Files::isExecutable)
        .findFirst();
  }

  public boolean terminal(Stream stream) {
    return terminals.contains(stream);
  }
}
