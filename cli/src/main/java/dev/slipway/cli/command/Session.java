package dev.slipway.cli.command;

import com.fasterxml.jackson.databind.JsonNode;
import dev.slipway.cli.api.ApiClient;
import dev.slipway.cli.api.Credentials;
import dev.slipway.cli.api.SignIn;
import java.io.IOException;

/// Ends a sign-in: the profile is read, and the credentials are written.
final class Session {

  private Session() {}

  /// For this folder and all others.
  static JsonNode keep(ApiClient client, Credentials credentials)
      throws IOException, InterruptedException {
    JsonNode profile = complete(client, credentials);
    client.store().write(client.signedIn());
    return profile;
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
