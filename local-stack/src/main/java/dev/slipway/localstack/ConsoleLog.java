package dev.slipway.localstack;

import java.io.PrintStream;
import java.io.PrintWriter;
import java.io.StringWriter;
import java.time.temporal.ChronoUnit;
import java.util.logging.Formatter;
import java.util.logging.Handler;
import java.util.logging.Level;
import java.util.logging.LogManager;
import java.util.logging.LogRecord;
import java.util.logging.Logger;
import java.util.logging.SimpleFormatter;

/// Warnings and worse, one line each, on standard output. The launcher keeps that in a file.
public final class ConsoleLog extends Handler {

  private final Formatter message = new SimpleFormatter();

  private final PrintStream output = System.out;

  private ConsoleLog() {}

  /// Must run before the first logger is made: the log manager is chosen once.
  public static void install() {
    System.setProperty("java.util.logging.manager", "org.jboss.logmanager.LogManager");
    LogManager.getLogManager();
    Logger root = Logger.getLogger("");
    for (Handler handler : root.getHandlers()) {
      root.removeHandler(handler);
    }
    // INFO is for those who look into a slow start; Kafka says thousands of lines then.
    root.setLevel(Level.parse(System.getenv().getOrDefault("SLIPWAY_LOG_LEVEL", "WARNING")));
    root.addHandler(new ConsoleLog());
  }

  @Override
  public void publish(LogRecord entry) {
    StringWriter text = new StringWriter();
    text.append(entry.getInstant().truncatedTo(ChronoUnit.MILLIS).toString())
        .append(' ')
        .append(entry.getLevel().getName())
        .append(' ')
        .append(entry.getLoggerName())
        .append(": ")
        .append(message.formatMessage(entry));
    if (entry.getThrown() != null) {
      text.append(System.lineSeparator());
      entry.getThrown().printStackTrace(new PrintWriter(text));
    }
    output.println(text);
  }

  @Override
  public void flush() {
    output.flush();
  }

  @Override
  public void close() {
    flush();
  }
}
