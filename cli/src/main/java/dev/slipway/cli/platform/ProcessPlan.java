package dev.slipway.cli.platform;

import dev.slipway.cli.console.CommandFailure;
import java.net.URI;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.time.Duration;
import java.util.HexFormat;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;

/// How one process of the platform is started, asked whether it is ready, and stopped.
///
/// @param name        as in `status` and in the log's name
/// @param environment in addition to the launcher's own; has secrets
/// @param inputs      files it is made of: when they change, a living process is an old one
/// @param health      any of these that answers 200 means ready; the second is tried where the
///     first is unknown
/// @param port        shown to people
/// @param patience    how long an orderly end may take
public record ProcessPlan(
    String name,
    List<String> command,
    Map<String, String> environment,
    List<Path> inputs,
    List<URI> health,
    int port,
    Duration patience) {

  public ProcessPlan {
    command = List.copyOf(command);
    environment = Map.copyOf(environment);
    inputs = List.copyOf(inputs);
    health = List.copyOf(health);
  }

  /// Equal for two plans that start the same thing. Gives nothing away about the secrets.
  String configuration() {
    try {
      MessageDigest digest = MessageDigest.getInstance("SHA-256");
      StringBuilder text = new StringBuilder(String.join("\0", command)).append('\1');
      new TreeMap<>(environment)
          .forEach((key, value) -> text.append(key).append('\0').append(value).append('\0'));
      for (Path input : inputs) {
        text.append(input).append('\0').append(input.toFile().lastModified()).append('\0');
      }
      return HexFormat.of()
          .formatHex(digest.digest(text.toString().getBytes(StandardCharsets.UTF_8)));
    } catch (NoSuchAlgorithmException impossible) {
      throw CommandFailure.failed("internal", "this JDK has no SHA-256").cause(impossible).build();
    }
  }

  /// Without the environment, which has secrets.
  @Override
  public String toString() {
    return "ProcessPlan[" + name + "]";
  }
}
