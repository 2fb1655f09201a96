package dev.slipway.cli.command;

import dev.slipway.cli.console.CommandFailure;
import dev.slipway.cli.console.Output;
import dev.slipway.cli.console.Surroundings;
import java.io.PrintWriter;
import java.lang.reflect.Constructor;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine;
import picocli.CommandLine.Command;
import picocli.CommandLine.IFactory;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.Spec;

/// The command itself: lists the others and turns their ends into exit codes.
///
/// 0 is done, 1 refused or failed, 2 not called as it has to be.
@Command(
    name = "slipway",
    description = "Your own control plane for Postgres and applications.",
    versionProvider = SlipwayCommand.Version.class,
    mixinStandardHelpOptions = true,
    sortOptions = false,
    subcommands = {
      UpCommand.class,
      DownCommand.class,
      StatusCommand.class,
      OrphansCommand.class,
      MessagesCommand.class,
      DemoCommand.class,
      EnvCommand.class,
      RegisterCommand.class,
      LoginCommand.class,
      LogoutCommand.class,
      ProfileCommand.class,
      OrganizationCommand.class,
      DatabaseCommand.class,
      ApplicationCommand.class,
      OperationsCommand.class,
      AuditCommand.class,
      EventsCommand.class,
      WhyCommand.class,
      BenchCommand.class,
      ChaosCommand.class,
      CompletionCommand.class,
      TrainCommand.class,
      WarmUpCommand.class
    },
    footer = {
      "",
      "Examples:",
      "  slipway demo                               everything, once, on this machine",
      "  slipway up --detach                        start the platform",
      "  slipway register -u demo                   sign up and sign in",
      "  slipway db provision main -U demo_db       a Postgres of your own",
      "  psql \"$(slipway db url main -S)\"",
      "  slipway app deploy -d main                 the application in this folder",
      "",
      "Exit codes: 0 done, 1 refused or failed, 2 not called as it has to be.",
      "SLIPWAY_HOME (default ~/.slipway) holds all state; SLIPWAY_PORT (default 8443) is the public port, chosen with up.",
      "`slipway test` builds everything and runs the whole test suite."
    })
public final class SlipwayCommand implements Runnable {

  @Spec private CommandSpec spec;

  /// Runs one command line; answers the exit code.
  public static int execute(Surroundings surroundings, String... arguments) {
    Output output = new Output(surroundings);
    boolean json = Arrays.asList(arguments).contains("--json");
    CommandLine line = new CommandLine(SlipwayCommand.class, factory(surroundings));
    line.setOut(new PrintWriter(surroundings.out(), true, StandardCharsets.UTF_8));
    line.setErr(new PrintWriter(surroundings.err(), true, StandardCharsets.UTF_8));
    line.setExecutionExceptionHandler(
        (failure, command, parsed) -> {
          if (failure instanceof CommandFailure said) {
            output.failure(said, json);
            return said.exitCode();
          }
          if (failure instanceof InterruptedException) {
            Thread.currentThread().interrupt();
            return 130;
          }
          output.failure(
              CommandFailure.failed("internal", describe(failure)).cause(failure).build(), json);
          if (surroundings.variable("SLIPWAY_TRACE").isPresent()) {
            failure.printStackTrace(surroundings.err());
          }
          return CommandFailure.FAILED;
        });
    line.setParameterExceptionHandler(
        (failure, parsed) -> {
          CommandLine wrong = failure.getCommandLine();
          CommandFailure.Builder said =
              CommandFailure.misused(firstLine(failure))
                  .next("See `%s --help`.".formatted(wrong.getCommandSpec().qualifiedName()));
          output.failure(said.build(), json);
          return CommandFailure.MISUSED;
        });
    return line.execute(arguments);
  }

  @Override
  public void run() {
    throw new ParameterException(spec.commandLine(), "a command is missing");
  }

  private static String firstLine(ParameterException failure) {
    String message = String.valueOf(failure.getMessage());
    return message.lines().findFirst().orElse(message);
  }

  static String describe(Exception failure) {
    @Nullable String message = failure.getMessage();
    return message == null || message.isBlank()
        ? failure.getClass().getSimpleName()
        : failure.getClass().getSimpleName() + ": " + message;
  }

  static IFactory factory(Surroundings surroundings) {
    return new Factory(surroundings);
  }

  /// Gives every command its surroundings.
  private record Factory(Surroundings surroundings) implements IFactory {

    @Override
    public <K> K create(Class<K> type) throws Exception {
      for (Constructor<?> constructor : type.getDeclaredConstructors()) {
        if (constructor.getParameterCount() == 1
            && constructor.getParameterTypes()[0] == Surroundings.class) {
          return type.cast(constructor.newInstance(surroundings));
        }
      }
      return CommandLine.defaultFactory().create(type);
    }
  }

  /// The version of the build.
  static final class Version implements CommandLine.IVersionProvider {

    @Override
    public String[] getVersion() {
      @Nullable String version = SlipwayCommand.class.getPackage().getImplementationVersion();
      return new String[] {"slipway " + (version == null ? "(not packaged)" : version)};
    }
  }
}
