package dev.slipway.cli.command;

import dev.slipway.cli.api.ApiClient;
import dev.slipway.cli.api.Applications;
import dev.slipway.cli.api.Applications.Application;
import dev.slipway.cli.api.Applications.Deploy;
import dev.slipway.cli.api.Databases;
import dev.slipway.cli.api.Databases.Database;
import dev.slipway.cli.api.OperationView;
import dev.slipway.cli.api.Operations;
import dev.slipway.cli.api.Receipt;
import dev.slipway.cli.archive.ApplicationArchive;
import dev.slipway.cli.archive.ApplicationFolder;
import dev.slipway.cli.console.CommandFailure;
import dev.slipway.cli.console.Output;
import java.io.IOException;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;

/// Brings a folder to the platform: registers the application where that was not done, packs,
/// uploads, and watches what becomes of it.
final class Deployment {

  private static final int TAIL_LINES = 20;
  private static final Pattern VERSION = Pattern.compile("version ([0-9]{1,19})");

  /// The command behind each cause.
  private static final Map<String, String> RUNS =
      Map.of(
          "setup-failed", "setup",
          "install-failed", "install",
          "build-failed", "build",
          "migration-failed", "migrate",
          "breaking-migration", "migrate",
          "prune-failed", "prune",
          "rollback-failed", "rollback");

  private final ApiClient client;
  private final Applications applications;
  private final Output output;
  private final boolean quiet;

  /// @param quiet whether only the result counts, as with `--json`
  Deployment(ApiClient client, Output output, boolean quiet) {
    this.client = client;
    this.applications = new Applications(client);
    this.output = output;
    this.quiet = quiet;
  }

  /// Makes sure that the application is registered, and that the folder is meant for it.
  ///
  /// @param instance where its databases are to be; null for the only instance there is
  void prepare(String name, ApplicationFolder folder, @Nullable String instance)
      throws IOException, InterruptedException {
    folder.require();
    Optional<Application> known = applications.find(name);
    if (known.isEmpty()) {
      String chosen = instance == null ? onlyInstance(name) : instance;
      awaitPlain(applications.register(name, chosen, folder.language(), null));
      say("Registered %s on %s.".formatted(name, chosen));
      return;
    }
    Application application = known.get();
    if (instance != null && !instance.equals(application.instance())) {
      output.note(
          "slipway: %s stays on %s; move it with `slipway app change-database-instance %s -d %s`"
              .formatted(name, application.instance(), name, instance));
    }
    Optional<String> database = folder.database();
    if (database.isPresent()
        && !application.database().isEmpty()
        && !database.get().equals(application.database())) {
      throw CommandFailure.misused(
              "%s has the database %s, and the configuration names %s"
                  .formatted(name, application.database(), database.get()))
          .next("An application keeps its database's name; correct app_db_name.")
          .build();
    }
  }

  /// Packs the folder, and says what is said about it.
  ApplicationArchive pack(ApplicationFolder folder) throws IOException {
    folder.warnings().forEach(warning -> output.note("slipway: " + warning));
    ApplicationArchive archive = ApplicationArchive.pack(folder);
    say(
        "Uploading %d files, %s."
            .formatted(archive.files(), ApplicationArchive.size(archive.size())));
    return archive;
  }

  /// Follows a deploy to its end; a failure comes with what the failing command has written last.
  @Nullable OperationView await(String name, Deploy deploy)
      throws IOException, InterruptedException {
    if (deploy.operation().isEmpty()) {
      return null;
    }
    return new OperationProgress(output, quiet, end -> explanation(name, deploy.version(), end))
        .await(client, deploy.operation().get());
  }

  /// Follows an operation that has nothing to write.
  @Nullable OperationView awaitPlain(Optional<String> operation)
      throws IOException, InterruptedException {
    return operation.isEmpty()
        ? null
        : new OperationProgress(output, quiet).await(client, operation.get());
  }

  private String onlyInstance(String name) throws IOException, InterruptedException {
    List<Database> all = new Databases(client).list();
    if (all.size() == 1) {
      return all.getFirst().name();
    }
    if (all.isEmpty()) {
      throw CommandFailure.failed(
              "no-instance", "%s needs a Postgres instance, and there is none".formatted(name))
          .next("Make one first: slipway db provision main -U main_owner --generate-password")
          .build();
    }
    throw CommandFailure.misused(
            "%s is not registered yet, and there are several instances: %s"
                .formatted(
                    name, all.stream().map(Database::name).collect(Collectors.joining(", "))))
        .next("Say which one: slipway app deploy %s -d %s".formatted(name, all.getFirst().name()))
        .build();
  }

  private @Nullable String explanation(String name, String version, OperationView end)
      throws IOException, InterruptedException {
    @Nullable String code = end.causeCode();
    if (code == null) {
      return null;
    }
    if (code.equals("start-failed") || code.equals("unhealthy")) {
      return tail(ofExecutors(name, version, end.id()));
    }
    @Nullable String run = RUNS.get(code);
    if (run == null) {
      return null;
    }
    // A roll-back runs the commands of several versions; its cause names the one that failed.
    Matcher named = VERSION.matcher(end.cause() == null ? "" : String.valueOf(end.cause()));
    return tail(applications.output(name, named.find() ? named.group(1) : version, run));
  }

  /// What those have written that an operation has started. The version before may go on writing.
  private String ofExecutors(String name, String version, String operation)
      throws IOException, InterruptedException {
    StringBuilder written = new StringBuilder();
    for (Receipt.Thing thing : new Operations(client).receipt(operation, false).things()) {
      if (thing.name().startsWith("exe_")) {
        written.append(applications.output(name, version, thing.name())).append('\n');
      }
    }
    return written.toString();
  }

  private static @Nullable String tail(String text) {
    List<String> lines = text.stripTrailing().lines().toList();
    return text.isBlank()
        ? null
        : String.join("\n", lines.subList(Math.max(0, lines.size() - TAIL_LINES), lines.size()));
  }

  private void say(String sentence) {
    if (!quiet) {
      output.note(sentence);
    }
  }
}
