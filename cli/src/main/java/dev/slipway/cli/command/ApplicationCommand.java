package dev.slipway.cli.command;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.slipway.cli.api.ApiClient;
import dev.slipway.cli.api.Applications;
import dev.slipway.cli.api.Applications.Application;
import dev.slipway.cli.api.Applications.Deploy;
import dev.slipway.cli.api.Applications.LogPage;
import dev.slipway.cli.api.Applications.Version;
import dev.slipway.cli.api.OperationView;
import dev.slipway.cli.api.Receipt;
import dev.slipway.cli.archive.ApplicationArchive;
import dev.slipway.cli.archive.ApplicationFolder;
import dev.slipway.cli.console.CommandFailure;
import dev.slipway.cli.console.Json;
import dev.slipway.cli.console.Output;
import dev.slipway.cli.console.Surroundings;
import java.io.IOException;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.Spec;

/// Applications.
@Command(
    name = "app",
    aliases = {"application", "applications", "apps"},
    description = "Deploy, roll back, inspect and delete applications.",
    mixinStandardHelpOptions = true,
    subcommands = {ApplicationEnvironmentCommand.class, WorkflowCommand.class},
    footer = {
      "",
      "Names have 3 to 30 of a-z, 0-9, - and _. Without a name, the application in this folder is meant: the name in its",
      "dbos-config.yaml, or else in its package.json.",
      "",
      "Examples:",
      "  slipway app deploy -d main",
      "  slipway app logs --follow",
      "  slipway app rollback"
    })
final class ApplicationCommand implements Runnable {

  private static final long FOLLOW_PAUSE_MILLIS = 500;

  @Spec private CommandSpec spec;

  private final Surroundings surroundings;
  private final Output output;

  ApplicationCommand(Surroundings surroundings) {
    this.surroundings = surroundings;
    this.output = new Output(surroundings);
  }

  @Override
  public void run() {
    throw new ParameterException(spec.commandLine(), "a command is missing");
  }

  /// What to deploy, and how to wait for it.
  static final class DeployOptions {

    @Option(
        names = {"-p", "--previous-version"},
        paramLabel = "VERSION",
        description = "Deploy the code of this kept version again, instead of this folder's.")
    private @Nullable String previous;

    @Option(
        names = "--configFile",
        paramLabel = "FILE",
        description = "What to take for dbos-config.yaml.")
    private @Nullable String configFile;

    @Option(
        names = "--async",
        description = "Return when the platform has accepted it, and do not wait for the end.")
    private boolean async;
  }

  @Command(
      name = "deploy",
      description = "Deploy this folder, and show the steps as they happen.",
      footer = {
        "",
        "The first deploy registers the application. The old version serves until the new one is healthy, and goes on",
        "serving when anything fails. Ctrl-C leaves the operation running.",
        "",
        "node_modules, dist, .git, .dbos, venv, .venv and .python-version stay here, and so does what .dbosignore names. Each",
        "${VARIABLE} in dbos-config.yaml is replaced by its value on this machine.",
        "",
        "Examples:",
        "  slipway app deploy -d main",
        "  slipway app deploy shop-staging --configFile staging.yaml",
        "  slipway app deploy -p 1767225600000"
      })
  int deploy(
      @Mixin ApplicationName name,
      @Option(
              names = {"-d", "--database"},
              paramLabel = "INSTANCE",
              description =
                  "The Postgres instance for its databases, when it is deployed for the first time.")
          @Nullable String instance,
      @Option(
              names = "--allow-breaking",
              description = {
                "Also when migrations drop or rename what active workflows of earlier versions may use; with -p,",
                "also when later versions have changed the database since."
              })
          boolean allowBreaking,
      @Mixin DeployOptions how,
      @Mixin OutputOptions options)
      throws IOException, InterruptedException {
    ApplicationFolder folder = folder(how);
    String application = name.in(folder);
    ApiClient client = client();
    Applications applications = new Applications(client);
    Deployment deployment = new Deployment(client, output, options.json);
    Deploy begun;
    if (how.previous != null) {
      begun = applications.redeploy(application, how.previous, allowBreaking);
    } else {
      deployment.prepare(application, folder, instance);
      try (ApplicationArchive archive = deployment.pack(folder)) {
        begun = applications.deploy(application, archive, allowBreaking);
      }
    }
    return finish(deployment, applications, application, begun, how.async, options);
  }

