package dev.slipway.cli.command;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.slipway.cli.console.Json;
import dev.slipway.cli.console.Output;
import dev.slipway.cli.console.Surroundings;
import dev.slipway.cli.console.Words;
import dev.slipway.cli.platform.InstallationEngine;
import dev.slipway.cli.platform.InternalCalls;
import dev.slipway.cli.platform.PlatformHome;
import java.io.IOException;
import java.nio.file.DirectoryStream;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.Path;
import java.time.Instant;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.Spec;

/// What is on this machine and belongs to nobody.
@Command(
    name = "orphans",
    description = "Compare what the platform has written down with what there is on this machine.",
    mixinStandardHelpOptions = true,
    footer = {
      "",
      "For whoever runs the platform, on its machine: it needs the keys in SLIPWAY_HOME.",
      "",
      "Examples:",
      "  slipway orphans list",
      "  slipway orphans clean          shows what it would do, and asks"
    })
final class OrphansCommand implements Runnable {

  /// Where a service keeps what it runs, below the data folder.
  private record Kind(String service, String folder, String subject) {}

  private static final List<Kind> KINDS =
      List.of(
          new Kind("instance-service", "instances", "instance"),
          new Kind("deploy-service", "applications", "application"));

  /// Something that was found, or is missing.
  private record Orphan(
      String subject, String kind, String name, String detail, String reason, String since) {

    static Orphan of(JsonNode json, String subject) {
      return new Orphan(
          json.path(subject).asText(),
          json.path("kind").asText(),
          json.path("name").asText(),
          json.path("detail").asText(),
          json.path("reason").asText(),
          json.path("since").asText());
    }
  }

  @Spec private CommandSpec spec;

  private final Surroundings surroundings;
  private final Output output;

  OrphansCommand(Surroundings surroundings) {
    this.surroundings = surroundings;
    this.output = new Output(surroundings);
  }

  @Override
  public void run() {
    throw new ParameterException(spec.commandLine(), "a command is missing");
  }

  @Command(
      name = "list",
      description = "List what is there and belongs to nobody, and what is missing.",
      footer = {"", "Example:", "  slipway orphans list --json"})
  int list(@Mixin OutputOptions options) throws IOException, InterruptedException {
    InternalCalls services = InternalCalls.of(surroundings);
    List<Orphan> found = new ArrayList<>();
    List<Orphan> missing = new ArrayList<>();
    ObjectNode json = Json.object();
    for (Kind kind : KINDS) {
      JsonNode answer = services.call(kind.service(), "GET", "/orphans", null);
      found.addAll(orphans(answer.path("found"), kind));
      missing.addAll(orphans(answer.path("missing"), kind));
      json.set(kind.folder(), answer);
    }
    List<String> trash = trash(services.home());
    if (options.json) {
      ArrayNode kept = json.putArray("trash");
      trash.forEach(kept::add);
      output.json(json);
      return 0;
    }
    Instant now = Instant.now();
    output.table(
        List.of("THING", "NAME", "IS", "SINCE", "WHY"),
        found.stream().map(orphan -> row(orphan, orphan.detail(), now)).toList());
    if (!missing.isEmpty()) {
      output.line("");
      output.table(
          List.of("THING", "NAME", "IS", "SINCE", "WHY"),
          missing.stream().map(orphan -> row(orphan, "missing", now)).toList());
    }
    if (!found.isEmpty()) {
      output.note("Move it to the trash with `slipway orphans clean`.");
    }
    if (!trash.isEmpty()) {
      output.note("In the trash, until you delete it: " + trash.size());
      trash.forEach(kept -> output.note("  " + kept));
    }
    return 0;
  }

  private static List<String> row(Orphan orphan, String is, Instant now) {
    return List.of(
        orphan.kind(),
        orphan.name(),
        is,
        orphan.since().isEmpty() ? "-" : Words.ago(Instant.parse(orphan.since()), now),
        orphan.reason());
  }

