package dev.slipway.account.api;

import dev.slipway.account.feed.EventFilter;
import dev.slipway.account.feed.Feed;
import jakarta.ws.rs.core.StreamingOutput;
import java.io.IOException;
import java.io.OutputStream;
import java.nio.charset.StandardCharsets;
import java.sql.SQLException;

/// The events of an organization after a position, up to the newest there is when it begins: one
/// JSON in each line.
record EventList(Feed feed, String organization, EventFilter filter, long after)
    implements StreamingOutput {

  @Override
  public void write(OutputStream out) throws IOException {
    try {
      Feed.Page page = feed.read(organization, after, filter);
      long end = page.last();
      while (true) {
        for (Feed.Entry entry : page.entries()) {
          if (entry.number() <= end) {
            out.write((entry.json() + '\n').getBytes(StandardCharsets.UTF_8));
          }
        }
        if (page.through() >= end) {
          return;
        }
        page = feed.read(organization, page.through(), filter);
      }
    } catch (SQLException failure) {
      // Cut off, so that half a list does not look whole.
      throw new IOException("the event feed cannot be read", failure);
    }
  }
}
