package dev.slipway.instance.driver.docker;

import com.github.dockerjava.api.command.CreateContainerCmd;
import com.github.dockerjava.api.model.ExposedPort;
import com.github.dockerjava.api.model.HostConfig;
import com.github.dockerjava.api.model.Mount;
import com.github.dockerjava.api.model.MountType;
import com.github.dockerjava.api.model.PortBinding;
import com.github.dockerjava.api.model.Ports;
import com.github.dockerjava.api.model.VolumeOptions;
import dev.slipway.common.operation.DriverFailure;
import dev.slipway.docker.Confinement;
import dev.slipway.docker.Engine;
import dev.slipway.docker.Engine.Network;
import dev.slipway.docker.Engine.Volume;
import dev.slipway.docker.Names;
import dev.slipway.docker.Turns.Turn;
import dev.slipway.instance.driver.InstanceSpecification;
import java.util.HashMap;
import java.util.List;
import java.util.Map;

/// What a server's container is like: what it may, what it is told, what it is limited to. One that
/// was made with other settings is made anew when it is started next.
final class ServerContainer {

  static final int POSTGRES = 5432;

  /// Changes with what is written here.
  private static final String RECIPE = "3";

  private static final Map<String, String> TEMPORARY =
      Map.of("/tmp", "rw,noexec,nosuid,nodev,size=64m,mode=1777");

  private final DockerDriverSettings settings;
  private final Names names;
  private final Engine engine;
  private final Confinement confinement;

  ServerContainer(
      DockerDriverSettings settings, Names names, Engine engine, Confinement confinement) {
    this.settings = settings;
    this.names = names;
    this.engine = engine;
    this.confinement = confinement;
  }

  /// The request that makes the container of an instance, and its volume where there is none.
  CreateContainerCmd command(
      Turn turn, InstanceSpecification specification, String name, Network network)
      throws DriverFailure, InterruptedException {
    Map<String, String> labels =
        names.labels(
            specification.organization(), Names.INSTANCE, specification.instance(), turn.epoch());
    var withRecipe = new HashMap<>(labels);
    withRecipe.put(Names.RECIPE, recipe(specification, network));
    HostConfig host =
        confinement
            .of(network, settings.memory())
            .withPortBindings(
                new PortBinding(
                    Ports.Binding.bindIpAndPort(
                        settings.publishAddress(), specification.endpoint().port()),
                    ExposedPort.tcp(POSTGRES)))
            .withMounts(List.of(mount(new Volume(names.volume(specification.instance()), labels))))
            .withTmpFs(TEMPORARY)
            .withReadonlyRootfs(true);
    return engine
        .container(settings.image())
        .withName(name)
        .withAliases(Names.host(specification.instance()))
        .withUser("postgres")
        .withCmd("sh", ServerFiles.RUN)
        .withExposedPorts(ExposedPort.tcp(POSTGRES))
        .withStopSignal("SIGINT")
        .withLabels(withRecipe)
        .withHostConfig(host);
  }

  /// The request that makes a container for a volume that has lost its own; it is never started.
  CreateContainerCmd keeper(String name, Volume data) {
    return engine
        .container(settings.image())
        .withName(name)
        .withLabels(data.labels())
        .withHostConfig(
            HostConfig.newHostConfig().withNetworkMode("none").withMounts(List.of(mount(data))));
  }

  private static Mount mount(Volume data) {
    return new Mount()
        .withType(MountType.VOLUME)
        .withSource(data.name())
        .withTarget(ServerFiles.VOLUME)
        // What the image has there is nothing that the server needs.
        .withVolumeOptions(new VolumeOptions().withLabels(data.labels()).withNoCopy(true));
  }

  /// A word that changes when the container would be another one.
  String recipe(InstanceSpecification specification, Network network) {
    return Names.fingerprint(
            String.join(
                "\n",
                RECIPE,
                settings.image(),
                settings.publishAddress(),
                Integer.toString(specification.endpoint().port()),
                Long.toString(settings.memory()),
                Double.toString(settings.cpus()),
                network.id()))
        .substring(0, 16);
  }
}
