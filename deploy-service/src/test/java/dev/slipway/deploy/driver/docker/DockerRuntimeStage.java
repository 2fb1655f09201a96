package dev.slipway.deploy.driver.docker;

import com.github.dockerjava.api.DockerClient;
import com.github.dockerjava.core.DefaultDockerClientConfig;
import com.github.dockerjava.core.DockerClientImpl;
import com.github.dockerjava.httpclient5.ApacheDockerHttpClient;
import dev.slipway.common.driver.HostPorts;
import dev.slipway.common.operation.DriverFailure;
import dev.slipway.common.operation.Fence;
import dev.slipway.common.operation.RaisedEpochs;
import dev.slipway.deploy.driver.ApplicationRuntime;
import dev.slipway.deploy.driver.VersionReference;
import dev.slipway.docker.Engine;
import dev.slipway.docker.Names;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.ConcurrentHashMap;

/// An installation with two runtimes.
///
/// Epochs are raised before an act, as the kernel does in the control database.
final class DockerRuntimeStage extends DockerInstallation {

  static final String ORGANIZATION = "org_of_tests";

  /// Whose an application is, where it is not the one organization's.
  final Map<String, String> owners = new ConcurrentHashMap<>();

  final ApplicationRuntime runtime;

  /// As of another replica, or after a restart of the service.
  final ApplicationRuntime another;

  /// For what the driver does not ask of the engine.
  final DockerClient client;

  private final RaisedEpochs epochs = new RaisedEpochs();
  private final List<DockerApplicationRuntime> opened = new ArrayList<>();

  DockerRuntimeStage() {
    runtime = open();
    another = open();
    DefaultDockerClientConfig configuration =
        DefaultDockerClientConfig.createDefaultConfigBuilder().build();
    client =
        DockerClientImpl.getInstance(
            configuration,
            new ApacheDockerHttpClient.Builder().dockerHost(configuration.getDockerHost()).build());
  }

  static Fence fence(VersionReference version, long epoch) {
    return new Fence(version.application(), epoch);
  }

  /// Gives a version its folder, with these files.
  void adopt(VersionReference version, Map<String, String> files)
      throws IOException, DriverFailure, InterruptedException {
    Path unpacked = Files.createTempDirectory(folder, "unpacked-");
    for (Map.Entry<String, String> file : files.entrySet()) {
      Files.writeString(unpacked.resolve(file.getKey()), file.getValue());
    }
    runtime.adopt(fence(version, 1), version, unpacked);
  }

  ApplicationRuntime open() {
    DockerApplicationRuntime made =
        open(
            new HostPorts("127.0.0.1", 25_000, 25_999),
            application -> owners.getOrDefault(application, ORGANIZATION),
            epochs);
    opened.add(made);
    return epochs.raising(ApplicationRuntime.class, made);
  }

  @Override
  public void close() {
    opened.forEach(DockerApplicationRuntime::close);
    try {
      client.close();
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    } finally {
      super.close();
    }
  }

  /// The one container of an executor.
  Optional<Engine.Seen> container(String executor) throws DriverFailure, InterruptedException {
    List<Engine.Listed> found =
        engine.containers(
            Map.of(Names.INSTALLATION, installation, ExecutorContainers.ID, executor));
    return found.isEmpty() ? Optional.empty() : engine.inspect(found.getFirst().id());
  }
}
