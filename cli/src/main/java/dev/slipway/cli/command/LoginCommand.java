package dev.slipway.cli.command;

import com.fasterxml.jackson.databind.JsonNode;
import dev.slipway.cli.api.ApiClient;
import dev.slipway.cli.api.Credentials;
import dev.slipway.cli.api.SignIn;
import dev.slipway.cli.console.CommandFailure;
import dev.slipway.cli.console.Output;
import dev.slipway.cli.console.Prompt;
import dev.slipway.cli.console.Surroundings;
import java.util.concurrent.Callable;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;

/// Signs in.
@Command(
    name = "login",
    description = "Sign in, for this folder (./.dbos/credentials) and for every other one.",
    footer = {
      "",
      "Examples:",
      "  slipway login -u demo",
      "  printf %%s \"$PASSWORD\" | slipway login -u demo --password-stdin",
      "  slipway login --device                    sign in with a browser, here or elsewhere",
      "  slipway login --with-refresh-token TOKEN"
    })
final class LoginCommand implements Callable<Integer> {

  @Option(
      names = {"-u", "--username"},
      paramLabel = "NAME",
      description = "Your name.")
  private @Nullable String name;

  @Option(names = "--device", description = "Sign in with a browser.")
  private boolean device;

  @Option(
      names = "--with-refresh-token",
      paramLabel = "TOKEN",
      description = "Sign in with a refresh token; - reads it from standard input.")
  private @Nullable String refreshToken;

  @Mixin private PasswordOptions password = new PasswordOptions();

  @Mixin private OutputOptions options = new OutputOptions();

  private final Surroundings surroundings;
  private final Output output;

  LoginCommand(Surroundings surroundings) {
    this.surroundings = surroundings;
    this.output = new Output(surroundings);
  }

  @Override
  public Integer call() throws Exception {
    Prompt prompt = new Prompt(surroundings);
    if (refreshToken == null && !device) {
      password.require(prompt);
      if (name == null && !prompt.possible()) {
        throw CommandFailure.misused("a name is needed, and there is no terminal to ask at")
            .next("Pass -u NAME and --password-stdin, --device, or --with-refresh-token.")
            .build();
      }
    }
    ApiClient client = ApiClient.of(surroundings);
    JsonNode profile = Session.keep(client, credentials(new SignIn(client), prompt), output);
    if (options.json) {
      output.json(profile);
    } else {
      output.line(
          "Signed in as %s, organization %s."
              .formatted(profile.path("Name").asText(), profile.path("Organization").asText()));
    }
    return 0;
  }

  private Credentials credentials(SignIn signIn, Prompt prompt) throws Exception {
    if (refreshToken != null) {
      return signIn.withRefreshToken(refreshToken.equals("-") ? prompt.fromInput() : refreshToken);
    }
    if (device) {
      return signIn.withDevice(
          address -> {
            output.note("Open this address in a browser and sign in there:");
            output.note("  " + address);
            output.live("waiting");
          });
    }
    String who = name == null ? prompt.line("Name", "") : name;
    return signIn.withPassword(who, password.existing(prompt, "Password for " + who));
  }
}
