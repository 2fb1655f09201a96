package dev.slipway.cli.command;

import dev.slipway.cli.api.ApiClient;
import dev.slipway.cli.api.Applications;
import dev.slipway.cli.api.Applications.Application;
import dev.slipway.cli.console.CommandFailure;
import dev.slipway.cli.console.Surroundings;
import java.io.IOException;
import java.util.List;

/// The applications of this machine's platform, as far as the one who asks may know.
final class KnownApplications {

  private KnownApplications() {}

  static List<Application> all(Surroundings surroundings) {
    try {
      ApiClient client = ApiClient.of(surroundings);
      if (client.address().local() && client.hasCredentials()) {
        return new Applications(client).list();
      }
    } catch (CommandFailure | IOException unknown) {
      // The status shows identifiers instead.
    } catch (InterruptedException interrupted) {
      Thread.currentThread().interrupt();
    }
    return List.of();
  }
}
