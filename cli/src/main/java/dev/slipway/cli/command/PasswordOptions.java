package dev.slipway.cli.command;

import dev.slipway.cli.console.CommandFailure;
import dev.slipway.cli.console.Prompt;
import java.io.IOException;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Option;

/// The ways to hand over a password.
final class PasswordOptions {

  @Option(
      names = "--password-stdin",
      description = "Read the password from the first line of standard input.")
  private boolean fromInput;

  @Option(
      names = {"-W", "--password"},
      paramLabel = "PASSWORD",
      arity = "0..1",
      fallbackValue = "",
      description =
          "The password. Others on this machine can read it off the process list; prefer --password-stdin. Without a"
              + " value it is asked for.")
  private @Nullable String given;

  /// Whether the command line itself says where the password is.
  boolean named() {
    return fromInput || (given != null && !given.isEmpty());
  }

  /// A password that exists.
  String existing(Prompt prompt, String question) throws IOException {
    return obtain(prompt, question, false);
  }

  /// A password that is chosen now, so it is asked for twice.
  String chosen(Prompt prompt, String question) throws IOException {
    return obtain(prompt, question, true);
  }

  /// Fails when there is no way to get a password, before anything else is done.
  void require(Prompt prompt) {
    if (!named() && !prompt.possible()) {
      throw CommandFailure.misused("a password is needed, and there is no terminal to ask at")
          .next("Pass --password-stdin and the password on standard input.")
          .build();
    }
  }

  private String obtain(Prompt prompt, String question, boolean twice) throws IOException {
    if (fromInput) {
      return prompt.fromInput();
    }
    if (given != null && !given.isEmpty()) {
      return given;
    }
    require(prompt);
    return twice ? prompt.newPassword(question) : prompt.password(question);
  }
}
