package dev.slipway.cli.command;

import com.fasterxml.jackson.databind.node.ArrayNode;
import dev.slipway.cli.api.ApiClient;
import dev.slipway.cli.api.Applications;
import dev.slipway.cli.archive.EnvironmentFile;
import dev.slipway.cli.console.CommandFailure;
import dev.slipway.cli.console.Json;
import dev.slipway.cli.console.Output;
import dev.slipway.cli.console.Surroundings;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.Spec;

/// The variables that an application gets in its environment.
@Command(
    name = "env",
    aliases = {"environment", "secrets", "secret", "sec"},
    description = "Set, list and remove variables of an application's environment.",
    mixinStandardHelpOptions = true,
    footer = {
      "",
      "They are kept encrypted, are never shown again, and take effect with the next deploy.",
      "",
      "Examples:",
      "  printf %%s \"$TOKEN\" | slipway app env create shop -s TOKEN --value-stdin",
      "  slipway app env import shop -d .env",
      "  slipway app env list shop"
    })
final class ApplicationEnvironmentCommand implements Runnable {

  private static final int LONGEST = 1 << 20;

  private static final Pattern NAME = Pattern.compile("[A-Za-z_][A-Za-z0-9_]{0,254}");

  /// What the platform sets itself, and what would change how programs start: it refuses these.
  private static final Pattern RESERVED =
      Pattern.compile(
          "(DBOS__|DBOS_DB|SLIPWAY_|LD_|DYLD_|BASH_FUNC_|MALLOC_).*"
              + "|DBOS_DATABASE_URL|DBOS_SYSTEM_DATABASE_URL|DBOS_APP_HOSTNAME"
              + "|PATH|ENV|BASH_ENV|BASHOPTS|SHELLOPTS|IFS|PS4|HOME|TMPDIR|GLIBC_TUNABLES"
              + "|GCONV_PATH|LOCPATH|MALLOC_TRACE|NODE_EXTRA_CA_CERTS");

  @Spec private CommandSpec spec;

  private final Surroundings surroundings;
  private final Output output;

  ApplicationEnvironmentCommand(Surroundings surroundings) {
    this.surroundings = surroundings;
    this.output = new Output(surroundings);
  }

  @Override
  public void run() {
    throw new ParameterException(spec.commandLine(), "a command is missing");
  }

  @Command(
      name = "create",
      description = "Set a variable, whether it is there already or not.",
      footer = {
        "",
        "Example:",
        "  printf %%s \"$TOKEN\" | slipway app env create shop -s TOKEN --value-stdin"
      })
  int create(
      @Mixin ApplicationName name,
      @Option(
              names = {"-s", "--name"},
              required = true,
              paramLabel = "VARIABLE",
              description = "The variable.")
          String variable,
      @Option(
              names = {"-v", "--value"},
              paramLabel = "VALUE",
              description =
                  "Its value. Others on this machine can read it off the process list; prefer --value-stdin.")
          @Nullable String value,
      @Option(names = "--value-stdin", description = "Read the value from standard input.")
          boolean fromInput,
      @Mixin OutputOptions options)
      throws IOException, InterruptedException {
    if ((value == null) != fromInput) {
      throw CommandFailure.misused(
              fromInput ? "a value is both given and on standard input" : "a value is needed")
          .next("Pass --value-stdin and the value on standard input.")
          .build();
    }
    String application = name.in(surroundings);
    applications().setVariable(application, variable, value == null ? input() : value);
    done(options, application, List.of(variable), "%s is set.".formatted(variable));
    return 0;
  }

