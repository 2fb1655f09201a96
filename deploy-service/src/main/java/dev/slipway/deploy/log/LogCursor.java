package dev.slipway.deploy.log;

import java.time.DateTimeException;
import java.time.Instant;
import java.time.LocalDateTime;
import java.time.ZoneOffset;
import java.time.format.DateTimeFormatter;
import java.util.Map;
import java.util.TreeMap;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/// Up to where somebody has read: an instant, and how many lines of each source they have seen of
/// that instant. Counts instead of places in files, since files rotate under the reader.
///
/// @param seen by version and source, as `VERSION.SOURCE`
record LogCursor(Instant at, Map<String, Integer> seen) {

  /// More sources never write in the same microsecond; a cursor travels in an address.
  private static final int LONGEST = 4000;

  private static final Pattern FORM =
      Pattern.compile("(\\d{4}-\\d{2}-\\d{2}) (\\d{2}:\\d{2}:\\d{2}\\.\\d{6})((?:~[^~]{1,120})*)");
  private static final Pattern SEEN =
      Pattern.compile("([0-9]{1,19}\\.[a-z][a-z0-9_-]{0,40}):([0-9]{1,9})");
  private static final DateTimeFormatter WRITTEN =
      DateTimeFormatter.ofPattern("uuuu-MM-dd HH:mm:ss.SSSSSS").withZone(ZoneOffset.UTC);

  LogCursor {
    seen = Map.copyOf(seen);
  }

  static LogCursor of(Instant at) {
    return new LogCursor(at, Map.of());
  }

  /// @throws IllegalArgumentException when this is no cursor
  static LogCursor parse(String text) {
    if (text.length() > LONGEST) {
      throw unknown();
    }
    // A space in an address is a plus sign to some.
    Matcher form = FORM.matcher(text.replace('+', ' '));
    if (!form.matches()) {
      throw unknown();
    }
    Map<String, Integer> seen = new TreeMap<>();
    for (String part : form.group(3).split("~", -1)) {
      Matcher one = SEEN.matcher(part);
      if (one.matches()) {
        seen.put(one.group(1), Integer.parseInt(one.group(2)));
      } else if (!part.isEmpty()) {
        throw unknown();
      }
    }
    try {
      return new LogCursor(
          LocalDateTime.parse(form.group(1) + 'T' + form.group(2)).toInstant(ZoneOffset.UTC), seen);
    } catch (DateTimeException noDate) {
      throw unknown();
    }
  }

  int seen(String version, String source) {
    return seen.getOrDefault(version + '.' + source, 0);
  }

  /// One line further.
  LogCursor after(LogLine line) {
    Map<String, Integer> counts = new TreeMap<>(line.at().equals(at) ? seen : Map.of());
    counts.merge(line.version() + '.' + line.source(), 1, Integer::sum);
    return new LogCursor(line.at(), counts);
  }

  @Override
  public String toString() {
    var text = new StringBuilder(WRITTEN.format(at));
    new TreeMap<>(seen)
        .forEach((source, count) -> text.append('~').append(source).append(':').append(count));
    return text.toString();
  }

  private static IllegalArgumentException unknown() {
    return new IllegalArgumentException("since must be a next_timestamp that was answered before");
  }
}