  @Command(
      name = "change-database-instance",
      description =
          "Deploy the application with its databases on another instance. Data is not moved.",
      footer = {
        "",
        "Example:",
        "  slipway app change-database-instance shop -d restored -p 1767225600000"
      })
  int changeInstance(
      @Mixin ApplicationName name,
      @Option(
              names = {"-d", "--database"},
              required = true,
              paramLabel = "INSTANCE",
              description = "The instance to move to.")
          String instance,
      @Mixin DeployOptions how,
      @Mixin OutputOptions options)
      throws IOException, InterruptedException {
    ApplicationFolder folder = folder(how);
    String application = name.in(folder);
    ApiClient client = client();
    Applications applications = new Applications(client);
    Deployment deployment = new Deployment(client, output, options.json);
    Application before = applications.info(application);
    Deploy begun;
    if (how.previous != null) {
      begun = applications.changeInstance(application, instance, how.previous);
    } else {
      folder.require();
      try (ApplicationArchive archive = deployment.pack(folder)) {
        begun = applications.changeInstance(application, instance, archive);
      }
    }
    int exitCode = finish(deployment, applications, application, begun, how.async, options);
    if (!how.async && !options.json) {
      output.note(
          "Its databases on %s stay there with their data, also when it is deleted with --dropdb."
              .formatted(before.instance()));
      output.note(
          "Next: once nobody needs them, as the owner of %s: DROP DATABASE %s; DROP DATABASE %s_dbos_sys; or slipway db destroy %s"
              .formatted(
                  before.instance(), before.database(), before.database(), before.instance()));
    }
    return exitCode;
  }

  @Command(
      name = "rollback",
      description = "Go back to an earlier version, its database first.",
      footer = {
        "",
        "The migrations of every later version are undone, each with that version's own code, before the old code serves",
        "again. Nothing is uploaded.",
        "",
        "Examples:",
        "  slipway app rollback --dry-run",
        "  slipway app rollback shop --to 1767225600000"
      })
  int rollBack(
      @Mixin ApplicationName name,
      @Option(
              names = "--to",
              paramLabel = "VERSION",
              description = "The version to go back to; by default the one before.")
          @Nullable String version,
      @Option(names = "--dry-run", description = "Only say what would be done.") boolean dryRun,
      @Option(
              names = "--async",
              description =
                  "Return when the platform has accepted it, and do not wait for the end.")
          boolean async,
      @Mixin OutputOptions options)
      throws IOException, InterruptedException {
    String application = name.in(surroundings);
    ApiClient client = client();
    Applications applications = new Applications(client);
    if (dryRun) {
      plan(application, applications.planRollBack(application, version), options);
      return 0;
    }
    Deploy begun = applications.rollBack(application, version);
    return finish(
        new Deployment(client, output, options.json),
        applications,
        application,
        begun,
        async,
        options);
  }

  @Command(
      name = "register",
      description = "Make an application known, before its first deploy.",
      footer = {
        "",
        "Deploying does that too; registering first lets you set its environment before.",
        "",
        "Example:",
        "  slipway app register shop -d main"
      })
  int register(
      @Mixin ApplicationName name,
      @Option(
              names = {"-d", "--database"},
              required = true,
              paramLabel = "INSTANCE",
              description = "The Postgres instance for its databases.")
          String instance,
      @Option(
              names = "--executors-memory-mib",
              paramLabel = "MIB",
              description = "Memory of each executor.")
          @Nullable Integer memory,
      @Mixin OutputOptions options)
      throws IOException, InterruptedException {
    ApplicationFolder folder = ApplicationFolder.of(surroundings, surroundings.directory(), null);
    String application = name.in(folder);
    ApiClient client = client();
    Applications applications = new Applications(client);
    @Nullable OperationView end =
        new Deployment(client, output, options.json)
            .awaitPlain(applications.register(application, instance, folder.language(), memory));
    show(
        applications.info(application),
        end,
        options,
        "%s is registered on %s.".formatted(application, instance));
    return 0;
  }

