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
import java.io.IOException;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Set;
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
    if (revoke) {
      // Before anything is removed: nobody else has what is to be revoked.
      revoke(store.all());
    }
    boolean removed = store.remove();
    if (options.json) {
      output.json(Json.object().put("signedOut", removed));
    } else {
      output.line(removed ? "Signed out." : "Nobody was signed in.");
    }
    return 0;
  }

  private void revoke(List<Credentials> all) throws IOException, InterruptedException {
    Set<String> tokens = new LinkedHashSet<>();
    for (Credentials each : all) {
      @Nullable String token = each.refreshToken();
      if (token != null) {
        tokens.add(token);
      }
    }
    if (tokens.isEmpty()) {
      return;
    }
    try {
      SignIn signIn = new SignIn(ApiClient.of(surroundings));
      for (String token : tokens) {
        signIn.revoke(token);
      }
    } catch (CommandFailure refused) {
      throw CommandFailure.failed(
              "not-revoked",
              "you are still signed in, as the refresh token could not be revoked: "
                  + refused.message())
          .status(refused.status())
          .requestId(refused.requestId())
          .next("Try again; or forget it here alone with `slipway logout`.")
          .cause(refused)
          .build();
    }
  }
}
