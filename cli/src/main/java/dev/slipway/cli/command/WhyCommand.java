package dev.slipway.cli.command;

import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.slipway.cli.api.ApiClient;
import dev.slipway.cli.api.OperationTree;
import dev.slipway.cli.api.OperationTree.Operation;
import dev.slipway.cli.api.Operations;
import dev.slipway.cli.api.Why;
import dev.slipway.cli.console.CommandFailure;
import dev.slipway.cli.console.Json;
import dev.slipway.cli.console.Output;
import dev.slipway.cli.console.Surroundings;
import java.io.IOException;
import java.time.Instant;
import java.util.concurrent.Callable;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Parameters;

/// Explains how something came to be as it is.
@Command(
    name = "why",
    description = "Explain an operation, or the present state of a subject, across the services.",
    footer = {
      "",
      "The chain is put together from the events of the last 30 days: who began what, which step failed and why,",
      "what took over, and what to type next.",
      "",
      "Examples:",
      "  slipway why main            the instance, by the last operation on it",
      "  slipway why dop_…           one operation",
      "",
      "It prints something like",
      "  application.deploy of shop was undone 2 min ago, for demo  (dop_…)",
      "  ├─ ✗ step migrate failed after 1.2 s: the migration 002 failed",
      "  ├─ undone: install, databases",
      "  └─ instance.ensure-databases of shop succeeded 2 min ago  (iop_…)",
      "  Next: Mend that, then type `slipway app deploy` again; see `slipway app logs`."
    })
final class WhyCommand implements Callable<Integer> {

  private final Surroundings surroundings;
  private final Output output;

  @Parameters(
      paramLabel = "SUBJECT|OPERATION",
      description = "The identifier of an operation, or the name or identifier of a subject.")
  private String subject = "";

  @Mixin private OutputOptions options;

  WhyCommand(Surroundings surroundings) {
    this.surroundings = surroundings;
    this.output = new Output(surroundings);
    this.options = new OutputOptions();
  }

  @Override
  public Integer call() throws IOException, InterruptedException {
    ApiClient client = ApiClient.of(surroundings);
    Why.Chain chain = new Why(client).of(subject);
    String next = WhyLines.next(chain, nextOf(client, chain.root()));
    if (options.json) {
      output.json(json(chain, next));
      return 0;
    }
    WhyLines.of(chain, Instant.now()).forEach(output::line);
    output.line("Next: " + next);
    return 0;
  }

  /// What the service says is to be typed where an operation is stuck, which its events alone do
  /// not tell: it may have been tried again since, or wait for one that is.
  private static @Nullable String nextOf(ApiClient client, Operation operation)
      throws IOException, InterruptedException {
    if (operation.endedAt().isPresent()) {
      return null;
    }
    try {
      return new Operations(client).show(operation.id()).next();
    } catch (CommandFailure unknown) {
      return null;
    }
  }

  private static ObjectNode json(Why.Chain chain, String next) {
    ObjectNode json = Json.object();
    json.put("asked", chain.asked().id());
    json.set("chain", json(chain.root(), chain.tree()));
    chain.successor().ifPresent(it -> json.set("supersededBy", json(it, chain.tree())));
    ArrayNode superseded = json.putArray("superseded");
    chain.superseded().forEach(it -> superseded.add(json(it, chain.tree())));
    json.put("next", next);
    return json;
  }

  private static ObjectNode json(Operation operation, OperationTree tree) {
    ObjectNode json = Json.object();
    json.put("id", operation.id());
    json.put("kind", operation.kind());
    json.put("subject", operation.subject());
    json.put("subjectName", operation.subjectName());
    json.put("requestedBy", operation.requestedBy());
    json.put("state", operation.state());
    operation.beganAt().ifPresent(it -> json.put("beganAt", it.toString()));
    operation.endedAt().ifPresent(it -> json.put("endedAt", it.toString()));
    if (operation.cause() != null) {
      json.putObject("cause").put("code", operation.causeCode()).put("message", operation.cause());
    }
    ArrayNode failures = json.putArray("failures");
    operation
        .failures()
        .forEach(
            it ->
                failures
                    .addObject()
                    .put("step", it.step())
                    .put("direction", it.undo() ? "undo" : "do")
                    .put("millis", it.after().toMillis())
                    .put("message", it.message()));
    ArrayNode undone = json.putArray("undone");
    operation.undone().forEach(undone::add);
    ArrayNode children = json.putArray("children");
    tree.children(operation.id()).forEach(it -> children.add(json(it, tree)));
    return json;
  }
}
