package dev.slipway.deploy.api;

import dev.slipway.common.operation.OperationView;
import dev.slipway.common.operation.OperationView.StepView;
import dev.slipway.common.operation.api.StepOutput;
import dev.slipway.deploy.domain.Blueprint;
import dev.slipway.deploy.log.LogLine;
import dev.slipway.deploy.log.LogReader;
import jakarta.inject.Inject;
import jakarta.inject.Singleton;
import java.io.IOException;
import java.time.Instant;
import java.util.Optional;
import java.util.Set;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/// The last line of an install, a build, a migration or the undoing of one that runs. It was masked
/// before it was stored.
///
/// An application has one operation at a time, so what its commands write while a step runs is what
/// this step runs; a roll back runs those of several versions.
@Singleton
final class RunningOutput implements StepOutput {

  private static final Logger LOG = LoggerFactory.getLogger(RunningOutput.class);
  private static final int LONGEST = 500;
  private static final Set<String> RUNS =
      Stream.of(Blueprint.Run.values())
          .map(Blueprint.Run::word)
          .collect(Collectors.toUnmodifiableSet());

  private final LogReader logs;

  @Inject
  RunningOutput(LogReader logs) {
    this.logs = logs;
  }

  @Override
  public Optional<String> lastLine(OperationView operation, StepView running) {
    Instant since = running.startedAt();
    if (since == null || !operation.subject().startsWith("app_")) {
      return Optional.empty();
    }
    try {
      return logs.newest(operation.subject(), RUNS, since)
          .map(LogLine::text)
          .map(text -> text.length() <= LONGEST ? text : text.substring(0, LONGEST));
    } catch (IOException unreadable) {
      LOG.warn("{}: what its step writes cannot be read", operation.id(), unreadable);
      return Optional.empty();
    }
  }
}
