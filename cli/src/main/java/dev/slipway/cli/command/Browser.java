package dev.slipway.cli.command;

import dev.slipway.cli.console.Surroundings;
import java.io.File;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;

/// The browser of whoever sits here.
final class Browser {

  private Browser() {}

  /// Answers whether there was a way to ask for it.
  static boolean open(Surroundings surroundings, String url) throws IOException {
    String path = surroundings.variable("PATH").orElse("");
    for (String program : List.of("xdg-open", "open")) {
      for (String folder : path.split(File.pathSeparator, -1)) {
        if (!folder.isEmpty() && Files.isExecutable(Path.of(folder, program))) {
          new ProcessBuilder(Path.of(folder, program).toString(), url)
              .redirectOutput(ProcessBuilder.Redirect.DISCARD)
              .redirectError(ProcessBuilder.Redirect.DISCARD)
              .start();
          return true;
        }
      }
    }
    return false;
  }
}
