package dev.slipway.cli.command;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.slipway.cli.api.ApiClient;
import dev.slipway.cli.api.Applications;
import dev.slipway.cli.console.Json;
import dev.slipway.cli.console.Output;
import dev.slipway.cli.console.Surroundings;
import java.io.IOException;
import java.time.DateTimeException;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.Spec;

/// The durable workflows of an application with the DBOS SDK.
@Command(
    name = "workflow",
    aliases = {"workflows", "wf"},
    description = "List, cancel, resume and restart workflows of an application.",
    mixinStandardHelpOptions = true,
    subcommands = WorkflowCommand.QueueCommand.class,
    footer = {
      "",
      "Examples:",
      "  slipway app workflow list shop -S PENDING",
      "  slipway app workflow queue list shop",
      "  slipway app workflow cancel shop -w 5f0c7ab0"
    })
final class WorkflowCommand implements Runnable {

  @Spec private CommandSpec spec;

  private final Surroundings surroundings;
  private final Output output;

  WorkflowCommand(Surroundings surroundings) {
    this.surroundings = surroundings;
    this.output = new Output(surroundings);
  }

  @Override
  public void run() {
    throw new ParameterException(spec.commandLine(), "a command is missing");
  }

  /// Which workflows.
  static final class Filter {

    @Option(
        names = {"-l", "--limit"},
        paramLabel = "COUNT",
        description = "At most so many; of a list 10 when not given.")
    private @Nullable Integer limit;

    @Option(
        names = {"-o", "--offset"},
        paramLabel = "COUNT",
        description = "Without the first so many.")
    private @Nullable Integer offset;

    @Option(
        names = {"-s", "--start-time"},
        paramLabel = "TIME",
        description = "Those that began after this, in ISO 8601.")
    private @Nullable String after;

    @Option(
        names = {"-e", "--end-time"},
        paramLabel = "TIME",
        description = "Those that began before this, in ISO 8601.")
    private @Nullable String before;

    @Option(
        names = {"-S", "--status"},
        paramLabel = "STATUS",
        description = "PENDING, SUCCESS, ERROR, RETRIES_EXCEEDED, ENQUEUED or CANCELLED.")
    private @Nullable String status;

    @Option(
        names = {"-n", "--name"},
        paramLabel = "NAME",
        description = "Those of this function.")
    private @Nullable String function;

    @Option(names = "--sort-desc", description = "The newest first, instead of last.")
    private boolean newestFirst;

    private ObjectNode json(@Nullable Integer usualLimit) {
      ObjectNode json = Json.object();
      json.put("limit", limit == null ? usualLimit : limit);
      json.put("offset", offset);
      put(json, "start_time", after);
      put(json, "end_time", before);
      put(json, "status", status);
      put(json, "workflow_name", function);
      if (newestFirst) {
        json.put("sort_desc", true);
      }
      return json;
    }

    private static void put(ObjectNode json, String field, @Nullable String value) {
      if (value != null) {
        json.put(field, value);
      }
    }
  }

  @Command(
      name = "list",
      description = "List workflows.",
      footer = {"", "Example:", "  slipway app workflow list shop -S PENDING --json"})
  int list(
      @Mixin ApplicationName name,
      @Option(
              names = {"-u", "--workflowUUIDs"},
              paramLabel = "ID",
              description = "Only these; may be given several times.")
          @Nullable List<String> workflows,
      @Option(
              names = {"-U", "--user"},
              paramLabel = "USER",
              description = "Only those of this authenticated user.")
          @Nullable String user,
      @Option(
              names = {"-v", "--application-version"},
              paramLabel = "VERSION",
              description = "Only those of this version.")
          @Nullable String version,
      @Mixin Filter filter,
      @Mixin OutputOptions options)
      throws IOException, InterruptedException {
    ObjectNode wanted = filter.json(10);
    if (workflows != null) {
      workflows.forEach(wanted.putArray("workflow_uuids")::add);
    }
    Filter.put(wanted, "authenticated_user", user);
    Filter.put(wanted, "application_version", version);
    print(
        output,
        applications(surroundings).workflows(name.in(surroundings), false, wanted),
        options);
    return 0;
  }

