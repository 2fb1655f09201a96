package dev.slipway.cli.platform;

import java.io.IOException;
import java.util.concurrent.TimeUnit;

/// Signals that can be sent to a process; of these the JDK knows two only.
public enum Signal {
  INTERRUPT("INT"),
  TERMINATE("TERM"),
  KILL("KILL"),
  STOP("STOP"),
  CONTINUE("CONT");

  private final String word;

  Signal(String word) {
    this.word = word;
  }

  /// @return whether there was somebody to send it to
  public boolean send(long pid) throws InterruptedException {
    try {
      Process sent =
          new ProcessBuilder("sh", "-c", "kill -\"$1\" \"$2\"", "sh", word, Long.toString(pid))
              .redirectErrorStream(true)
              .redirectOutput(ProcessBuilder.Redirect.DISCARD)
              .start();
      return sent.waitFor(10, TimeUnit.SECONDS) && sent.exitValue() == 0;
    } catch (IOException noShell) {
      return this == KILL
          && ProcessHandle.of(pid).map(ProcessHandle::destroyForcibly).orElse(false);
    }
  }
}
