package dev.slipway.cli.command;

import com.fasterxml.jackson.databind.JsonNode;
import dev.slipway.cli.api.ApiClient;
import dev.slipway.cli.console.CommandFailure;
import dev.slipway.cli.console.Json;
import dev.slipway.cli.console.Output;
import dev.slipway.cli.console.Prompt;
import dev.slipway.cli.console.Surroundings;
import java.io.IOException;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.Parameters;
import picocli.CommandLine.Spec;

/// The organization one belongs to, and joining another one.
@Command(
    name = "org",
    aliases = "organization",
    description = "Invite, list, join, rename, remove.",
    mixinStandardHelpOptions = true,
    footer = {
      "",
      "Examples:",
      "  slipway org invite                   a secret that works once, for 24 hours",
      "  slipway org join acme SECRET",
      "  slipway org rename demo acme"
    })
final class OrganizationCommand implements Runnable {

  @Spec private CommandSpec spec;

  private final Surroundings surroundings;
  private final Output output;

  OrganizationCommand(Surroundings surroundings) {
    this.surroundings = surroundings;
    this.output = new Output(surroundings);
  }

  @Override
  public void run() {
    throw new ParameterException(spec.commandLine(), "a command is missing");
  }

  @Command(
      name = "invite",
      description = "Print a secret that lets one person join, once, within 24 hours.",
      footer = {"", "Example:", "  slipway org invite"})
  int invite(@Mixin OutputOptions options) throws IOException, InterruptedException {
    JsonNode secret = client().call("GET", "/secret", null).body();
    if (options.json) {
      output.json(secret);
    } else {
      output.line(secret.asText());
    }
    return 0;
  }

  @Command(
      name = "list",
      description = "List the members.",
      footer = {"", "Example:", "  slipway org list --json"})
  int list(@Mixin OutputOptions options) throws IOException, InterruptedException {
    JsonNode members = client().call("GET", "/users", null).body();
    if (options.json) {
      output.json(members);
    } else {
      output.table(
          List.of("MEMBER OF " + members.path("OrgName").asText()),
          members.path("UserNames").valueStream().map(it -> List.of(it.asText())).toList());
    }
    return 0;
  }

  @Command(
      name = "join",
      description = "Join another organization. Yours has to be empty.",
      footer = {"", "Example:", "  slipway org join acme SECRET"})
  int join(
      @Parameters(paramLabel = "ORGANIZATION") String organization,
      @Parameters(
              paramLabel = "SECRET",
              description = "What `slipway org invite` printed; - reads it from standard input.")
          String secret,
      @Mixin OutputOptions options)
      throws IOException, InterruptedException {
    ApiClient client = client();
    String given = secret.equals("-") ? new Prompt(surroundings).fromInput() : secret;
    client.authorized(
        "POST",
        "/v1alpha1/" + ApiClient.encode(organization) + "/join",
        Json.object().put("secret", given),
        Map.of());
    client.profile();
    done(options, "organization", organization, "Joined %s.".formatted(organization));
    return 0;
  }

  @Command(
      name = "rename",
      description = "Rename your organization.",
      footer = {"", "Example:", "  slipway org rename demo acme"})
  int rename(
      @Parameters(paramLabel = "OLD") String old,
      @Parameters(paramLabel = "NEW") String fresh,
      @Mixin OutputOptions options)
      throws IOException, InterruptedException {
    ApiClient client = client();
    String current = client.profile().path("Organization").asText();
    if (!current.equals(old)) {
      throw CommandFailure.failed(
              "organization-not-found", "%s is not your organization".formatted(old))
          .next("Yours is %s.".formatted(current))
          .build();
    }
    client.call("PATCH", "", Json.object().put("newName", fresh));
    client.profile();
    done(options, "organization", fresh, "%s is called %s now.".formatted(old, fresh));
    return 0;
  }

  @Command(
      name = "remove",
      description = "Remove a member, at once.",
      footer = {"", "Example:", "  slipway org remove bob --yes"})
  int remove(
      @Parameters(paramLabel = "USER") String user,
      @Option(
              names = {"-y", "--yes"},
              description = "Do not ask.")
          boolean yes,
      @Mixin OutputOptions options)
      throws IOException, InterruptedException {
    Confirmation.obtain(surroundings, yes, "Remove %s from the organization?".formatted(user));
    client().call("DELETE", "/" + ApiClient.encode(user), null);
    done(options, "removed", user, "%s is no member any more.".formatted(user));
    return 0;
  }

  private void done(OutputOptions options, String key, @Nullable String value, String sentence) {
    if (options.json) {
      output.json(Json.object().put(key, value));
    } else {
      output.line(sentence);
    }
  }

  private ApiClient client() {
    return ApiClient.of(surroundings);
  }
}
