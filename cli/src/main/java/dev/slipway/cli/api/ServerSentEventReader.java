package dev.slipway.cli.api;

import java.io.BufferedReader;
import java.io.IOException;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/// Reads server-sent events as the HTML standard has them, from lines that `readLine` has parted.
final class ServerSentEventReader {

  /// One block, up to its empty line.
  ///
  /// @param id   the last one that was said, in this block or before; null when none was
  /// @param data null in a block that is no event and says at most an id
  record Block(@Nullable String id, @Nullable String data) {}

  private final BufferedReader lines;
  private @Nullable String id;

  ServerSentEventReader(BufferedReader lines) {
    this.lines = lines;
  }

  /// The next block; empty at the end. What is not ended by an empty line is no block: the
  /// connection was lost within it.
  Optional<Block> next() throws IOException {
    StringBuilder data = null;
    for (@Nullable String line = lines.readLine(); line != null; line = lines.readLine()) {
      if (line.isEmpty()) {
        return Optional.of(new Block(id, data == null ? null : data.toString()));
      }
      int colon = line.indexOf(':');
      String field = colon < 0 ? line : line.substring(0, colon);
      String value = colon < 0 ? "" : line.substring(colon + 1);
      if (value.startsWith(" ")) {
        value = value.substring(1);
      }
      if (field.equals("data")) {
        data = data == null ? new StringBuilder(value) : data.append('\n').append(value);
      } else if (field.equals("id") && value.indexOf('\0') < 0) {
        id = value;
      }
    }
    return Optional.empty();
  }
}
