package dev.slipway.cli.command;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ArrayNode;
import dev.slipway.cli.api.ApiClient;
import dev.slipway.cli.console.CommandFailure;
import dev.slipway.cli.console.Json;
import dev.slipway.cli.console.Output;
import dev.slipway.cli.console.Surroundings;
import java.io.IOException;
import java.time.DateTimeException;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.Spec;

/// The audit log of the organization, which only its admin may read.
@Command(
    name = "audit",
    description = "Who did what in your organization, from where, with which token.",
    mixinStandardHelpOptions = true,
    footer = {
      "",
      "Only the admin may read it. What stands in it is never changed, and is kept for a year.",
      "",
      "Examples:",
      "  slipway audit list --since 2h",
      "  slipway audit list --actor bob --action instance",
      "  slipway audit export --since 2026-01-01T00:00:00Z > audit.jsonl"
    })
final class AuditCommand implements Runnable {

  private static final Pattern AGE = Pattern.compile("([0-9]{1,6})([smhd])");
  private static final int PAGE = 500;

  @Spec private CommandSpec spec;

  private final Surroundings surroundings;
  private final Output output;

  AuditCommand(Surroundings surroundings) {
    this.surroundings = surroundings;
    this.output = new Output(surroundings);
  }

  @Override
  public void run() {
    throw new ParameterException(spec.commandLine(), "a command is missing");
  }

  /// Which entries are wanted.
  static final class Filter {

    @Option(names = "--actor", paramLabel = "USER", description = "Only what this user did.")
    private @Nullable String actor;

    @Option(
        names = "--action",
        paramLabel = "ACTION",
        description = "Only this, such as instance.destroy; or all of a kind, such as instance.")
    private @Nullable String action;

    @Option(
        names = "--since",
        paramLabel = "TIME",
        description = "Only from then on: 30m, 2h, 7d, or 2026-01-31T12:00:00Z.")
    private @Nullable String since;

    private Map<String, String> query(Instant now) {
      Map<String, String> query = new TreeMap<>();
      if (actor != null) {
        query.put("actor", actor);
      }
      if (action != null) {
        query.put("action", action);
      }
      if (since != null) {
        query.put("since", time(since, now).toString());
      }
      return query;
    }
  }

  @Command(
      name = "list",
      description = "List what was done, newest first.",
      footer = {"", "Example:", "  slipway audit list --action user.sign-in --limit 20"})
  int list(
      @Mixin Filter filter,
      @Option(
              names = "--limit",
              paramLabel = "N",
              description = "At most so many (default: ${DEFAULT-VALUE}).",
              defaultValue = "50")
          int limit,
      @Mixin OutputOptions options)
      throws IOException, InterruptedException {
    ApiClient client = ApiClient.of(surroundings);
    Map<String, String> query = filter.query(Instant.now());
    List<JsonNode> entries = new ArrayList<>();
    @Nullable String next = "";
    while (next != null && entries.size() < limit) {
      query.put("limit", Integer.toString(Math.min(PAGE, limit - entries.size())));
      JsonNode page = page(client, query, next);
      page.path("entries").forEach(entries::add);
      next = Json.text(page, "next");
    }
    if (options.json) {
      ArrayNode json = Json.MAPPER.createArrayNode();
      entries.forEach(json::add);
      output.json(json);
      return 0;
    }
    output.table(
        List.of("WHEN", "WHO", "WHAT", "OUTCOME", "WHERE", "FROM", "TOKEN"),
        entries.stream().map(AuditCommand::row).toList());
    return 0;
  }

  @Command(
      name = "export",
      description = "Print what was done as JSON lines, oldest first; with --json as one array.",
      footer = {"", "Example:", "  slipway audit export --since 30d > audit.jsonl"})
  int export(@Mixin Filter filter, @Mixin OutputOptions options)
      throws IOException, InterruptedException {
    ApiClient client = ApiClient.of(surroundings);
    Map<String, String> query = filter.query(Instant.now());
    query.put("order", "oldest");
    query.put("limit", Integer.toString(PAGE));
    @Nullable String next = "";
    ArrayNode json = Json.MAPPER.createArrayNode();
    while (next != null) {
      JsonNode page = page(client, query, next);
      for (JsonNode entry : page.path("entries")) {
        if (options.json) {
          json.add(entry);
        } else {
          output.line(entry.toString());
        }
      }
      next = Json.text(page, "next");
    }
    if (options.json) {
      output.json(json);
    }
    return 0;
  }

  private static JsonNode page(ApiClient client, Map<String, String> query, String cursor)
      throws IOException, InterruptedException {
    if (!cursor.isEmpty()) {
      query.put("cursor", cursor);
    }
    String text =
        query.entrySet().stream()
            .map(it -> it.getKey() + '=' + ApiClient.encode(it.getValue()))
            .collect(Collectors.joining("&"));
    return client.call("GET", "/audit?" + text, null).body();
  }

  private static List<String> row(JsonNode entry) {
    @Nullable String token = Json.text(entry, "token");
    @Nullable String operation = Json.text(entry, "operation");
    return List.of(
        entry.path("at").asText().replaceAll("\\.[0-9]+Z", "Z"),
        entry.path("actor").asText(),
        entry.path("action").asText(),
        entry.path("outcome").asText()
            + (entry.hasNonNull("status") ? " " + entry.path("status").asInt() : "")
            + (operation == null ? "" : " " + operation),
        entry.path("path").asText(),
        entry.path("address").asText(),
        token == null ? "-" : token);
  }

  /// A point in time, or so long ago.
  static Instant time(String text, Instant now) {
    Matcher age = AGE.matcher(text);
    try {
      if (age.matches()) {
        long count = Long.parseLong(age.group(1));
        return now.minus(
            switch (age.group(2)) {
              case "s" -> Duration.ofSeconds(count);
              case "m" -> Duration.ofMinutes(count);
              case "h" -> Duration.ofHours(count);
              default -> Duration.ofDays(count);
            });
      }
      return Instant.parse(text);
    } catch (DateTimeException unknown) {
      throw CommandFailure.misused("--since %s is no time".formatted(text))
          .next("Such as 30m, 2h, 7d, or 2026-01-31T12:00:00Z.")
          .build();
    }
  }
}
