package dev.slipway.cli.command;

import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.slipway.cli.api.ApiClient;
import dev.slipway.cli.api.Applications;
import dev.slipway.cli.api.Databases;
import dev.slipway.cli.api.Databases.Database;
import dev.slipway.cli.api.OperationView;
import dev.slipway.cli.api.PasswordFile;
import dev.slipway.cli.api.Receipt;
import dev.slipway.cli.console.CommandFailure;
import dev.slipway.cli.console.Json;
import dev.slipway.cli.console.Output;
import dev.slipway.cli.console.Prompt;
import dev.slipway.cli.console.Surroundings;
import dev.slipway.cli.console.Words;
import dev.slipway.cli.platform.PlatformHome;
import dev.slipway.cli.platform.RandomPassword;
import java.io.IOException;
import java.time.Instant;
import java.util.Arrays;
import java.util.HashSet;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.Parameters;
import picocli.CommandLine.Spec;

/// Postgres instances.
@Command(
    name = "db",
    aliases = {"database", "databases"},
    description = "Provision, list, inspect, link and destroy Postgres instances.",
    mixinStandardHelpOptions = true,
    footer = {
      "",
      "Names and database users have 3 to 16 of a-z, 0-9 and _; passwords have 8 to 128 characters.",
      "A password that is set here is also kept in SLIPWAY_HOME/pgpass, a libpq password file only you can read, unless",
      "--no-save-password is given. The platform itself keeps none.",
      "",
      "Examples:",
      "  slipway db provision main -U demo_db",
      "  psql \"$(slipway db url main -S)\"",
      "  slipway db destroy main --yes"
    })
final class DatabaseCommand implements Runnable {

  private static final String HIDDEN = "***";

  @Spec private CommandSpec spec;

  private final Surroundings surroundings;
  private final Output output;
  private final Prompt prompt;
  private final PasswordFile passwords;

  DatabaseCommand(Surroundings surroundings) {
    this.surroundings = surroundings;
    this.output = new Output(surroundings);
    this.prompt = new Prompt(surroundings);
    this.passwords = new PasswordFile(PlatformHome.of(surroundings).databasePasswords());
  }

  @Override
  public void run() {
    throw new ParameterException(spec.commandLine(), "a command is missing");
  }

  /// How a new password is chosen, and whether it is kept here.
  static final class NewPasswordOptions {

    @Mixin private PasswordOptions password = new PasswordOptions();

    @Option(
        names = "--generate-password",
        description = "Make up a good password, and print it once.")
    private boolean generate;

    @Option(
        names = "--no-save-password",
        description = "Do not keep the password in SLIPWAY_HOME/pgpass.")
    private boolean unsaved;

    private String choose(Prompt prompt, String question) throws IOException {
      return generate ? RandomPassword.letters() : password.chosen(prompt, question);
    }

    /// The password that nobody else knows; null when whoever asks has chosen it.
    private @Nullable String madeUp(String chosen) {
      return generate ? chosen : null;
    }

    /// A failure of the waiting: what is waited for may go on, or be tried again.
    private CommandFailure telling(CommandFailure failure, String chosen) {
      return generate ? failure.telling(chosen) : failure;
    }

    /// Fails when there is no way to get a password, before anything else is done.
    private void require(Prompt prompt) {
      if (generate && password.named()) {
        throw CommandFailure.misused("a password is both given and to be generated").build();
      }
      if (!generate && !password.named() && !prompt.possible()) {
        throw CommandFailure.misused("a password is needed, and there is no terminal to ask at")
            .next(
                "Pass --password-stdin and the password on standard input, or --generate-password.")
            .build();
      }
    }
  }

