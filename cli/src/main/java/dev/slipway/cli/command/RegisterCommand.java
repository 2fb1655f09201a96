package dev.slipway.cli.command;

import com.fasterxml.jackson.databind.JsonNode;
import dev.slipway.cli.api.ApiClient;
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

/// Signs up, signs in, and registers as a user.
@Command(
    name = "register",
    description = "Sign up, sign in, and register as a user with an organization of the same name.",
    footer = {
      "",
      "A name has 3 to 30 of a-z, 0-9 and _; the password has 8 to 128 characters. When the name is yours already, its",
      "password signs you in.",
      "",
      "Examples:",
      "  slipway register -u demo",
      "  printf %%s \"$PASSWORD\" | slipway register -u demo --password-stdin",
      "  slipway register -u bob -s SECRET        join the organization that invited you",
      "  printf '%%s\\n' \"$PASSWORD\" \"$SECRET\" | slipway register -u bob --password-stdin -s -"
    })
final class RegisterCommand implements Callable<Integer> {

  @Option(
      names = {"-u", "--username"},
      required = true,
      paramLabel = "NAME",
      description = "Your name, and that of your organization.")
  private String name = "";

  @Option(
      names = {"-s", "--secret"},
      paramLabel = "SECRET",
      description =
          "An invitation: join that organization instead of having an own. - reads it from"
              + " standard input, on the line after the password where that is there too.")
  private @Nullable String secret;

  @Option(names = "--email", paramLabel = "ADDRESS", description = "Shown in your profile.")
  private String email = "";

  @Option(names = "--given-name", paramLabel = "NAME", description = "Kept in your profile.")
  private String givenName = "";

  @Option(names = "--family-name", paramLabel = "NAME", description = "Kept in your profile.")
  private String familyName = "";

  @Option(names = "--company", paramLabel = "NAME", description = "Kept in your profile.")
  private String company = "";

  @Mixin private PasswordOptions password = new PasswordOptions();

  @Mixin private OutputOptions options = new OutputOptions();

  private final Surroundings surroundings;
  private final Output output;

  RegisterCommand(Surroundings surroundings) {
    this.surroundings = surroundings;
    this.output = new Output(surroundings);
  }

  @Override
  public Integer call() throws Exception {
    Prompt prompt = new Prompt(surroundings);
    String chosen = password.chosen(prompt, "Password for " + name);
    @Nullable String invitation = "-".equals(secret) ? prompt.fromInput() : secret;
    ApiClient client = ApiClient.of(surroundings);
    SignIn signIn = new SignIn(client);
    boolean knownBefore = false;
    try {
      signIn.signUp(name, email, chosen);
    } catch (CommandFailure refused) {
      if (refused.status() != 409) {
        throw refused;
      }
      // Taken, but perhaps by whoever asks: then the password is right.
      knownBefore = true;
      try {
        signIn.withPassword(name, chosen);
      } catch (CommandFailure notTheirs) {
        throw notTheirs.status() == 429 ? notTheirs : refused;
      }
    }
    var credentials = knownBefore ? client.signedIn() : signIn.withPassword(name, chosen);
    boolean before = registered(client);
    if (!before) {
      signIn.register(name, givenName, familyName, company, invitation);
    }
    JsonNode profile = Session.keep(client, credentials, output);
    // Who is in another organization may have come there with it, and repeats a call whose answer
    // was lost.
    if (before && invitation != null && profile.path("Organization").asText().equals(name)) {
      throw CommandFailure.failed(
              "registered-already",
              "%s is registered already, and signed in; the invitation was not used"
                  .formatted(name))
          .next("Type `slipway org join ORGANIZATION SECRET`.")
          .build();
    }
    if (options.json) {
      output.json(profile);
    } else {
      output.line(
          "Signed in as %s, organization %s."
              .formatted(profile.path("Name").asText(), profile.path("Organization").asText()));
      output.note("Next: slipway db provision main -U main_owner");
    }
    return 0;
  }

  private static boolean registered(ApiClient client) throws Exception {
    try {
      client.profile();
      return true;
    } catch (CommandFailure refused) {
      if (refused.code().equals("user-not-registered")
          || refused.message().contains("user not found in DBOS Cloud")) {
        return false;
      }
      throw refused;
    }
  }
}
