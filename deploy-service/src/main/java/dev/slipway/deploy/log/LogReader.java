package dev.slipway.deploy.log;

import jakarta.inject.Inject;
import jakarta.inject.Singleton;
import java.io.IOException;
import java.nio.file.Path;
import java.time.Duration;
import java.time.InstantSource;
import java.util.List;
import org.eclipse.microprofile.config.inject.ConfigProperty;
import org.jspecify.annotations.Nullable;

/// Reads what applications have written, from the files that [LogLine] describes.
///
/// Safe to use from any thread, while lines are being written and files rotated.
@Singleton
public final class LogReader {

  @Inject
  public LogReader(@ConfigProperty(name = "slipway.applications.directory") Path applications) {
    this(applications, InstantSource.system());
  }

  LogReader(Path applications, InstantSource clock) {}

  /// One page of an application's lines, of all versions and sources, in the order of their times.
  ///
  /// @param application `app_…`
  /// @param cursor      `nextTimestamp` of the page before; absent for the first page
  /// @param last        no older lines than this; absent for all
  /// @param limit       lines, 1 to 10,000
  /// @throws IllegalArgumentException with a public message when cursor or limit are not what they
  ///     should be
  public Page page(String application, @Nullable String cursor, @Nullable Duration last, int limit)
      throws IOException {
    throw new UnsupportedOperationException();
  }

  /// The last lines of one source, the oldest first.
  ///
  /// @param source the name of a run, or an executor's identifier
  public List<LogLine> tail(String application, String version, String source, int lines)
      throws IOException {
    throw new UnsupportedOperationException();
  }

  /// A page.
  ///
  /// @param end           whether there is nothing more at the moment
  /// @param body          the lines, as people read them
  /// @param nextTimestamp where the next page begins; opaque
  public record Page(boolean end, String body, String nextTimestamp) {}
}
