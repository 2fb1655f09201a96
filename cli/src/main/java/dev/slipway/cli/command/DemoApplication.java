package dev.slipway.cli.command;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.slipway.cli.api.ApiClient;
import dev.slipway.cli.api.ApplicationCalls;
import dev.slipway.cli.api.Applications;
import dev.slipway.cli.api.Applications.Application;
import dev.slipway.cli.api.Applications.Deploy;
import dev.slipway.cli.api.DatabaseConnection;
import dev.slipway.cli.api.Databases.Database;
import dev.slipway.cli.archive.ApplicationArchive;
import dev.slipway.cli.archive.ApplicationFolder;
import dev.slipway.cli.console.CommandFailure;
import dev.slipway.cli.console.Json;
import dev.slipway.cli.console.Output;
import dev.slipway.cli.console.Surroundings;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.sql.Connection;
import java.sql.PreparedStatement;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.stream.Stream;

/// The guestbook of the demonstration: deployed, deployed again with one more column, rolled back,
/// and looked at from both sides each time, over its address and in its database.
final class DemoApplication {

  static final String NAME = "guestbook";

  private static final String SECOND_VERSION = "demo-second-version";
  private static final String COLUMN = "mood";

  private final Surroundings surroundings;
  private final ApiClient client;
  private final Applications applications;
  private final Deployment deployment;
  private final Output output;
  private final boolean quiet;

  DemoApplication(Surroundings surroundings, ApiClient client, Output output, boolean quiet) {
    this.surroundings = surroundings;
    this.client = client;
    this.applications = new Applications(client);
    this.deployment = new Deployment(client, output, quiet);
    this.output = output;
    this.quiet = quiet;
  }

  /// What was seen.
  ///
  /// @param first   what the first version answered
  /// @param second  what the second one did
  /// @param after   what the first one answered again after the roll-back
  /// @param columns of the table after the roll-back, as its database says
  record Shown(String url, String first, String second, String after, List<String> columns) {

    ObjectNode json() throws IOException {
      ObjectNode json = Json.object().put("name", NAME).put("url", url);
      json.set("first", Json.MAPPER.readTree(first));
      json.set("second", Json.MAPPER.readTree(second));
      json.set("afterRollback", Json.MAPPER.readTree(after));
      columns.forEach(json.putArray("columnsAfterRollback")::add);
      return json;
    }
  }

  /// Why it cannot be shown here, as the rest of a sentence.
  Optional<String> obstacle() {
    for (String program : List.of("node", "npm")) {
      if (surroundings.program(program).isEmpty()) {
        return Optional.of(
            "there is no %s on the PATH, and it is written for Node.js".formatted(program));
      }
    }
    return Files.isRegularFile(example().resolve("package.json"))
        ? Optional.empty()
        : Optional.of("%s is not there".formatted(example()));
  }

  Shown show(Database database, String password, Path authority)
      throws IOException, InterruptedException {
    Path folder = Files.createTempDirectory("slipway-demo-");
    try {
      copy(example(), folder);
      say("");
      say("Deploying the guestbook: installs, migrates, starts, then lets requests in.");
      Application application = deploy(folder, database.name());
      ApplicationCalls calls = new ApplicationCalls(client.address());
      if (!Json.MAPPER.readTree(calls.get(application.url())).isEmpty()) {
        calls.post(application.url(), "{\"name\":\"slipway demo\",\"message\":\"Hello.\"}");
      }
      String first = answer(calls, application, COLUMN, false);
      say("  GET %s".formatted(application.url()));
      say("    → " + first);
      String original = application.version();

      copy(folder.resolve(SECOND_VERSION), folder);
      say("Deploying a second version: its migration adds the column %s.".formatted(COLUMN));
      application = deploy(folder, database.name());
      String second = answer(calls, application, COLUMN, true);
      say("  GET %s".formatted(application.url()));
      say("    → " + second);
      expect(
          columns(database, application.database(), password, authority).contains(COLUMN),
          "the column %s is missing after the second deploy".formatted(COLUMN));

      say("Rolling back: the column goes first, then the old code serves again.");
      Deploy back = applications.rollBack(NAME, original);
      deployment.await(NAME, back);
      application = applications.info(NAME);
      String after = answer(calls, application, COLUMN, false);
      say("  GET %s".formatted(application.url()));
      say("    → " + after);
      List<String> columns = columns(database, application.database(), password, authority);
      expect(!columns.contains(COLUMN), "the column %s is still there".formatted(COLUMN));
      say("  columns of entries → " + String.join(", ", columns));
      return new Shown(application.url(), first, second, after, columns);
    } finally {
      delete(folder);
    }
  }

  private Application deploy(Path folder, String instance)
      throws IOException, InterruptedException {
    ApplicationFolder read = ApplicationFolder.of(surroundings, folder, null);
    deployment.prepare(NAME, read, instance);
    Deploy begun;
    try (ApplicationArchive archive = deployment.pack(read)) {
      begun = applications.deploy(NAME, archive);
    }
    deployment.await(NAME, begun);
    return applications.info(NAME);
  }

  /// What it answers, which has to be rows of its database, with the column or without.
  private static String answer(
      ApplicationCalls calls, Application application, String column, boolean expected)
      throws IOException, InterruptedException {
    String answer = calls.get(application.url());
    JsonNode rows = Json.MAPPER.readTree(answer);
    expect(rows.isArray() && !rows.isEmpty(), "the guestbook has answered without any rows");
    expect(
        rows.get(0).has(column) == expected,
        "the guestbook has answered with the rows of another version");
    return answer;
  }

  private static List<String> columns(
      Database instance, String name, String password, Path authority) {
    try (Connection connection = DatabaseConnection.open(instance, name, password, authority);
        PreparedStatement statement =
            connection.prepareStatement(
                "SELECT attname FROM pg_catalog.pg_attribute"
                    + " WHERE attrelid = 'public.entries'::regclass AND attnum > 0"
                    + " AND NOT attisdropped ORDER BY attnum");
        ResultSet rows = statement.executeQuery()) {
      List<String> columns = new ArrayList<>();
      while (rows.next()) {
        columns.add(rows.getString(1));
      }
      return columns;
    } catch (SQLException failure) {
      throw CommandFailure.failed("query-failed", String.valueOf(failure.getMessage()))
          .cause(failure)
          .build();
    }
  }

  private static void expect(boolean holds, String otherwise) {
    if (!holds) {
      throw CommandFailure.failed("demo-failed", otherwise)
          .next("See `slipway app logs %s` and `slipway ops list`.".formatted(NAME))
          .build();
    }
  }

  private Path example() {
    return surroundings.root().resolve("examples").resolve(NAME);
  }

  private static void copy(Path from, Path to) throws IOException {
    List<Path> all;
    try (Stream<Path> walked = Files.walk(from)) {
      all = walked.filter(path -> !path.startsWith(from.resolve("node_modules"))).toList();
    }
    for (Path path : all) {
      Path target = to.resolve(from.relativize(path).toString());
      if (Files.isDirectory(path)) {
        Files.createDirectories(target);
      } else {
        Files.copy(
            path, target, StandardCopyOption.REPLACE_EXISTING, StandardCopyOption.COPY_ATTRIBUTES);
      }
    }
  }

  private static void delete(Path folder) throws IOException {
    List<Path> all;
    try (Stream<Path> walked = Files.walk(folder)) {
      all = new ArrayList<>(walked.toList());
    }
    for (Path path : all.reversed()) {
      Files.deleteIfExists(path);
    }
  }

  private void say(String sentence) {
    if (!quiet) {
      output.line(sentence);
    }
  }
}