  @Command(
      name = "import",
      description = "Set all variables of a file such as .env.",
      footer = {
        "",
        "It is read as the official command reads it: $NAME and ${NAME:-other} are resolved, and a variable that is set",
        "where the command runs wins over the file.",
        "",
        "Example:",
        "  slipway app env import shop -d .env"
      })
  int importFile(
      @Mixin ApplicationName name,
      @Option(
              names = {"-d", "--dotenv"},
              required = true,
              paramLabel = "FILE",
              description = "The file.")
          String file,
      @Mixin OutputOptions options)
      throws IOException, InterruptedException {
    Path path = surroundings.directory().resolve(file);
    if (!Files.isRegularFile(path)) {
      throw CommandFailure.misused("there is no file " + file).build();
    }
    Map<String, String> variables =
        EnvironmentFile.read(
            Files.readString(path, StandardCharsets.UTF_8), surroundings.environment());
    if (variables.isEmpty()) {
      throw CommandFailure.misused("there are no variables in " + file).build();
    }
    List<String> refused =
        variables.keySet().stream()
            .filter(it -> !NAME.matcher(it).matches() || RESERVED.matcher(it).matches())
            .toList();
    if (!refused.isEmpty()) {
      throw CommandFailure.misused(
              "an application's environment cannot have " + String.join(", ", refused))
          .next(
              "Nothing was set. A name has letters, digits and _, and some are the platform's: leave"
                  + " them out of "
                  + file)
          .build();
    }
    String application = name.in(surroundings);
    set(application, variables);
    done(
        options,
        application,
        List.copyOf(variables.keySet()),
        "%d variables are set.".formatted(variables.size()));
    return 0;
  }

  /// Says how far it came where it does not get to the end: the same file can be imported again.
  private void set(String application, Map<String, String> variables)
      throws IOException, InterruptedException {
    Applications applications = applications();
    List<String> set = new ArrayList<>();
    try {
      for (Map.Entry<String, String> variable : variables.entrySet()) {
        applications.setVariable(application, variable.getKey(), variable.getValue());
        set.add(variable.getKey());
      }
    } finally {
      if (!set.isEmpty() && set.size() < variables.size()) {
        List<String> names = List.copyOf(variables.keySet());
        output.note(
            "Set are %s; not %s."
                .formatted(
                    String.join(", ", set),
                    String.join(", ", names.subList(set.size(), names.size()))));
      }
    }
  }

  @Command(
      name = "list",
      description = "List the names of the variables.",
      footer = {"", "Example:", "  slipway app env list shop"})
  int list(@Mixin ApplicationName name, @Mixin OutputOptions options)
      throws IOException, InterruptedException {
    List<String> names = applications().variables(name.in(surroundings));
    if (options.json) {
      ArrayNode json = Json.MAPPER.createArrayNode();
      names.forEach(json::add);
      output.json(json);
    } else {
      names.forEach(output::line);
    }
    return 0;
  }

  @Command(
      name = "delete",
      description = "Remove a variable.",
      footer = {"", "Example:", "  slipway app env delete shop -s TOKEN"})
  int delete(
      @Mixin ApplicationName name,
      @Option(
              names = {"-s", "--name"},
              required = true,
              paramLabel = "VARIABLE",
              description = "The variable.")
          String variable,
      @Mixin OutputOptions options)
      throws IOException, InterruptedException {
    String application = name.in(surroundings);
    applications().removeVariable(application, variable);
    done(options, application, List.of(variable), "%s is removed.".formatted(variable));
    return 0;
  }

  /// All of it, as a value may have several lines; the line break that ends it is not part of it.
  private String input() throws IOException {
    byte[] bytes = surroundings.in().readNBytes(LONGEST + 1);
    if (bytes.length > LONGEST) {
      throw CommandFailure.misused("standard input is too long for a value").build();
    }
    String text = new String(bytes, StandardCharsets.UTF_8).replaceFirst("\\r?\\n\\z", "");
    if (text.isEmpty()) {
      throw CommandFailure.misused("there is no value on standard input").build();
    }
    return text;
  }

  private void done(
      OutputOptions options, String application, List<String> variables, String sentence) {
    if (options.json) {
      var json = Json.object().put("Name", application);
      variables.forEach(json.putArray("variables")::add);
      output.json(json);
    } else {
      output.line(sentence);
      output.note("It takes effect with the next deploy: slipway app deploy " + application);
    }
  }

  private Applications applications() {
    return new Applications(ApiClient.of(surroundings));
  }
}
