package dev.slipway.cli.command;

import com.fasterxml.jackson.databind.JsonNode;
import dev.slipway.cli.api.ApiClient;
import dev.slipway.cli.api.Credentials;
import dev.slipway.cli.api.SignIn;
import dev.slipway.cli.console.Output;
import java.io.IOException;

/// Ends a sign-in: the profile is read, and the credentials are written.
final class Session {

  private Session() {}

  /// For this folder and all others.
  static JsonNode keep(ApiClient client, Credentials credentials, Output output)
      throws IOException, InterruptedException {
    JsonNode profile = complete(client, credentials);
    write(client, output);
    return profile;
  }

  /// This command reads the home's too, so a folder that cannot be written is no failure.
  static void write(ApiClient client, Output output) throws IOException, InterruptedException {
    client
        .store()
        .write(client.signedIn())
        .ifPresent(
            unwritable ->
                output.note(
                    "This folder cannot be written, so the official command is not signed in here: "
                        + SlipwayCommand.describe(unwritable)));
  }

  /// Reads the profile into the credentials, without writing them.
  static JsonNode complete(ApiClient client, Credentials credentials)
      throws IOException, InterruptedException {
    client.use(credentials);
    return client.profile();
  }

  /// Registers with nothing but a name, which is all the platform needs.
  static void register(SignIn signIn, String name) throws IOException, InterruptedException {
    signIn.register(name, "", "", "", null);
  }
}
