package dev.slipway.deploy.api;

import dev.slipway.common.operation.OperationView;
import dev.slipway.common.operation.OperationView.StepView;
import dev.slipway.common.operation.api.StepOutput;
import dev.slipway.deploy.domain.Blueprint;
import dev.slipway.deploy.log.LogLine;
import dev.slipway.deploy.log.LogReader;
import dev.slipway.deploy.persistence.ApplicationViews;
import jakarta.inject.Inject;
import jakarta.inject.Singleton;
import java.io.IOException;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Optional;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/// The last line of an install, a build or a migration that runs. It was masked before it was
/// stored.
@Singleton
final class RunningOutput implements StepOutput {

  private static final Logger LOG = LoggerFactory.getLogger(RunningOutput.class);
  private static final int LONGEST = 500;

  private final LogReader logs;
  private final ApplicationViews views;

  @Inject
  RunningOutput(LogReader logs, ApplicationViews views) {
    this.logs = logs;
    this.views = views;
  }

  @Override
  public Optional<String> lastLine(OperationView operation, StepView running) {
    Instant since = running.startedAt();
    Optional<String> version = views.versionOf(operation.id());
    if (since == null || version.isEmpty() || !operation.subject().startsWith("app_")) {
      return Optional.empty();
    }
    List<LogLine> last = new ArrayList<>();
    try {
      for (Blueprint.Run run : Blueprint.Run.values()) {
        last.addAll(logs.tail(operation.subject(), version.get(), run.word(), 1));
      }
    } catch (IOException unreadable) {
      LOG.warn("{}: what its step writes cannot be read", operation.id(), unreadable);
      return Optional.empty();
    }
    return last.stream()
        .filter(line -> !line.at().isBefore(since))
        .max(Comparator.comparing(LogLine::at))
        .map(LogLine::text)
        .map(text -> text.length() <= LONGEST ? text : text.substring(0, LONGEST));
  }
}
