package dev.slipway.docker;

import com.github.dockerjava.api.model.Frame;
import com.github.dockerjava.api.model.StreamType;
import java.io.ByteArrayOutputStream;
import java.nio.charset.StandardCharsets;
import java.time.Instant;
import java.util.EnumMap;
import java.util.Map;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/// Puts together the lines that a container has written, each with the time the engine has seen it.
///
/// The client cuts what the engine sends into pieces of any length; only the line breaks tell where
/// something ends. The engine itself stores a long line in several entries, each with a time before
/// it.
final class WrittenLines {

  /// What the engine stores of a line in one entry.
  private static final int ENTRY = 16_384;

  /// More of one line is left out.
  private static final int LONGEST = 1 << 20;

  private static final Pattern TIME =
      Pattern.compile("^\\d{4}-\\d\\d-\\d\\dT\\d\\d:\\d\\d:\\d\\d(?:\\.\\d{1,9})?Z ");
  private static final int LONGEST_TIME = 31;

  private final Engine.Listener listener;
  private final Map<StreamType, ByteArrayOutputStream> begun = new EnumMap<>(StreamType.class);

  WrittenLines(Engine.Listener listener) {
    this.listener = listener;
  }

  void add(Frame frame) {
    ByteArrayOutputStream line =
        begun.computeIfAbsent(frame.getStreamType(), it -> new ByteArrayOutputStream());
    for (byte one : frame.getPayload()) {
      if (one == '\n') {
        tell(frame.getStreamType(), line.toByteArray());
        line.reset();
      } else if (line.size() < LONGEST) {
        line.write(one);
      }
    }
  }

  private void tell(StreamType stream, byte[] entries) {
    int time = time(entries, 0);
    if (time == 0) {
      // Nothing that the engine has stored.
      return;
    }
    Instant at = Instant.parse(text(entries, 0, time - 1));
    var line = new ByteArrayOutputStream();
    int from = time;
    while (entries.length - from > ENTRY) {
      line.write(entries, from, ENTRY);
      from += ENTRY;
      from += time(entries, from);
    }
    line.write(entries, from, entries.length - from);
    listener.hear(stream == StreamType.STDERR, at, line.toString(StandardCharsets.UTF_8));
  }

  /// How long the time is that stands there, with its space; 0 when none does.
  private static int time(byte[] entries, int from) {
    Matcher found =
        TIME.matcher(text(entries, from, Math.min(LONGEST_TIME, entries.length - from)));
    return found.find() ? found.end() : 0;
  }

  private static String text(byte[] entries, int from, int length) {
    return new String(entries, from, length, StandardCharsets.ISO_8859_1);
  }
}
