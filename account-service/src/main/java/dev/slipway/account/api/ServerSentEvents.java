package dev.slipway.account.api;

import dev.slipway.account.feed.Feed;
import java.util.List;

/// The text of server-sent events, as the HTML standard has it: blocks of lines, each ended by an
/// empty one.
///
/// A block without data is no event for the reader, but its `id` is kept: with it an opening and a
/// heartbeat say how far the reader has come although nothing was there for it.
final class ServerSentEvents {

  /// After how many milliseconds a browser comes back.
  private static final int RETRY = 1000;

  private ServerSentEvents() {}

  static String opening(long position) {
    return "retry: " + RETRY + '\n' + "id: " + position + "\n\n";
  }

  static String heartbeat(long position) {
    return ": heartbeat\nid: " + position + "\n\n";
  }

  /// For whoever looks at the text itself.
  static String comment(String text) {
    return ": " + text + "\n\n";
  }

  /// JSON has no line breaks outside its strings when Postgres writes it, and none inside ever.
  static String events(List<Feed.Entry> entries) {
    var text = new StringBuilder();
    for (Feed.Entry entry : entries) {
      text.append("id: ").append(entry.number()).append('\n');
      text.append("data: ").append(entry.json()).append("\n\n");
    }
    return text.toString();
  }
}
