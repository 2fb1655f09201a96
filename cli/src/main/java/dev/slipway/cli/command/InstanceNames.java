package dev.slipway.cli.command;

import dev.slipway.cli.api.ApiClient;
import dev.slipway.cli.api.Databases;
import dev.slipway.cli.api.Databases.Database;
import dev.slipway.cli.console.CommandFailure;
import dev.slipway.cli.console.Surroundings;
import java.io.IOException;
import java.util.HashMap;
import java.util.Map;

/// What the instances behind ports are called, as far as the one who asks may know.
final class InstanceNames {

  private InstanceNames() {}

  static Map<Integer, String> byPort(Surroundings surroundings) {
    Map<Integer, String> names = new HashMap<>();
    try {
      ApiClient client = ApiClient.of(surroundings);
      if (client.address().local() && client.hasCredentials()) {
        for (Database database : new Databases(client).list()) {
          // One that could not be provisioned has no port.
          if (!database.linked() && database.port() > 0) {
            names.put(database.port(), database.name());
          }
        }
      }
    } catch (CommandFailure | IOException unknown) {
      // The status shows identifiers instead.
    } catch (InterruptedException interrupted) {
      Thread.currentThread().interrupt();
    }
    return names;
  }
}