  @Command(
      name = "update",
      description = "Change what executors get, from the next deploy on.",
      footer = {"", "Example:", "  slipway app update shop --executors-memory-mib 1024"})
  int update(
      @Mixin ApplicationName name,
      @Option(
              names = "--executors-memory-mib",
              paramLabel = "MIB",
              description = "Memory of each executor.")
          @Nullable Integer memory,
      @Option(
              names = "--min-executors",
              paramLabel = "COUNT",
              description = "How many executors run at least.")
          @Nullable Integer executors,
      @Mixin OutputOptions options)
      throws IOException, InterruptedException {
    if (memory == null && executors == null) {
      throw CommandFailure.misused("there is nothing to change")
          .next("Pass --executors-memory-mib, --min-executors or both.")
          .build();
    }
    String application = name.in(surroundings);
    ApiClient client = client();
    Applications applications = new Applications(client);
    @Nullable OperationView end =
        new Deployment(client, output, options.json)
            .awaitPlain(applications.update(application, memory, executors));
    show(
        applications.info(application),
        end,
        options,
        "%s is changed; the next deploy brings it into force.".formatted(application));
    return 0;
  }

  @Command(
      name = "list",
      description = "List the applications.",
      footer = {"", "Example:", "  slipway app list --json"})
  int list(@Mixin OutputOptions options) throws IOException, InterruptedException {
    List<Application> all = new Applications(client()).list();
    if (options.json) {
      ArrayNode json = Json.MAPPER.createArrayNode();
      all.forEach(it -> json.add(it.json()));
      output.json(json);
      return 0;
    }
    output.table(
        List.of("NAME", "STATUS", "VERSION", "INSTANCE", "DATABASE", "URL"),
        all.stream()
            .map(
                it ->
                    List.of(
                        it.name(),
                        it.status(),
                        it.version().isEmpty() ? "-" : it.version(),
                        it.instance(),
                        it.database(),
                        it.url()))
            .toList());
    return 0;
  }

  @Command(
      name = "status",
      description = "Show one application.",
      footer = {"", "Example:", "  slipway app status shop"})
  int status(@Mixin ApplicationName name, @Mixin OutputOptions options)
      throws IOException, InterruptedException {
    Application found = new Applications(client()).info(name.in(surroundings));
    if (options.json) {
      output.json(found.json());
      return 0;
    }
    output.line("Name       " + found.name());
    output.line("Id         " + found.id());
    output.line("Status     " + found.status());
    if (found.reason() != null) {
      output.line("Reason     " + found.reason());
    }
    output.line("Version    " + (found.version().isEmpty() ? "-" : found.version()));
    output.line("Instance   " + found.instance());
    output.line("Database   " + found.database());
    output.line("Executors  %d at least".formatted(found.minimumExecutors()));
    output.line("URL        " + found.url());
    return 0;
  }

  @Command(
      name = "versions",
      description = "List the versions that are kept, or what a command of one has written.",
      footer = {
        "",
        "Commands are install, setup, build, migrate, prune and rollback.",
        "",
        "Examples:",
        "  slipway app versions shop",
        "  slipway app versions shop --output migrate"
      })
  int versions(
      @Mixin ApplicationName name,
      @Option(
              names = "--output",
              paramLabel = "RUN",
              description = "Print what this command of a version has written.")
          @Nullable String run,
      @Option(
              names = "--of",
              paramLabel = "VERSION",
              description = "Of this version; by default the newest.")
          @Nullable String version,
      @Mixin OutputOptions options)
      throws IOException, InterruptedException {
    if (version != null && run == null) {
      throw CommandFailure.misused("--of belongs to --output").build();
    }
    String application = name.in(surroundings);
    Applications applications = new Applications(client());
    if (run != null) {
      String chosen = version == null ? newest(applications, application) : version;
      String written = applications.output(application, chosen, run);
      if (options.json) {
        output.json(
            Json.object()
                .put("ApplicationName", application)
                .put("Version", chosen)
                .put("Source", run)
                .put("Output", written));
      } else if (!written.isEmpty()) {
        output.line(written.stripTrailing());
      }
      return 0;
    }
    List<Version> all = applications.versions(application);
    if (options.json) {
      ArrayNode json = Json.MAPPER.createArrayNode();
      all.forEach(it -> json.add(it.json()));
      output.json(json);
      return 0;
    }
    output.table(
        List.of("VERSION", "CREATED", "BY", "STATE", "SCHEMA"),
        all.stream()
            .map(
                it ->
                    List.of(
                        it.id(),
                        it.createdAt(),
                        it.createdBy().isEmpty() ? "-" : it.createdBy(),
                        state(it),
                        it.schemaApplied() ? "applied" : "-"))
            .toList());
    return 0;
  }

