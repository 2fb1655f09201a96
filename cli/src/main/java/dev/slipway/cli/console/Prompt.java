package dev.slipway.cli.console;

import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import org.jline.reader.EndOfFileException;
import org.jline.reader.LineReader;
import org.jline.reader.LineReaderBuilder;
import org.jline.reader.UserInterruptException;
import org.jline.terminal.Terminal;
import org.jline.terminal.TerminalBuilder;

/// Asks the person at the terminal. Where nobody sits, nothing is ever asked.
public final class Prompt {

  private static final int LONGEST = 4096;

  private final Surroundings surroundings;

  public Prompt(Surroundings surroundings) {
    this.surroundings = surroundings;
  }

  public boolean possible() {
    return surroundings.terminal(Surroundings.Stream.INPUT);
  }

  /// A line that everybody may see; what was proposed when it is left empty.
  public String line(String question, String proposed) throws IOException {
    String answer =
        ask(question + (proposed.isEmpty() ? ": " : " [" + proposed + "]: "), false).strip();
    return answer.isEmpty() ? proposed : answer;
  }

  public boolean confirm(String question) throws IOException {
    String answer = ask(question + " [y/N] ", false).strip();
    return answer.equalsIgnoreCase("y") || answer.equalsIgnoreCase("yes");
  }

  /// A password, not shown.
  public String password(String question) throws IOException {
    return ask(question + ": ", true);
  }

  /// A password that is typed twice, since nobody sees what it is.
  public String newPassword(String question) throws IOException {
    String password = password(question);
    if (!password(question + " again").equals(password)) {
      throw CommandFailure.misused("the two passwords differ").build();
    }
    return password;
  }

  /// The first line of standard input.
  public String fromInput() throws IOException {
    ByteArrayOutputStream line = new ByteArrayOutputStream();
    int next;
    while ((next = surroundings.in().read()) >= 0 && next != '\n') {
      line.write(next);
      if (line.size() > LONGEST) {
        throw CommandFailure.misused("the first line of standard input is too long for a password")
            .build();
      }
    }
    String text = line.toString(StandardCharsets.UTF_8);
    String password = text.endsWith("\r") ? text.substring(0, text.length() - 1) : text;
    if (password.isEmpty()) {
      throw CommandFailure.misused("there is no password on standard input")
          .next("For example: printf %s \"$PASSWORD\" | slipway … --password-stdin")
          .build();
    }
    return password;
  }

  private String ask(String question, boolean hidden) throws IOException {
    try (Terminal terminal =
        TerminalBuilder.builder()
            .system(true)
            .systemOutput(TerminalBuilder.SystemOutput.SysErrOrSysOut)
            .dumb(true)
            .build()) {
      LineReader reader =
          LineReaderBuilder.builder()
              .terminal(terminal)
              .option(LineReader.Option.DISABLE_EVENT_EXPANSION, true)
              .variable(LineReader.DISABLE_HISTORY, true)
              .build();
      return hidden ? reader.readLine(question, (char) 0) : reader.readLine(question);
    } catch (UserInterruptException | EndOfFileException given) {
      throw CommandFailure.failed("interrupted", "nothing was done").cause(given).build();
    }
  }
}
