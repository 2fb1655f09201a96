package dev.slipway.cli.chaos;

import java.time.Duration;
import java.util.Locale;

/// One thing that is broken.
///
/// @param at   since the faults began
/// @param pick chooses among the processes that are there: the remainder by their number
/// @param held how long a paused process stays paused; zero otherwise
record Fault(Duration at, Kind kind, Target target, int pick, Duration held) {

  /// What is done to a process.
  enum Kind {
    /// SIGKILL.
    KILL,
    /// SIGSTOP, and SIGCONT later.
    PAUSE,
    /// SIGTERM.
    RESTART
  }

  /// To whom.
  enum Target {
    ACCOUNT_SERVICE,
    INSTANCE_SERVICE,
    DEPLOY_SERVICE,
    GATEWAY,
    /// The JVM that has Kafka in it and looks after the control Postgres.
    LOCAL_STACK,
    /// Its first process.
    CONTROL_POSTGRES,
    /// One of its connections.
    CONTROL_BACKEND,
    /// The first process of an instance.
    POSTMASTER,
    /// A connection to an instance.
    BACKEND,
    /// What starts an application again.
    SUPERVISOR,
    /// An application's own process.
    SERVER,
    /// What runs a migration or its undoing.
    COMMAND;

    /// `account-service`.
    String word() {
      return name().toLowerCase(Locale.ROOT).replace('_', '-');
    }

    /// Whether the launcher looks after it.
    boolean service() {
      return compareTo(LOCAL_STACK) <= 0;
    }
  }

  String words() {
    return "%s %s #%d%s"
        .formatted(
            kind.name().toLowerCase(Locale.ROOT),
            target.word(),
            pick,
            held.isZero() ? "" : " for " + held.toMillis() + " ms");
  }
}
