package dev.slipway.cli.command;

import dev.slipway.cli.api.ApiClient;
import dev.slipway.cli.api.CredentialStore;
import dev.slipway.cli.api.Credentials;
import dev.slipway.cli.api.PlatformAddress;
import dev.slipway.cli.api.SignIn;
import dev.slipway.cli.console.CommandFailure;
import dev.slipway.cli.console.Json;
import dev.slipway.cli.console.Output;
import dev.slipway.cli.console.Surroundings;
import dev.slipway.cli.platform.PlatformHome;
import java.util.Optional;
import java.util.concurrent.Callable;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;

/// Signs out.
@Command(
    name = "logout",
    description = "Forget who is signed in, here and in the home.",
    footer = {
      "",
      "Examples:",
      "  slipway logout",
      "  slipway logout --revoke    end the refresh token too"
    })
final class LogoutCommand implements Callable<Integer> {

  @Option(names = "--revoke", description = "Have the platform end the refresh token.")
  private boolean revoke;

  @Mixin private OutputOptions options = new OutputOptions();

  private final Surroundings surroundings;
  private final Output output;

  LogoutCommand(Surroundings surroundings) {
    this.surroundings = surroundings;
    this.output = new Output(surroundings);
  }

  @Override
  public Integer call() throws Exception {
    // Signing out works while the platform is down.
    PlatformAddress address = PlatformAddress.of(surroundings);
    CredentialStore store =
        new CredentialStore(surroundings, PlatformHome.of(surroundings), address.domain());
    Optional<Credentials> mine = store.read();
    if (revoke && mine.isPresent()) {
      @Nullable String token = mine.get().refreshToken();
      if (token != null) {
        try {
          new SignIn(ApiClient.of(surroundings)).revoke(token);
        } catch (CommandFailure unreachable) {
          output.note("The refresh token was not revoked: " + unreachable.message());
        }
      }
    }
    boolean removed = store.remove();
    if (options.json) {
      output.json(Json.object().put("signedOut", removed));
    } else {
      output.line(removed ? "Signed out." : "Nobody was signed in.");
    }
    return 0;
  }
}
