package dev.slipway.cli.command;

import dev.slipway.cli.api.PlatformAddress;
import dev.slipway.cli.console.Json;
import dev.slipway.cli.console.Output;
import dev.slipway.cli.console.Surroundings;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;

/// Prints what the official command needs to know.
@Command(
    name = "env",
    description = "Print the environment that points the official dbos-cloud command here.",
    footer = {"", "Example:", "  eval \"$(slipway env)\"", "  npx @dbos-inc/dbos-cloud db list"})
final class EnvCommand implements Callable<Integer> {

  @Mixin private OutputOptions options = new OutputOptions();

  private final Surroundings surroundings;
  private final Output output;

  EnvCommand(Surroundings surroundings) {
    this.surroundings = surroundings;
    this.output = new Output(surroundings);
  }

  @Override
  public Integer call() {
    PlatformAddress address = PlatformAddress.of(surroundings);
    Map<String, String> variables = new LinkedHashMap<>();
    variables.put("DBOS_DOMAIN", address.domain());
    address
        .authority()
        .map(Path::toString)
        .ifPresent(it -> variables.put("NODE_EXTRA_CA_CERTS", it));
    if (options.json) {
      var json = Json.object();
      variables.forEach(json::put);
      output.json(json);
    } else {
      variables.forEach((name, value) -> output.line("export " + name + "=" + quoted(value)));
    }
    return 0;
  }

  /// Plain where it is plain, in single quotes otherwise, whatever is in it.
  static String quoted(String value) {
    return value.matches("[A-Za-z0-9_./:@%+=-]+") ? value : "'" + value.replace("'", "'\\''") + "'";
  }
}