  private static String state(Version version) {
    if (version.serving()) {
      return "serving";
    }
    if (version.draining()) {
      return "draining";
    }
    return version.deployed() ? "kept" : "never served";
  }

  private static String newest(Applications applications, String name)
      throws IOException, InterruptedException {
    // Identifiers are milliseconds: the longer, and then the greater one, is the later one.
    return applications.versions(name).stream()
        .map(Version::id)
        .max(Comparator.comparingInt(String::length).thenComparing(Comparator.naturalOrder()))
        .orElseThrow(
            () ->
                CommandFailure.failed("no-version", "%s was never deployed".formatted(name))
                    .build());
  }

  @Command(
      name = "logs",
      description = "Print what the application has written.",
      footer = {
        "",
        "Examples:",
        "  slipway app logs shop -l 600",
        "  slipway app logs shop --follow"
      })
  int logs(
      @Mixin ApplicationName name,
      @Option(
              names = {"-l", "--last"},
              paramLabel = "SECONDS",
              description = "Only of the last so many seconds.")
          @Nullable Integer last,
      @Option(
              names = {"-p", "--pagesize"},
              defaultValue = "1000",
              paramLabel = "LINES",
              description = "How many lines to ask for at once (${DEFAULT-VALUE}).")
          int pageSize,
      @Option(
              names = {"-f", "--follow"},
              description = "Go on with what is written from now on, until Ctrl-C.")
          boolean follow,
      @Mixin OutputOptions options)
      throws IOException, InterruptedException {
    if (pageSize < 1 || (last != null && last < 1)) {
      throw CommandFailure.misused("--last and --pagesize are at least 1").build();
    }
    if (follow && options.json) {
      throw CommandFailure.misused("--follow has no end, and --json is printed at the end").build();
    }
    String application = name.in(surroundings);
    Applications applications = new Applications(client());
    List<String> lines = new ArrayList<>();
    LogPage page = applications.logs(application, last == null ? 0 : last, pageSize);
    boolean any = false;
    while (true) {
      if (!page.body().isBlank()) {
        any = true;
        String body = page.body().stripTrailing();
        if (options.json) {
          body.lines().forEach(lines::add);
        } else {
          output.line(body);
        }
      }
      if (page.end() && !follow) {
        break;
      }
      if (page.end()) {
        TimeUnit.MILLISECONDS.sleep(FOLLOW_PAUSE_MILLIS);
      }
      page =
          page.next().isEmpty()
              ? applications.logs(application, last == null ? 0 : last, pageSize)
              : applications.moreLogs(application, page.next(), pageSize);
    }
    if (options.json) {
      ArrayNode json = Json.MAPPER.createArrayNode();
      lines.forEach(json::add);
      output.json(json);
    } else if (!any) {
      output.note("There is nothing in the log.");
    }
    return 0;
  }

