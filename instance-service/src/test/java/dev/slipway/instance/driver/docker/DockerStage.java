package dev.slipway.instance.driver.docker;

import com.github.dockerjava.api.DockerClient;
import com.github.dockerjava.core.DefaultDockerClientConfig;
import com.github.dockerjava.core.DockerClientImpl;
import com.github.dockerjava.httpclient5.ApacheDockerHttpClient;
import dev.slipway.common.docker.PromisedEngine;
import dev.slipway.common.driver.Found;
import dev.slipway.common.driver.HostPorts;
import dev.slipway.common.id.Identifiers;
import dev.slipway.common.operation.DriverFailure;
import dev.slipway.common.operation.Epochs;
import dev.slipway.common.operation.Fence;
import dev.slipway.common.operation.RaisedEpochs;
import dev.slipway.docker.Engine;
import dev.slipway.docker.Names;
import dev.slipway.docker.Reach;
import dev.slipway.docker.Turns;
import dev.slipway.instance.driver.InstanceDriver;
import dev.slipway.instance.driver.InstanceSpecification;
import dev.slipway.instance.driver.TestAuthority;
import dev.slipway.instance.driver.TestPasswords;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.sql.Connection;
import java.sql.DriverManager;
import java.sql.SQLException;
import java.time.Duration;
import java.time.InstantSource;
import java.util.Collection;
import java.util.List;
import java.util.Objects;
import java.util.Properties;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.function.Consumer;

/// An installation of its own on the machine's Docker engine; nothing of it is left when it
/// closes.
///
/// Epochs are raised before an act, as the kernel does in the control database.
final class DockerStage implements AutoCloseable {

  static final String ORGANIZATION = "org_of_tests";
  static final String IMAGE =
      Objects.requireNonNullElse(System.getenv("SLIPWAY_DOCKER_IMAGE"), "postgres:18");
  private static final HostPorts PORTS = new HostPorts("localhost", 24_000, 24_999);

  final String installation = Identifiers.next("inst");
  private final RaisedEpochs epochs = new RaisedEpochs();
  final Names names = new Names(installation);
  final Engine engine;

  /// What people do beside the platform.
  final DockerClient client;
  final TestAuthority authority;
  final InstanceDriver driver;
  private final String host;
  private final Path folder;
  private final Collection<DockerInstanceDriver> opened = new ConcurrentLinkedQueue<>();

  /// Skips the tests that need an engine where there is none, with the reason; where one was
  /// promised (`SLIPWAY_TEST_ENGINE=required`), they fail.
  DockerStage() {
    this("");
  }