  @Command(
      name = "provision",
      description = "Make a Postgres instance, and show the steps as they happen.",
      footer = {
        "",
        "Ctrl-C leaves the operation running. A password that was made up is printed before, with"
            + " --json in the document",
        "that then says how to come back; kept in SLIPWAY_HOME/pgpass is what was waited for.",
        "",
        "Examples:",
        "  slipway db provision main -U demo_db",
        "  slipway db provision main -U demo_db --generate-password",
        "  printf %%s \"$PASSWORD\" | slipway db provision main -U demo_db --password-stdin"
      })
  int provision(
      @Parameters(paramLabel = "NAME") String name,
      @Option(
              names = {"-U", "--username"},
              required = true,
              paramLabel = "USER",
              description = "The database user that will be yours.")
          String user,
      @Mixin NewPasswordOptions password,
      @Mixin OutputOptions options)
      throws IOException, InterruptedException {
    password.require(prompt);
    ApiClient client = client();
    client.signedIn();
    String chosen = password.choose(prompt, "Password for database user " + user);
    Databases databases = new Databases(client);
    Optional<String> operation = databases.provision(name, user, chosen);
    tell(password, user, chosen, options);
    @Nullable OperationView end;
    Database made;
    try {
      end = await(client, operation, options, password.madeUp(chosen));
      made = databases.info(name);
    } catch (CommandFailure failure) {
      throw password.telling(failure, chosen);
    }
    save(password, made, chosen);
    if (options.json) {
      ObjectNode json = made.json().deepCopy();
      addOperation(json, end);
      if (password.generate) {
        json.put("Password", chosen);
      }
      output.json(json);
      return 0;
    }
    output.line(
        "%s is %s at %s:%d.".formatted(made.name(), made.status(), made.host(), made.port()));
    output.note("Next: psql \"$(slipway db url %s -S)\"".formatted(name));
    return 0;
  }

  @Command(
      name = "list",
      description = "List the instances.",
      footer = {"", "Example:", "  slipway db list --json"})
  int list(@Mixin OutputOptions options) throws IOException, InterruptedException {
    List<Database> all = new Databases(client()).list();
    if (options.json) {
      ArrayNode json = Json.MAPPER.createArrayNode();
      all.forEach(it -> json.add(it.json()));
      output.json(json);
      return 0;
    }
    Instant now = Instant.now();
    output.table(
        List.of("NAME", "STATUS", "OBSERVED", "HOST", "PORT", "USER", "KIND"),
        all.stream()
            .map(
                it ->
                    List.of(
                        it.name(),
                        it.status(),
                        observed(it, now),
                        it.host().isEmpty() ? "-" : it.host(),
                        it.port() == 0 ? "-" : Integer.toString(it.port()),
                        it.user(),
                        it.linked() ? "linked" : "provisioned"))
            .toList());
    return 0;
  }

  @Command(
      name = "status",
      description = "Show one instance.",
      footer = {"", "Example:", "  slipway db status main"})
  int status(@Parameters(paramLabel = "NAME") String name, @Mixin OutputOptions options)
      throws IOException, InterruptedException {
    Database found = new Databases(client()).info(name);
    if (options.json) {
      output.json(found.json());
      return 0;
    }
    output.line("Name      " + found.name());
    output.line("Status    " + found.status());
    @Nullable String reason = Json.text(found.json(), "Reason");
    if (reason != null) {
      output.line("Reason    " + reason);
    }
    output.line("Observed  " + observed(found, Instant.now()));
    output.line("Host      " + found.host());
    output.line("Port      " + found.port());
    output.line("User      " + found.user());
    output.line("Kind      " + (found.linked() ? "linked" : "provisioned"));
    return 0;
  }

  @Command(
      name = "url",
      aliases = "connect",
      description = "Print the address to connect to.",
      footer = {
        "",
        "The password is the one kept in SLIPWAY_HOME/pgpass, or the one that is passed.",
        "",
        "Example:",
        "  psql \"$(slipway db url main -S)\""
      })
  int url(
      @Parameters(paramLabel = "NAME") String name,
      @Option(
              names = {"-S", "--show-password"},
              description = "With the password, instead of ***.")
          boolean show,
      @Mixin PasswordOptions password,
      @Mixin OutputOptions options)
      throws IOException, InterruptedException {
    ApiClient client = client();
    Database found = new Databases(client).info(name);
    String shown = HIDDEN;
    if (show) {
      Optional<String> kept =
          password.named()
              ? Optional.empty()
              : passwords.find(found.host(), found.port(), found.user());
      if (kept.isEmpty() && !password.named() && !prompt.possible()) {
        throw CommandFailure.misused(
                "no password of %s on %s is kept on this machine".formatted(found.user(), name))
            .next(
                found.linked()
                    ? "Pass it with --password-stdin."
                    : "Pass it with --password-stdin, or set a new one: slipway db reset-password %s --generate-password"
                        .formatted(name))
            .build();
      }
      shown =
          kept.isPresent()
              ? kept.get()
              : password.existing(prompt, "Password of database user " + found.user());
    }
    String url = found.url(shown, client.address().authority());
    if (options.json) {
      output.json(Json.object().put("url", url));
    } else {
      output.line(url);
    }
    return 0;
  }