  @Command(
      name = "delete",
      description = "Delete an application with all its versions, in whatever state it is.",
      footer = {
        "",
        "Its databases stay on their instance unless --dropdb is given.",
        "",
        "Example:",
        "  slipway app delete shop --dropdb --yes"
      })
  int delete(
      @Mixin ApplicationName name,
      @Option(names = "--dropdb", description = "With its databases and all that is in them.")
          boolean withDatabases,
      @Option(
              names = {"-y", "--yes"},
              description = "Do not ask.")
          boolean yes,
      @Mixin OutputOptions options)
      throws IOException, InterruptedException {
    String application = name.in(surroundings);
    ApiClient client = client();
    client.signedIn();
    Confirmation.obtain(
        surroundings,
        yes,
        withDatabases
            ? "Delete %s with its databases? Their data cannot be brought back."
                .formatted(application)
            : "Delete %s? Its databases stay.".formatted(application));
    @Nullable OperationView end =
        new Deployment(client, output, options.json)
            .awaitPlain(new Applications(client).delete(application, withDatabases));
    @Nullable Receipt receipt = ReceiptLines.of(client, end);
    if (options.json) {
      ObjectNode json = Json.object().put("Name", application);
      addOperation(json, end);
      ReceiptLines.add(json, receipt);
      output.json(json);
      return 0;
    }
    if (receipt != null) {
      ReceiptLines.print(output, receipt);
    }
    output.line("%s is gone.".formatted(application));
    return 0;
  }

  @Command(
      name = "url",
      description = "Print the address of an application.",
      footer = {"", "Example:", "  curl --cacert ~/.slipway/ca/ca.pem \"$(slipway app url shop)\""})
  int url(@Mixin ApplicationName name, @Mixin OutputOptions options)
      throws IOException, InterruptedException {
    String url = new Applications(client()).info(name.in(surroundings)).url();
    if (options.json) {
      output.json(Json.object().put("url", url));
    } else {
      output.line(url);
    }
    return 0;
  }

  @Command(
      name = "open",
      description = "Open an application in the browser.",
      footer = {"", "Example:", "  slipway app open shop"})
  int open(@Mixin ApplicationName name, @Mixin OutputOptions options)
      throws IOException, InterruptedException {
    String url = new Applications(client()).info(name.in(surroundings)).url();
    boolean opened = Browser.open(surroundings, url);
    if (options.json) {
      output.json(Json.object().put("url", url).put("opened", opened));
    } else {
      output.line(url);
      if (!opened) {
        output.note("There is no browser to open it with.");
      }
    }
    return 0;
  }

  private ApplicationFolder folder(DeployOptions how) throws IOException {
    return ApplicationFolder.of(surroundings, surroundings.directory(), how.configFile);
  }

  private int finish(
      Deployment deployment,
      Applications applications,
      String application,
      Deploy begun,
      boolean async,
      OutputOptions options)
      throws IOException, InterruptedException {
    if (async) {
      accepted(application, begun, options);
      return 0;
    }
    @Nullable OperationView end = deployment.await(application, begun);
    Application now = applications.info(application);
    if (options.json) {
      ObjectNode json = now.json().deepCopy();
      json.put("ApplicationVersion", begun.version());
      addOperation(json, end);
      output.json(json);
      return 0;
    }
    output.line("%s %s serves at %s".formatted(application, now.version(), now.url()));
    return 0;
  }

  private void accepted(String application, Deploy begun, OutputOptions options) {
    Optional<String> operation = begun.operation();
    if (options.json) {
      ObjectNode json =
          Json.object().put("Name", application).put("ApplicationVersion", begun.version());
      operation.ifPresent(id -> json.put("operationId", id));
      output.json(json);
      return;
    }
    output.line("%s %s is accepted.".formatted(application, begun.version()));
    operation.ifPresent(id -> output.note("Follow it with `slipway ops watch %s`.".formatted(id)));
  }

  private void plan(String application, JsonNode plan, OutputOptions options) {
    if (options.json) {
      output.json(plan);
      return;
    }
    List<String> undone = new ArrayList<>();
    for (JsonNode it : plan.path("Undo")) {
      undone.add(
          it.path("Version").asText()
              + (it.path("Changes").asBoolean(true) ? "" : " (changes nothing)"));
    }
    output.line(
        undone.isEmpty()
            ? "No migrations would be undone."
            : "Migrations of these versions would be undone, in this order: "
                + String.join(", ", undone));
    output.line(
        "Then %s would serve %s.".formatted(application, plan.path("ApplicationVersion").asText()));
  }

  private void show(
      Application application,
      @Nullable OperationView end,
      OutputOptions options,
      String sentence) {
    if (options.json) {
      ObjectNode json = application.json().deepCopy();
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

  private ApiClient client() {
    return ApiClient.of(surroundings);
  }
}