  /// @param host another engine than the machine's
  DockerStage(String host) {
    this.host = host;
    this.engine = new Engine(host, request -> {});
    this.client = client(host);
    requireEngine();
    try {
      folder = Files.createTempDirectory("slipway-docker-");
      authority = new TestAuthority(folder);
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
    driver = open();
  }

  private static DockerClient client(String host) {
    DefaultDockerClientConfig.Builder builder =
        DefaultDockerClientConfig.createDefaultConfigBuilder();
    if (!host.isEmpty()) {
      builder.withDockerHost(host);
    }
    DefaultDockerClientConfig configuration = builder.build();
    return DockerClientImpl.getInstance(
        configuration,
        new ApacheDockerHttpClient.Builder().dockerHost(configuration.getDockerHost()).build());
  }

  private void requireEngine() {
    try {
      if (engine.hasImage(IMAGE)) {
        return;
      }
      PromisedEngine.missing("the Docker engine has no image " + IMAGE);
    } catch (DriverFailure failure) {
      PromisedEngine.missing("there is no Docker engine to test with: " + failure.getMessage());
    } catch (InterruptedException e) {
      throw new IllegalStateException(e);
    }
  }

  /// A driver without anything around it, for what answers in the place of an engine, or does not.
  static DockerInstanceDriver at(String host, String image, Path folder) throws IOException {
    return DockerInstanceDriver.open(
        DockerDriverSettings.of(
            host, image, "one", "127.0.0.1", PORTS, 512L << 20, 1, Reach.PUBLISHED),
        new TestAuthority(folder),
        TestPasswords::derive,
        subject -> 0L,
        InstantSource.system());
  }

  DockerDriverSettings settings() {
    return new DockerDriverSettings(
        host,
        IMAGE,
        installation,
        "127.0.0.1",
        PORTS,
        512L << 20,
        1,
        Reach.PUBLISHED,
        Duration.ofMillis(500),
        Duration.ofSeconds(5));
  }

  static DockerDriverSettings withHost(DockerDriverSettings usual, String host) {
    return with(usual, host, usual.image());
  }

  static DockerDriverSettings withImage(DockerDriverSettings usual, String image) {
    return with(usual, usual.host(), image);
  }

  private static DockerDriverSettings with(DockerDriverSettings usual, String host, String image) {
    return new DockerDriverSettings(
        host,
        image,
        usual.installation(),
        usual.publishAddress(),
        usual.ports(),
        usual.memory(),
        usual.cpus(),
        usual.reach(),
        usual.signInInterval(),
        usual.stopPatience());
  }

  /// Another driver on the same engine, as after a restart of the service or in another replica.
  InstanceDriver open() {
    return open(settings(), request -> {});
  }

  /// @param observer hears of every request to the engine before it is made
  InstanceDriver open(DockerDriverSettings settings, Consumer<String> observer) {
    DockerInstanceDriver made =
        DockerInstanceDriver.open(
            settings, authority, TestPasswords::derive, epochs, InstantSource.system(), observer);
    opened.add(made);
    return epochs.raising(InstanceDriver.class, made);
  }

  /// One whose epochs are raised elsewhere.
  DockerInstanceDriver replica(DockerDriverSettings settings, Epochs elsewhere) {
    DockerInstanceDriver made =
        DockerInstanceDriver.open(
            settings, authority, TestPasswords::derive, elsewhere, InstantSource.system());
    opened.add(made);
    return made;
  }

  InstanceSpecification specification() {
    return specification(ORGANIZATION);
  }

  InstanceSpecification specification(String organization) {
    String instance = Identifiers.next("ins");
    return new InstanceSpecification(
        instance, organization, driver.freeEndpoints(instance).findFirst().orElseThrow());
  }

  static Fence fence(InstanceSpecification specification, long epoch) {
    return new Fence(specification.instance(), epoch);
  }

  Connection connect(InstanceSpecification specification, String user, String password)
      throws SQLException {
    return connect(specification, user, password, "verify-full");
  }

  Connection connect(
      InstanceSpecification specification, String user, String password, String sslMode)
      throws SQLException {
    var properties = new Properties();
    properties.setProperty("user", user);
    properties.setProperty("password", password);
    properties.setProperty("sslmode", sslMode);
    properties.setProperty("sslrootcert", authority.authority().toString());
    properties.setProperty("connectTimeout", "5");
    properties.setProperty("socketTimeout", "10");
    return DriverManager.getConnection(
        "jdbc:postgresql://" + specification.endpoint() + "/postgres", properties);
  }

  @Override
  public void close() {
    try {
      for (Found found : driver.inventory()) {
        if (!found.resource().kind().equals("trash")) {
          driver.destroy(new Fence(found.subject(), 1_000_000), found.subject(), List.of());
        }
      }
      var turns = new Turns();
      for (Engine.Listed listed : engine.containers(names.everything())) {
        try (Turns.Turn turn = turns.enter(new Fence("trash", 1))) {
          engine.remove(turn, listed.name());
          for (String volume : listed.volumes()) {
            engine.removeVolume(turn, volume);
          }
        }
      }
      driver.prepare();
      opened.forEach(DockerInstanceDriver::close);
      engine.close();
      client.close();
      Files.deleteIfExists(authority.authority());
      Files.delete(folder);
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    } catch (InterruptedException | DriverFailure e) {
      throw new IllegalStateException(e);
    }
  }
}
