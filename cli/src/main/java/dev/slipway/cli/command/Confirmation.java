package dev.slipway.cli.command;

import dev.slipway.cli.console.CommandFailure;
import dev.slipway.cli.console.Prompt;
import dev.slipway.cli.console.Surroundings;
import java.io.IOException;

/// Asks before something is lost.
final class Confirmation {

  private Confirmation() {}

  static void obtain(Surroundings surroundings, boolean given, String question) throws IOException {
    if (given) {
      return;
    }
    Prompt prompt = new Prompt(surroundings);
    if (!prompt.possible()) {
      throw CommandFailure.misused("this has to be confirmed, and there is no terminal to ask at")
          .next("Pass --yes.")
          .build();
    }
    if (!prompt.confirm(question)) {
      throw CommandFailure.failed("not-confirmed", "nothing was done").build();
    }
  }
}
