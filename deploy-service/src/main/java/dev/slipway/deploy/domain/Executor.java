package dev.slipway.deploy.domain;

import dev.slipway.common.id.Identifiers;
import java.time.Instant;
import org.jspecify.annotations.Nullable;

/// One running process group of a version. Why it runs is its duty; whether it does is observed.
///
/// @param id        `exe_…`
/// @param host      where its ports are
/// @param port      of the application
/// @param adminPort of the SDK's admin server
/// @param since     when it got this duty
/// @param up        whether it was healthy when last looked at; absent before the first look
/// @param reason    why it was not, in words
public record Executor(
    String id,
    String application,
    String version,
    String host,
    int port,
    int adminPort,
    int memoryMib,
    Duty duty,
    Instant since,
    @Nullable Boolean up,
    @Nullable String reason,
    @Nullable Instant observedAt) {

  /// The identifier of one that an operation starts.
  ///
  /// @param number counts those of the operation, from 0
  public static String id(String version, String operation, int number) {
    return Identifiers.derived("exe", version, operation, String.valueOf(number));
  }

  /// What an executor is for.
  public enum Duty {
    /// Comes up, and serves nobody yet.
    STARTING,
    /// Requests go to it.
    SERVING,
    /// Its version was replaced; it ends when its workflows have.
    DRAINING
  }
}
