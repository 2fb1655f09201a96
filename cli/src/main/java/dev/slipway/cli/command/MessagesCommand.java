package dev.slipway.cli.command;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.slipway.cli.console.CommandFailure;
import dev.slipway.cli.console.Json;
import dev.slipway.cli.console.Output;
import dev.slipway.cli.console.Surroundings;
import dev.slipway.cli.console.Words;
import dev.slipway.cli.platform.InternalCalls;
import java.io.IOException;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.Parameters;
import picocli.CommandLine.Spec;

/// The messages between the services that one of them could not understand.
@Command(
    name = "messages",
    description =
        "List the messages that a service could not understand, and have them tried again.",
    mixinStandardHelpOptions = true,
    footer = {
      "",
      "For whoever runs the platform, on its machine: it needs the keys in SLIPWAY_HOME.",
      "",
      "Examples:",
      "  slipway messages list",
      "  slipway messages retry         once the cause is gone"
    })
final class MessagesCommand implements Runnable {

  /// Who takes messages in.
  private static final List<String> SERVICES =
      List.of("account-service", "instance-service", "deploy-service");

  @Spec private CommandSpec spec;

  private final Surroundings surroundings;
  private final Output output;

  MessagesCommand(Surroundings surroundings) {
    this.surroundings = surroundings;
    this.output = new Output(surroundings);
  }

  @Override
  public void run() {
    throw new ParameterException(spec.commandLine(), "a command is missing");
  }

  @Command(
      name = "list",
      description =
          "List what is parked: by key, as later messages of a key queue behind the first.",
      footer = {"", "Example:", "  slipway messages list --json"})
  int list(@Mixin OutputOptions options) throws IOException, InterruptedException {
    ArrayNode parked = parked(InternalCalls.of(surroundings));
    if (options.json) {
      output.json(parked);
      return 0;
    }
    if (parked.isEmpty()) {
      output.line("No message is parked.");
      return 0;
    }
    Instant now = Instant.now();
    List<List<String>> rows = new ArrayList<>();
    for (JsonNode it : parked) {
      rows.add(
          List.of(
              it.path("service").asText(),
              it.path("topic").asText(),
              key(it),
              it.path("messages").asText(),
              Words.ago(Instant.parse(it.path("since").asText()), now),
              it.path("cause").asText()));
    }
    output.table(List.of("SERVICE", "TOPIC", "KEY", "MESSAGES", "SINCE", "WHY"), rows);
    output.note("Try them again with `slipway messages retry` once the cause is gone.");
    return 0;
  }

  @Command(
      name = "retry",
      description = "Have what is parked tried again. Exit code 1 when something stays parked.",
      footer = {
        "",
        "Those of a key take effect in the order in which they came, up to the first that still cannot be understood.",
        "",
        "Example:",
        "  slipway messages retry app_01hzy8v5mjq2d7k3n4p6r8s0t2"
      })
  int retry(
      @Parameters(
              arity = "0..1",
              paramLabel = "KEY",
              description = "Only those of this key; without it, all.")
          @Nullable String key,
      @Mixin OutputOptions options)
      throws IOException, InterruptedException {
    ObjectNode wanted = Json.object();
    if (key != null) {
      wanted.put("key", key);
    }
    ArrayNode retried = ofEach(InternalCalls.of(surroundings), "POST", "/messages/retry", wanted);
    if (key != null && retried.isEmpty()) {
      throw CommandFailure.failed("not-parked", "no message of %s is parked".formatted(key))
          .next("See `slipway messages list`.")
          .build();
    }
    if (options.json) {
      output.json(retried);
    } else if (retried.isEmpty()) {
      output.line("No message is parked.");
    } else {
      retried.forEach(it -> output.line(sentence(it)));
    }
    return count(retried, "left") == 0 ? 0 : CommandFailure.FAILED;
  }

  private static String sentence(JsonNode retried) {
    String taken =
        "%s, %s of %s: %d taken in"
            .formatted(
                retried.path("service").asText(),
                key(retried),
                retried.path("topic").asText(),
                retried.path("taken").asLong());
    long left = retried.path("left").asLong();
    return left == 0
        ? taken + "."
        : "%s, %d left: %s.".formatted(taken, left, retried.path("cause").asText());
  }

  private static String key(JsonNode parked) {
    String key = parked.path("key").asText();
    return key.isEmpty() ? "(no key)" : key;
  }

  /// How many messages are parked.
  static long parkedMessages(InternalCalls services) throws IOException, InterruptedException {
    return count(parked(services), "messages");
  }

  private static ArrayNode parked(InternalCalls services) throws IOException, InterruptedException {
    return ofEach(services, "GET", "/messages", null);
  }

  private static long count(ArrayNode keys, String field) {
    long count = 0;
    for (JsonNode it : keys) {
      count += it.path(field).asLong();
    }
    return count;
  }

  /// The answers of all services in one list, each with the service that gave it.
  private static ArrayNode ofEach(
      InternalCalls services, String method, String path, @Nullable JsonNode body)
      throws IOException, InterruptedException {
    ArrayNode all = Json.MAPPER.createArrayNode();
    for (String service : SERVICES) {
      for (JsonNode it : services.call(service, method, path, body)) {
        all.addObject().put("service", service).setAll((ObjectNode) it);
      }
    }
    return all;
  }
}
