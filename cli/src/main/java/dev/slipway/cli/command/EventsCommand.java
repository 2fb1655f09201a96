package dev.slipway.cli.command;

import dev.slipway.cli.api.ApiClient;
import dev.slipway.cli.api.Event;
import dev.slipway.cli.api.EventFollower;
import dev.slipway.cli.api.EventQuery;
import dev.slipway.cli.api.Events;
import dev.slipway.cli.console.Output;
import dev.slipway.cli.console.Surroundings;
import java.io.IOException;
import java.time.ZoneId;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.Callable;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;

/// What happens in the organization.
@Command(
    name = "events",
    description = "Show what has happened in your organization, or follow what happens.",
    footer = {
      "",
      "Without --after a list begins with the oldest event that is kept, which it is for 30 days, and --follow with the",
      "next one. A lost connection is made again, and nothing is missed. Ctrl-C ends it.",
      "",
      "Examples:",
      "  slipway events --subject main",
      "  slipway events --follow --kind application.deploy --kind instance.provision",
      "  slipway events --follow --after 0 --json      all that is kept and all that comes, one JSON in each line"
    })
final class EventsCommand implements Callable<Integer> {

  private final Surroundings surroundings;
  private final Output output;

  @Option(
      names = {"-f", "--follow"},
      description = "Go on with what happens next.")
  private boolean follow;

  @Option(
      names = "--kind",
      paramLabel = "KIND",
      description =
          "Only of operations of this kind, as `slipway ops list` shows it; may be repeated.")
  private List<String> kinds = new ArrayList<>();

  @Option(
      names = "--type",
      paramLabel = "TYPE",
      description = "Only events of this type, such as operation.ended; may be repeated.")
  private List<String> types = new ArrayList<>();

  @Option(
      names = "--subject",
      paramLabel = "NAME",
      description = "Only about what has this name or identifier; may be repeated.")
  private List<String> subjects = new ArrayList<>();

  @Option(
      names = "--operation",
      paramLabel = "ID",
      description = "Only of this operation and those that it began; may be repeated.")
  private List<String> operations = new ArrayList<>();

  @Option(
      names = "--after",
      paramLabel = "N",
      description = "Begin with the event after this number; see `number` with --json.")
  private @Nullable Long after;

  @Mixin private OutputOptions options;

  EventsCommand(Surroundings surroundings) {
    this.surroundings = surroundings;
    this.output = new Output(surroundings);
    this.options = new OutputOptions();
  }

  @Override
  public Integer call() throws IOException, InterruptedException {
    var events = new Events(ApiClient.of(surroundings));
    var query = new EventQuery(operations, kinds, types, subjects);
    if (!follow) {
      events.each(query, after == null ? Events.OLDEST : after.toString(), this::show);
      return 0;
    }
    // An interrupt is the way to end it, so it is no failure.
    Thread interrupted = new Thread(() -> Runtime.getRuntime().halt(0), "end-of-events");
    Runtime.getRuntime().addShutdownHook(interrupted);
    try (EventFollower follower =
        events.follow(query, after == null ? Events.LATEST : after.toString())) {
      while (!surroundings.out().checkError()) {
        show(follower.next());
      }
      // Whoever read this has gone.
      return 0;
    } finally {
      Runtime.getRuntime().removeShutdownHook(interrupted);
    }
  }

  private void show(Event event) {
    output.line(
        options.json ? event.json().toString() : EventWords.line(event, ZoneId.systemDefault()));
  }
}
