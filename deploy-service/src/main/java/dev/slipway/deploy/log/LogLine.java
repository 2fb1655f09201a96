package dev.slipway.deploy.log;

import java.time.Instant;

/// One line that an application, or a command of its deploy, has written.
///
/// Runtimes keep lines in files below `APPLICATIONS/app_…/log/`, one file for each source,
/// `VERSION.SOURCE.log`, rotated to `VERSION.SOURCE.log.1` and so on, each line as
/// `2026-01-31T12:00:00.123456Z text`, in UTC with up to nine digits, in the order in which they
/// were written.
///
/// @param source the executor's identifier, or the name of a command's run
public record LogLine(Instant at, String version, String source, String text) {}