  @Command(
      name = "cancel",
      description = "Cancel a workflow.",
      footer = {"", "Example:", "  slipway app workflow cancel shop -w ID"})
  int cancel(@Mixin ApplicationName name, @Mixin Workflow workflow, @Mixin OutputOptions options)
      throws IOException, InterruptedException {
    return act(name, workflow, "cancel", "is cancelled", options);
  }

  @Command(
      name = "resume",
      description = "Resume a workflow from its last completed step.",
      footer = {"", "Example:", "  slipway app workflow resume shop -w ID"})
  int resume(@Mixin ApplicationName name, @Mixin Workflow workflow, @Mixin OutputOptions options)
      throws IOException, InterruptedException {
    return act(name, workflow, "resume", "is resumed", options);
  }

  @Command(
      name = "restart",
      description = "Run a workflow again from its beginning, as another one.",
      footer = {"", "Example:", "  slipway app workflow restart shop -w ID"})
  int restart(@Mixin ApplicationName name, @Mixin Workflow workflow, @Mixin OutputOptions options)
      throws IOException, InterruptedException {
    return act(name, workflow, "restart", "is begun anew", options);
  }

  /// One workflow.
  static final class Workflow {

    @Option(
        names = {"-w", "--workflowid"},
        required = true,
        paramLabel = "ID",
        description = "The workflow.")
    private String id = "";
  }

  private int act(
      ApplicationName name, Workflow workflow, String verb, String done, OutputOptions options)
      throws IOException, InterruptedException {
    JsonNode answer = applications(surroundings).workflow(name.in(surroundings), workflow.id, verb);
    if (options.json) {
      output.json(answer.isObject() ? answer : Json.object().put("workflow_id", workflow.id));
    } else {
      output.line("%s %s.".formatted(workflow.id, done));
    }
    return 0;
  }

  /// The workflows in queues.
  @Command(
      name = "queue",
      aliases = {"queues", "q"},
      description = "Show what waits in queues.",
      mixinStandardHelpOptions = true,
      footer = {"", "Example:", "  slipway app workflow queue list shop"})
  static final class QueueCommand implements Runnable {

    @Spec private CommandSpec spec;

    private final Surroundings surroundings;
    private final Output output;

    QueueCommand(Surroundings surroundings) {
      this.surroundings = surroundings;
      this.output = new Output(surroundings);
    }

    @Override
    public void run() {
      throw new ParameterException(spec.commandLine(), "a command is missing");
    }

    @Command(
        name = "list",
        description = "List workflows that wait in queues, or run from them.",
        footer = {"", "Example:", "  slipway app workflow queue list shop -q mails"})
    int list(
        @Mixin ApplicationName name,
        @Option(
                names = {"-q", "--queue"},
                paramLabel = "QUEUE",
                description = "Only those of this queue.")
            @Nullable String queue,
        @Mixin Filter filter,
        @Mixin OutputOptions options)
        throws IOException, InterruptedException {
      ObjectNode wanted = filter.json(null);
      Filter.put(wanted, "queue_name", queue);
      print(
          output,
          applications(surroundings).workflows(name.in(surroundings), true, wanted),
          options);
      return 0;
    }
  }

  private static void print(Output output, JsonNode workflows, OutputOptions options) {
    if (options.json) {
      output.json(workflows);
      return;
    }
    List<List<String>> rows = new ArrayList<>();
    for (JsonNode it : workflows) {
      rows.add(
          List.of(
              text(it, "workflow_id"),
              text(it, "status"),
              text(it, "workflow_name"),
              text(it, "queue_name"),
              text(it, "app_version"),
              time(it.path("created_at"))));
    }
    output.table(List.of("WORKFLOW", "STATUS", "NAME", "QUEUE", "VERSION", "CREATED"), rows);
  }

  private static String text(JsonNode node, String field) {
    @Nullable String value = Json.text(node, field);
    return value == null || value.isEmpty() ? "-" : value;
  }

  private static String time(JsonNode millis) {
    try {
      long value = millis.asLong();
      return value == 0 ? "-" : Instant.ofEpochMilli(value).toString();
    } catch (DateTimeException noTime) {
      return "-";
    }
  }

  private static Applications applications(Surroundings surroundings) {
    return new Applications(ApiClient.of(surroundings));
  }
}
