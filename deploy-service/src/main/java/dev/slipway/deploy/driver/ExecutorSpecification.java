package dev.slipway.deploy.driver;

import dev.slipway.common.driver.Endpoint;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.regex.Pattern;

/// An executor to keep running: started again with back-off whenever it ends, until it is stopped.
///
/// @param executor    `exe_` and 26 characters
/// @param endpoint    where the application will listen, whatever port it asks for
/// @param admin       where its admin server will listen
/// @param start       run by a shell, one after the other; none where its own Dockerfile says
/// @param environment the whole environment, but for what the runtime itself adds
/// @param secrets     values that are masked in what it writes, before that is stored
/// @param memoryMib   the most each of its processes may use
/// @param adminToken  what the admin port asks for in `X-Slipway-Admin`; nobody else gets in
/// @param adminHealth whether the admin port tells when it is healthy; accepting a connection does
///     otherwise
public record ExecutorSpecification(
    VersionReference version,
    String executor,
    Endpoint endpoint,
    Endpoint admin,
    List<String> start,
    Map<String, String> environment,
    Set<String> secrets,
    int memoryMib,
    String adminToken,
    boolean adminHealth) {

  private static final Pattern EXECUTOR = Pattern.compile("exe_[0-9a-z]{26}");

  public ExecutorSpecification {
    start = List.copyOf(start);
    environment = Map.copyOf(environment);
    secrets = Set.copyOf(secrets);
    requireExecutor(executor);
  }

  /// @throws IllegalArgumentException when this is not an executor's identifier
  public static String requireExecutor(String executor) {
    if (!EXECUTOR.matcher(executor).matches()) {
      throw new IllegalArgumentException("not the identifier of an executor");
    }
    return executor;
  }

  /// Without commands, environment and token, which are or hold secrets.
  @Override
  public String toString() {
    return "ExecutorSpecification[" + version + ' ' + executor + ' ' + endpoint + ']';
  }
}
