package dev.slipway.docker;

import com.github.dockerjava.api.model.Capability;
import com.github.dockerjava.api.model.HostConfig;
import com.github.dockerjava.api.model.LogConfig;
import com.github.dockerjava.api.model.RestartPolicy;
import dev.slipway.common.operation.DriverFailure;
import dev.slipway.docker.Engine.Network;
import java.util.List;
import java.util.Map;

/// What a container of an organization's may: next to nothing. It has no capability and gains none,
/// no file of the host, the network of its organization alone, and limits on all it can use up.
/// Nothing restarts it behind the platform's back.
public final class Confinement {

  private static final long PROCESSES = 512;
  private static final long NANO = 1_000_000_000L;

  private final Engine engine;
  private final double cpus;
  private final int oomScore;
  private final LogConfig log;
  private volatile int processors;

  /// @param cpus      processors that each container may use, as far as the engine has them
  /// @param oomScore  what the kernel ends first when memory is short: 0 as everything else, up to
  ///     1000 before all else
  /// @param megabytes how long one file of what it writes may be
  /// @param files     how many of those the engine keeps
  public Confinement(Engine engine, double cpus, int oomScore, int megabytes, int files) {
    this.engine = engine;
    this.cpus = cpus;
    this.oomScore = oomScore;
    this.log =
        new LogConfig(
            LogConfig.LoggingType.JSON_FILE,
            Map.of("max-size", megabytes + "m", "max-file", Integer.toString(files)));
  }

  /// @param memory what all of its processes may use together, in bytes; 0 for no limit
  public HostConfig of(Network network, long memory) throws DriverFailure, InterruptedException {
    HostConfig host =
        HostConfig.newHostConfig()
            .withNetworkMode(network.id())
            .withCapDrop(Capability.ALL)
            .withSecurityOpts(List.of("no-new-privileges"))
            .withNanoCPUs((long) (Math.min(cpus, processors()) * NANO))
            .withPidsLimit(PROCESSES)
            .withRestartPolicy(RestartPolicy.noRestart())
            .withOomScoreAdj(oomScore)
            .withLogConfig(log);
    return memory > 0 ? host.withMemory(memory).withMemorySwap(memory) : host;
  }

  /// How many a build may use, of which only whole ones can be counted; 0 for all there are.
  public int wholeProcessors() throws DriverFailure, InterruptedException {
    int whole = (int) Math.max(1, Math.floor(cpus));
    return whole < processors() ? whole : 0;
  }

  /// How many the engine has.
  public int processors() throws DriverFailure, InterruptedException {
    if (processors == 0) {
      processors = engine.processors();
    }
    return processors;
  }
}