  @Command(
      name = "reset-password",
      description = "Give the database user a new password. Open connections stay.",
      footer = {"", "Example:", "  slipway db reset-password main --generate-password"})
  int resetPassword(
      @Parameters(paramLabel = "NAME") String name,
      @Mixin NewPasswordOptions password,
      @Mixin OutputOptions options)
      throws IOException, InterruptedException {
    password.require(prompt);
    ApiClient client = client();
    Databases databases = new Databases(client);
    Database found = databases.info(name);
    String chosen = password.choose(prompt, "New password of database user " + found.user());
    Optional<String> operation = databases.resetPassword(name, chosen);
    tell(password, found.user(), chosen, options);
    @Nullable OperationView end;
    try {
      end = await(client, operation, options, password.madeUp(chosen));
    } catch (CommandFailure failure) {
      throw password.telling(failure, chosen);
    }
    save(password, found, chosen);
    if (options.json) {
      ObjectNode json = Json.object().put("name", name).put("user", found.user());
      addOperation(json, end);
      if (password.generate) {
        json.put("Password", chosen);
      }
      output.json(json);
      return 0;
    }
    output.line("%s on %s has a new password.".formatted(found.user(), name));
    return 0;
  }

  @Command(
      name = "link",
      description = "Make a Postgres server of your own known to the platform.",
      footer = {
        "",
        "The server needs a role that may log in and create databases and roles:",
        "  CREATE ROLE dbosadmin WITH LOGIN CREATEDB CREATEROLE PASSWORD '…';",
        "",
        "Example:",
        "  slipway db link legacy -H db.example.org -p 5432 --password-stdin < password.txt"
      })
  int link(
      @Parameters(paramLabel = "NAME") String name,
      @Option(
              names = {"-H", "--hostname"},
              required = true,
              paramLabel = "HOST",
              description = "Where it is, as seen from the platform.")
          String host,
      @Option(
              names = {"-p", "--port"},
              defaultValue = "5432",
              paramLabel = "PORT",
              description = "Its port (${DEFAULT-VALUE}).")
          int port,
      @Option(
              names = {"-U", "--username"},
              defaultValue = "",
              paramLabel = "ROLE",
              description = "The role, when it is not dbosadmin.")
          String role,
      @Mixin PasswordOptions password,
      @Mixin OutputOptions options)
      throws IOException, InterruptedException {
    password.require(prompt);
    ApiClient client = client();
    Databases databases = new Databases(client);
    client.signedIn();
    String given = password.existing(prompt, "Password of the role");
    @Nullable OperationView end =
        await(client, databases.link(name, host, port, role, given), options);
    done(options, name, end, "%s is linked.".formatted(name));
    return 0;
  }

  @Command(
      name = "unlink",
      description = "Forget a linked server. Nothing on it is touched.",
      footer = {"", "Example:", "  slipway db unlink legacy"})
  int unlink(@Parameters(paramLabel = "NAME") String name, @Mixin OutputOptions options)
      throws IOException, InterruptedException {
    ApiClient client = client();
    @Nullable OperationView end = await(client, new Databases(client).unlink(name), options);
    done(options, name, end, "%s is not linked any more.".formatted(name));
    return 0;
  }

  @Command(
      name = "destroy",
      description = "Destroy an instance with all its data, in whatever state it is.",
      footer = {
        "",
        "An instance that applications use is refused; --force deletes those first, with their databases.",
        "",
        "Examples:",
        "  slipway db destroy main --yes",
        "  slipway db destroy main --force --yes"
      })
  int destroy(
      @Parameters(paramLabel = "NAME") String name,
      @Option(
              names = "--force",
              description = "Delete the applications first that have their databases on it.")
          boolean force,
      @Option(
              names = {"-y", "--yes"},
              description = "Do not ask.")
          boolean yes,
      @Mixin OutputOptions options)
      throws IOException, InterruptedException {
    ApiClient client = client();
    Databases databases = new Databases(client);
    client.signedIn();
    Confirmation.obtain(
        surroundings,
        yes,
        force
            ? "Destroy %s with all its data, and all applications on it? They cannot be brought back."
                .formatted(name)
            : "Destroy %s with all its data? It cannot be brought back.".formatted(name));
    Optional<Database> known = find(databases, name);
    @Nullable OperationView end = await(client, destroy(client, name, force, options), options);
    known.ifPresent(this::forget);
    gone(client, options, name, end);
    return 0;
  }

