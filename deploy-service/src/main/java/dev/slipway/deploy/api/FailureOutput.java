package dev.slipway.deploy.api;

import dev.slipway.common.operation.Cause;
import dev.slipway.common.operation.OperationView;
import dev.slipway.deploy.domain.Application;
import dev.slipway.deploy.domain.Blueprint;
import dev.slipway.deploy.log.LogLine;
import dev.slipway.deploy.log.LogReader;
import jakarta.enterprise.context.ApplicationScoped;
import jakarta.inject.Inject;
import java.io.IOException;
import java.util.List;
import java.util.Optional;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/// The last lines of what made an operation fail; the official command prints them below the
/// message. They were masked before they were stored.
@ApplicationScoped
class FailureOutput {

  private static final Logger LOG = LoggerFactory.getLogger(FailureOutput.class);
  private static final int LINES = 20;

  /// A roll back runs the commands of several versions, and its message names the one that failed.
  private static final Pattern VERSION = Pattern.compile("version ([0-9]{1,19})");

  private final LogReader logs;

  @Inject
  FailureOutput(LogReader logs) {
    this.logs = logs;
  }

  /// @param version that the operation was to bring up
  /// @return empty when no command has failed, or it has written nothing
  Optional<String> of(Application application, String version, OperationView failed) {
    Cause cause = failed.cause();
    if (cause == null) {
      return Optional.empty();
    }
    Optional<String> run =
        Stream.of(Blueprint.Run.values())
            .filter(candidate -> candidate.causes(cause.code()))
            .map(Blueprint.Run::word)
            .findFirst();
    if (run.isEmpty()) {
      return Optional.empty();
    }
    Matcher named = VERSION.matcher(cause.message());
    String whose = named.find() ? named.group(1) : version;
    try {
      List<LogLine> tail = logs.tail(application.id(), whose, run.get(), LINES);
      return tail.isEmpty()
          ? Optional.empty()
          : Optional.of(tail.stream().map(LogLine::text).collect(Collectors.joining("\n")));
    } catch (IOException unreadable) {
      // The cause itself is answered in any case.
      LOG.warn("{}: the output of {} cannot be read", failed.id(), run.get(), unreadable);
      return Optional.empty();
    }
  }
}
