package dev.slipway.deploy.driver.docker;

import dev.slipway.common.docker.PromisedEngine;
import dev.slipway.common.driver.HostPorts;
import dev.slipway.common.id.Identifiers;
import dev.slipway.common.operation.DriverFailure;
import dev.slipway.common.operation.Epochs;
import dev.slipway.common.operation.Fence;
import dev.slipway.docker.Engine;
import dev.slipway.docker.Names;
import dev.slipway.docker.Reach;
import dev.slipway.docker.Turns;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.InstantSource;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.stream.Stream;

/// An installation of its own on the machine's Docker engine; nothing of it is left when it
/// closes.
class DockerInstallation implements AutoCloseable {

  static final String IMAGE =
      Objects.requireNonNullElse(
          System.getenv("SLIPWAY_DOCKER_NODE_IMAGE"), "node:20-bookworm-slim");

  final String installation = Identifiers.next("inst");
  final Names names = new Names(installation);
  final Engine engine = new Engine("", request -> {});
  final Path folder;

  /// Skips the tests that need an engine where there is none, with the reason; where one was
  /// promised (`SLIPWAY_TEST_ENGINE=required`), they fail.
  DockerInstallation() {
    requireEngine();
    try {
      folder = Files.createTempDirectory("slipway-docker-runtime-");
      Files.writeString(folder.resolve("ca.pem"), "the authority of a test\n");
      Files.writeString(folder.resolve("machine.pem"), "an authority of the machine");
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  private void requireEngine() {
    try {
      if (!engine.hasImage(IMAGE)) {
        PromisedEngine.missing("the Docker engine has no image " + IMAGE);
      }
    } catch (DriverFailure failure) {
      PromisedEngine.missing("there is no Docker engine to test with: " + failure.getMessage());
    } catch (InterruptedException e) {
      throw new IllegalStateException(e);
    }
  }

  /// Where applications have their logs.
  Path applications() {
    return folder.resolve("applications");
  }

  /// A runtime of it, as one process of the service has.
  DockerApplicationRuntime open(HostPorts ports, Owners owners, Epochs epochs) {
    return DockerApplicationRuntime.open(
        new DockerRuntimeSettings(
            "",
            installation,
            Reach.PUBLISHED,
            ports,
            IMAGE,
            "python:3.12-slim-bookworm",
            applications(),
            folder.resolve("ca.pem"),
            folder.resolve("machine.pem"),
            1),
        owners,
        epochs,
        InstantSource.system());
  }

  /// What the engine has with these labels, by kind and name.
  List<String> onEngine(Map<String, String> labels) throws DriverFailure, InterruptedException {
    var found = new ArrayList<String>();
    engine.containers(labels).forEach(it -> found.add("container " + it.name()));
    engine.images(labels).forEach(it -> found.add("image " + it.id() + it.names()));
    engine.volumes(labels).forEach(it -> found.add("volume " + it.name()));
    engine.networks(labels).forEach(it -> found.add("network " + it.name()));
    return found;
  }

  @Override
  public void close() {
    try (Turns.Turn turn = new Turns().enter(new Fence("all", 1))) {
      for (Engine.Listed container : engine.containers(names.everything())) {
        engine.remove(turn, container.name());
      }
      for (Engine.Volume volume : engine.volumes(names.everything())) {
        engine.removeVolume(turn, volume.name());
      }
      for (Engine.Image image : engine.images(names.everything())) {
        for (String name : image.names().isEmpty() ? List.of(image.id()) : image.names()) {
          engine.removeImage(name);
        }
      }
      for (Engine.Network network : engine.networks(names.everything())) {
        engine.removeNetwork(network.id());
      }
      engine.close();
      try (Stream<Path> files = Files.walk(folder)) {
        for (Path file : files.sorted(Comparator.reverseOrder()).toList()) {
          Files.delete(file);
        }
      }
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    } catch (InterruptedException | DriverFailure e) {
      throw new IllegalStateException(e);
    }
  }
}
