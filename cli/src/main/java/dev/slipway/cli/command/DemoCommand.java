package dev.slipway.cli.command;

import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.slipway.cli.api.ApiClient;
import dev.slipway.cli.api.Credentials;
import dev.slipway.cli.api.DatabaseConnection;
import dev.slipway.cli.api.Databases;
import dev.slipway.cli.api.Databases.Database;
import dev.slipway.cli.api.PasswordFile;
import dev.slipway.cli.api.SignIn;
import dev.slipway.cli.console.CommandFailure;
import dev.slipway.cli.console.Json;
import dev.slipway.cli.console.Output;
import dev.slipway.cli.console.PrivateFile;
import dev.slipway.cli.console.Surroundings;
import dev.slipway.cli.console.Words;
import dev.slipway.cli.platform.Launcher;
import dev.slipway.cli.platform.PlatformHome;
import dev.slipway.cli.platform.RandomPassword;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.sql.Connection;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.Statement;
import java.time.Duration;
import java.util.Optional;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;

/// Shows everything, once, on this machine. A second run finds what the first has made.
@Command(
    name = "demo",
    description =
        "Start the platform, register a user, provision a Postgres, deploy an application on it, and roll it back.",
    footer = {
      "",
      "The user is called demo, the instance main and the application guestbook; passwords are generated and kept in",
      "SLIPWAY_HOME. The guestbook is examples/guestbook; it is deployed, deployed again with one more column, and rolled",
      "back. Without Node on this machine, all but that is shown. A second run finds what the first has made.",
      "",
      "Example:",
      "  slipway demo"
    })
final class DemoCommand implements Callable<Integer> {

  private static final String USER = "demo";
  private static final String DATABASE = "main";
  private static final String DATABASE_USER = "demo_db";

  @Mixin private OutputOptions options = new OutputOptions();

  private final Surroundings surroundings;
  private final PlatformHome home;
  private final Output output;

  DemoCommand(Surroundings given) {
    // The demonstration is about this machine, whatever the environment points to.
    this.surroundings = given.without("DBOS_DOMAIN");
    this.home = PlatformHome.of(surroundings);
    this.output = new Output(surroundings);
  }

  @Override
  public Integer call() throws Exception {
    long began = System.nanoTime();
    UpCommand.StartProgress progress = new UpCommand.StartProgress(output);
    Launcher.Started started = new Launcher(home, surroundings).detach(progress::show);
    say(
        started == Launcher.Started.NOW
            ? "Started the platform in %s.".formatted(since(began))
            : "The platform runs already.");
    ApiClient client = ApiClient.of(surroundings);
    signIn(client);
    say("Signed in as %s.".formatted(client.signedIn().userName()));
    Databases databases = new Databases(client);
    long asked = System.nanoTime();
    String password = database(client, databases);
    Database database = databases.info(DATABASE);
    say(
        "%s is %s at %s:%d (%s)."
            .formatted(
                DATABASE, database.status(), database.host(), database.port(), since(asked)));
    Path authority = client.address().authority().orElseThrow();
    Reply reply = ask(database, password, authority);
    String url = database.url(password, Optional.of(authority));
    Optional<DemoApplication.Shown> shown = application(client, database, password, authority);
    if (options.json) {
      ObjectNode json = Json.object();
      json.put("publicUrl", client.address().url().toString());
      json.put("user", USER);
      json.put("database", DATABASE);
      json.put("url", url);
      json.put("version", reply.version());
      json.put("tls", reply.tls());
      if (shown.isPresent()) {
        json.set("application", shown.get().json());
      }
      json.put("millis", Duration.ofNanos(System.nanoTime() - began).toMillis());
      output.json(json);
      return 0;
    }
    output.line("");
    output.line("  select version()   → " + reply.version());
    output.line("  over TLS           → " + reply.tls());
    output.line("");
    output.line("  " + url);
    output.line("");
    output.line("Next:");
    output.line("  psql \"$(slipway db url %s -S)\"".formatted(DATABASE));
    shown.ifPresent(
        it -> {
          output.line("  curl --cacert %s %s".formatted(authority, it.url()));
          output.line("  slipway app logs %s".formatted(DemoApplication.NAME));
        });
    output.line("  slipway db provision second -U second_db --generate-password");
    output.line("  slipway status");
    output.line("  eval \"$(slipway env)\"; npx @dbos-inc/dbos-cloud db list");
    output.line("  slipway down");
    output.line("");
    output.line("All of it took %s.".formatted(since(began)));
    return 0;
  }