  private void gone(
      ApiClient client, OutputOptions options, String name, @Nullable OperationView end)
      throws IOException, InterruptedException {
    @Nullable Receipt receipt = ReceiptLines.of(client, end);
    if (options.json) {
      ObjectNode json = Json.object().put("name", name);
      addOperation(json, end);
      ReceiptLines.add(json, receipt);
      output.json(json);
      return;
    }
    if (receipt != null) {
      ReceiptLines.print(output, receipt);
    }
    output.line("%s is gone.".formatted(name));
  }

  /// Applications may come while others go, so whoever is named is deleted until nobody is.
  private Optional<String> destroy(
      ApiClient client, String name, boolean force, OutputOptions options)
      throws IOException, InterruptedException {
    Set<String> deleted = new HashSet<>();
    while (true) {
      try {
        return new Databases(client).destroy(name);
      } catch (CommandFailure refused) {
        List<String> users = applicationsOn(refused);
        if (!force || users.isEmpty() || !deleted.addAll(users)) {
          throw refused;
        }
        for (String application : users) {
          if (!options.json) {
            output.note("Deleting the application %s with its databases.".formatted(application));
          }
          await(client, new Applications(client).delete(application, true), options);
        }
      }
    }
  }

  /// The applications that a refusal names; none when it is about something else.
  private static List<String> applicationsOn(CommandFailure refused) {
    return refused.code().equals("instance-in-use")
        ? Arrays.stream(refused.fields().getOrDefault("applications", "").split(",", -1))
            .map(String::strip)
            .filter(name -> !name.isEmpty())
            .toList()
        : List.of();
  }

  /// One that failed is refused by `info`, and can be destroyed all the same.
  private static Optional<Database> find(Databases databases, String name)
      throws IOException, InterruptedException {
    return databases.list().stream().filter(it -> it.name().equals(name)).findFirst();
  }

  private @Nullable OperationView await(
      ApiClient client, Optional<String> operation, OutputOptions options)
      throws IOException, InterruptedException {
    return await(client, operation, options, null);
  }

  private @Nullable OperationView await(
      ApiClient client, Optional<String> operation, OutputOptions options, @Nullable String madeUp)
      throws IOException, InterruptedException {
    if (operation.isEmpty()) {
      return null;
    }
    OperationProgress progress =
        options.json
            ? OperationProgress.asJson(output, madeUp)
            : new OperationProgress(output, false);
    return progress.await(client, operation.get());
  }

  /// Says a password that was made up as soon as something is done with it: whoever leaves early
  /// must have it. A program gets it in the one document it gets.
  private void tell(
      NewPasswordOptions password, String user, String chosen, OutputOptions options) {
    if (password.generate && !options.json) {
      output.line("Password of %s: %s".formatted(user, chosen));
    }
  }

  /// No failure when it cannot be kept: the server has the password by then, and whoever asked for
  /// one that was made up must get it.
  private void save(NewPasswordOptions password, Database database, String chosen) {
    if (password.unsaved) {
      return;
    }
    try {
      passwords.put(database.host(), database.port(), database.user(), chosen);
    } catch (IOException unwritable) {
      output.note(
          "The password could not be kept on this machine: " + SlipwayCommand.describe(unwritable));
    }
  }

  private void forget(Database gone) {
    try {
      passwords.forget(gone.host(), gone.port());
    } catch (IOException unwritable) {
      output.note(
          "Its password could not be removed from this machine: "
              + SlipwayCommand.describe(unwritable));
    }
  }

  private void done(
      OutputOptions options, String name, @Nullable OperationView end, String sentence) {
    if (options.json) {
      ObjectNode json = Json.object().put("name", name);
      addOperation(json, end);
      output.json(json);
    } else {
      output.line(sentence);
    }
  }

  private static void addOperation(ObjectNode json, @Nullable OperationView end) {
    if (end != null) {
      json.set("operation", end.json());
    }
  }

  private static String observed(Database database, Instant now) {
    return database.observedAt().map(when -> Words.ago(when, now)).orElse("-");
  }

  private ApiClient client() {
    return ApiClient.of(surroundings);
  }
}
