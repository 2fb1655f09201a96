package dev.slipway.cli.chaos;

import dev.slipway.cli.api.ApiClient;
import dev.slipway.cli.api.Credentials;
import dev.slipway.cli.api.SignIn;
import dev.slipway.cli.console.CommandFailure;
import dev.slipway.cli.console.Surroundings;
import java.io.IOException;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.TimeUnit;
import java.util.function.BooleanSupplier;

/// Signs people up, registers them and signs them in; each has an organization of the same name.
final class People {

  private static final int PAUSE_MILLIS = 500;

  private final Surroundings surroundings;
  private final Journal journal;
  private final BooleanSupplier over;

  /// Everybody who is registered, with the password.
  private final Map<String, String> registered = new ConcurrentHashMap<>();

  People(Surroundings surroundings, Journal journal, BooleanSupplier over) {
    this.surroundings = surroundings;
    this.journal = journal;
    this.over = over;
  }

  /// @return signed in, with an own organization
  ApiClient signUp(String name) throws InterruptedException {
    String password = "password-of-" + name;
    ApiClient client = ApiClient.of(surroundings);
    SignIn signIn = new SignIn(client);
    boolean known = false;
    boolean signedIn = false;
    while (true) {
      try {
        if (!known) {
          try {
            signIn.signUp(name, "", password);
          } catch (CommandFailure taken) {
            // Ours, from a try whose answer was lost: nobody else uses these names.
            if (taken.status() != 409) {
              throw taken;
            }
          }
          known = true;
        }
        if (!signedIn) {
          Credentials credentials = signIn.withPassword(name, password);
          client.use(credentials);
          signedIn = true;
        }
        try {
          signIn.register(name, "", "", "", null);
        } catch (CommandFailure taken) {
          if (taken.status() != 409) {
            throw taken;
          }
        }
        client.profile();
        registered.put(name, password);
        return client;
      } catch (CommandFailure refused) {
        if (refused.status() != 0 && refused.status() != 429 && refused.status() < 502) {
          journal.found(
              new Finding(
                  Finding.Kind.WRONG_ANSWER,
                  "sign up " + name,
                  "%d %s: %s".formatted(refused.status(), refused.code(), refused.message())));
          return client;
        }
      } catch (IOException lost) {
        // As a connection that was lost.
      }
      if (over.getAsBoolean()) {
        return client;
      }
      TimeUnit.MILLISECONDS.sleep(PAUSE_MILLIS);
    }
  }

  /// Another organization, for calls that must be refused.
  String other(String than) {
    return registered.keySet().stream()
        .filter(it -> !it.equals(than))
        .sorted()
        .findFirst()
        .orElse("nobody");
  }

  List<String> names() {
    return registered.keySet().stream().sorted().toList();
  }
}
