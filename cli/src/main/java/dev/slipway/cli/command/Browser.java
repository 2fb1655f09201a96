package dev.slipway.cli.command;

import dev.slipway.cli.console.Surroundings;
import java.io.IOException;
import java.nio.file.Path;
import java.util.List;
import java.util.Optional;

/// The browser of whoever sits here.
final class Browser {

  private Browser() {}

  /// Answers whether there was a way to ask for it.
  static boolean open(Surroundings surroundings, String url) throws IOException {
    for (String name : List.of("xdg-open", "open")) {
      Optional<Path> program = surroundings.program(name);
      if (program.isPresent()) {
        new ProcessBuilder(program.get().toString(), url)
            .redirectOutput(ProcessBuilder.Redirect.DISCARD)
            .redirectError(ProcessBuilder.Redirect.DISCARD)
            .start();
        return true;
      }
    }
    return false;
  }
}
