package dev.slipway.deploy.api;

import dev.slipway.common.operation.Cause;
import dev.slipway.common.operation.OperationView;
import dev.slipway.deploy.domain.Application;
import dev.slipway.deploy.domain.Blueprint;
import dev.slipway.deploy.domain.Executor;
import dev.slipway.deploy.log.LogLine;
import dev.slipway.deploy.log.LogReader;
import dev.slipway.deploy.operation.Serving;
import jakarta.enterprise.context.ApplicationScoped;
import jakarta.inject.Inject;
import java.io.IOException;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/// The last lines of what made an operation fail; the official command prints them below the
/// message. They were masked before they were stored.
@ApplicationScoped
class FailureOutput {

  private static final Logger LOG = LoggerFactory.getLogger(FailureOutput.class);
  private static final int LINES = 20;
  private static final Set<String> EXECUTORS = Set.of(Serving.START_FAILED, Serving.UNHEALTHY);

  /// A roll back runs the commands of several versions, and its message names the one that failed.
  private static final Pattern VERSION = Pattern.compile("version ([0-9]{1,19})");

  private final LogReader logs;

  @Inject
  FailureOutput(LogReader logs) {
    this.logs = logs;
  }

  /// @param version that the operation was to bring up
  /// @return empty when nothing of the application has failed, or it has written nothing
  Optional<String> of(Application application, String version, OperationView failed) {
    Cause cause = failed.cause();
    if (cause == null) {
      return Optional.empty();
    }
    Matcher named = VERSION.matcher(cause.message());
    String whose = named.find() ? named.group(1) : version;
    List<LogLine> lines = new ArrayList<>();
    try {
      for (String source : sources(application, version, failed.id(), cause)) {
        lines.addAll(logs.tail(application.id(), whose, source, LINES));
      }
    } catch (IOException unreadable) {
      // The cause itself is answered in any case.
      LOG.warn("{}: the output of {} cannot be read", failed.id(), cause.code(), unreadable);
      return Optional.empty();
    }
    lines.sort(Comparator.comparing(LogLine::at));
    return lines.isEmpty()
        ? Optional.empty()
        : Optional.of(
            lines.stream()
                .skip(Math.max(0, lines.size() - LINES))
                .map(LogLine::text)
                .collect(Collectors.joining("\n")));
  }

  /// Who has written what explains the failure: the command that failed, or the executors that came
  /// up and did not get healthy.
  private static List<String> sources(
      Application application, String version, String operation, Cause cause) {
    if (EXECUTORS.contains(cause.code())) {
      return IntStream.range(0, Math.max(1, application.minimumExecutors()))
          .mapToObj(number -> Executor.id(version, operation, number))
          .toList();
    }
    return Stream.of(Blueprint.Run.values())
        .filter(candidate -> candidate.causes(cause.code(), cause.message()))
        .map(Blueprint.Run::word)
        .toList();
  }
}