  private Optional<DemoApplication.Shown> application(
      ApiClient client, Database database, String password, Path authority)
      throws IOException, InterruptedException {
    DemoApplication demo = new DemoApplication(surroundings, client, output, options.json);
    Optional<String> obstacle = demo.obstacle();
    if (obstacle.isPresent()) {
      say("The guestbook is left out: %s.".formatted(obstacle.get()));
      return Optional.empty();
    }
    return Optional.of(demo.show(database, password, authority));
  }

  private void signIn(ApiClient client) throws IOException, InterruptedException {
    SignIn signIn = new SignIn(client);
    String password = demoPassword();
    Credentials credentials;
    try {
      signIn.signUp(USER, "", password);
      credentials = signIn.withPassword(USER, password);
    } catch (CommandFailure refused) {
      if (refused.status() != 409) {
        throw refused;
      }
      try {
        credentials = signIn.withPassword(USER, password);
      } catch (CommandFailure notTheirs) {
        throw CommandFailure.failed(
                "name-taken", "there is a user %s already, with another password".formatted(USER))
            .next(
                "Use your own: slipway login -u %s. Or try elsewhere: SLIPWAY_HOME=… slipway demo"
                    .formatted(USER))
            .cause(notTheirs)
            .build();
      }
    }
    try {
      Session.complete(client, credentials);
    } catch (CommandFailure unregistered) {
      if (unregistered.status() != 404) {
        throw unregistered;
      }
      Session.register(signIn, USER);
      Session.complete(client, credentials);
    }
    Path local = client.store().local();
    // Somebody else's sign-in in this folder stays.
    if (!Files.exists(local)
        || (Files.isReadable(local) && Files.readString(local).contains("\"" + USER + "\""))) {
      Session.write(client, output);
    } else {
      client.store().writeHome(client.signedIn());
    }
  }

  private String demoPassword() throws IOException {
    Path file = home.demoPassword();
    if (!Files.exists(file)) {
      PrivateFile.write(file, RandomPassword.letters() + "\n");
    }
    return Files.readString(file).strip();
  }

  /// Answers the password of the database user, once the instance is there.
  private String database(ApiClient client, Databases databases)
      throws IOException, InterruptedException {
    PasswordFile passwords = new PasswordFile(home.databasePasswords());
    Optional<Database> known =
        databases.list().stream().filter(it -> it.name().equals(DATABASE)).findFirst();
    if (known.isPresent() && !known.get().status().equals("failed")) {
      Database there = known.get();
      Optional<String> kept = passwords.find(there.host(), there.port(), there.user());
      if (kept.isPresent()) {
        return kept.get();
      }
      String fresh = RandomPassword.letters();
      await(client, databases.resetPassword(DATABASE, fresh));
      passwords.put(there.host(), there.port(), there.user(), fresh);
      return fresh;
    }
    String password = RandomPassword.letters();
    await(client, databases.provision(DATABASE, DATABASE_USER, password));
    Database made = databases.info(DATABASE);
    passwords.put(made.host(), made.port(), made.user(), password);
    return password;
  }

  private void await(ApiClient client, Optional<String> operation)
      throws IOException, InterruptedException {
    if (operation.isPresent()) {
      new OperationProgress(output, options.json).await(client, operation.get());
    }
  }

  /// What the server said.
  private record Reply(String version, String tls) {}

  private static Reply ask(Database database, String password, Path authority) {
    try (Connection connection = DatabaseConnection.open(database, password, authority);
        Statement statement = connection.createStatement();
        ResultSet row =
            statement.executeQuery(
                "SELECT split_part(version(), ' on ', 1), version || ', ' || cipher"
                    + " FROM pg_stat_ssl WHERE pid = pg_backend_pid() AND ssl")) {
      if (!row.next()) {
        throw CommandFailure.failed("no-tls", "the connection is not encrypted").build();
      }
      return new Reply(row.getString(1), row.getString(2));
    } catch (SQLException failure) {
      throw CommandFailure.failed("query-failed", String.valueOf(failure.getMessage()))
          .cause(failure)
          .build();
    }
  }

  private void say(String sentence) {
    if (!options.json) {
      output.line(sentence);
    }
  }

  private static String since(long began) {
    return Words.duration(Duration.ofNanos(System.nanoTime() - began));
  }
}