  @Command(
      name = "clean",
      description = "Move to the trash what belongs to nobody, and end its processes.",
      footer = {
        "",
        "It shows first what it is going to do, and asks. No data is deleted: folders are moved to SLIPWAY_HOME/trash,",
        "from where they can be taken back, and containers are renamed. What an instance or an application of somebody's owns is left alone, and so is",
        "what an operation works on.",
        "",
        "Example:",
        "  slipway orphans clean --yes"
      })
  int clean(
      @Option(
              names = {"-y", "--yes"},
              description = "Do not ask.")
          boolean yes,
      @Mixin OutputOptions options)
      throws IOException, InterruptedException {
    InternalCalls services = InternalCalls.of(surroundings);
    Map<Kind, Set<String>> wanted = new LinkedHashMap<>();
    for (Kind kind : KINDS) {
      JsonNode answer = services.call(kind.service(), "GET", "/orphans", null);
      for (Orphan orphan : orphans(answer.path("found"), kind)) {
        wanted.computeIfAbsent(kind, none -> new LinkedHashSet<>()).add(orphan.subject());
        // Nobody can agree to what was not said.
        if (!options.json || !yes) {
          output.note("%s  %s".formatted(orphan.name(), deed(orphan)));
        }
      }
    }
    if (!wanted.isEmpty()) {
      Confirmation.obtain(surroundings, yes, "Do this?");
    }
    ArrayNode results = Json.MAPPER.createArrayNode();
    for (Map.Entry<Kind, Set<String>> each : wanted.entrySet()) {
      ObjectNode body = Json.object();
      each.getValue().forEach(body.putArray("subjects")::add);
      JsonNode cleaned = services.call(each.getKey().service(), "POST", "/orphans/clean", body);
      for (JsonNode one : cleaned) {
        results.add(result(services.home(), each.getKey(), one));
      }
    }
    if (options.json) {
      output.json(results);
    } else if (results.isEmpty()) {
      output.line("There is nothing to clean up.");
    } else {
      results.forEach(one -> output.line(sentence(one)));
    }
    return 0;
  }

  private static String deed(Orphan orphan) {
    return switch (orphan.kind()) {
      case "process" -> "end its %s (%s)".formatted(orphan.detail(), orphan.reason());
      default -> "move its folder to the trash (%s)".formatted(orphan.reason());
    };
  }

  private JsonNode result(PlatformHome home, Kind kind, JsonNode cleaned) throws IOException {
    ObjectNode result = cleaned.deepCopy();
    @Nullable String name = Json.text(cleaned, "trash");
    if (name != null && InstallationEngine.of(home, surroundings).isEmpty()) {
      result.put("trash", shortcut(home, kind).resolve(name).toString());
    }
    return result;
  }

  private static String sentence(JsonNode result) {
    String subject = result.path("subject").asText();
    return switch (result.path("outcome").asText()) {
      case "moved" -> "%s is in the trash: %s".formatted(subject, result.path("trash").asText());
      case "ended" -> "%s has no folder; nothing of it runs.".formatted(subject);
      default -> "%s stays: %s.".formatted(subject, result.path("why").asText());
    };
  }

  private static List<Orphan> orphans(JsonNode list, Kind kind) {
    List<Orphan> orphans = new ArrayList<>();
    for (JsonNode one : list) {
      Orphan orphan = Orphan.of(one, kind.subject());
      if (!orphan.kind().equals("trash")) {
        orphans.add(orphan);
      }
    }
    return orphans;
  }

  // ---- The trash

  /// The trash is beside what it was, on the same file system, so that moving there is one rename;
  /// `trash` in the home leads to it.
  private static Path shortcut(PlatformHome home, Kind kind) throws IOException {
    Path shortcut = home.path().resolve("trash").resolve(kind.folder());
    if (!Files.exists(shortcut, LinkOption.NOFOLLOW_LINKS)) {
      Files.createDirectories(shortcut.getParent());
      Files.createSymbolicLink(shortcut, trash(home, kind));
    }
    return shortcut;
  }

  private static Path trash(PlatformHome home, Kind kind) {
    return home.data().resolve(kind.folder()).resolve(".trash");
  }

  /// Folders, and the containers that stand for them where the driver is `docker`.
  private List<String> trash(PlatformHome home) throws IOException {
    List<String> found = new ArrayList<>();
    Optional<InstallationEngine> engine = InstallationEngine.of(home, surroundings);
    if (engine.isPresent()) {
      for (InstallationEngine.Container container : engine.get().containers()) {
        if (container.inTrash()) {
          found.add(container.name());
        }
      }
    }
    for (Kind kind : KINDS) {
      Path trash = trash(home, kind);
      if (Files.isDirectory(trash)) {
        try (DirectoryStream<Path> entries = Files.newDirectoryStream(trash)) {
          entries.forEach(entry -> found.add(entry.toString()));
        }
      }
    }
    return found;
  }
}
