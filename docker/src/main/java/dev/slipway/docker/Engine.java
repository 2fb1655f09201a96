package dev.slipway.docker;

import com.github.dockerjava.api.DockerClient;
import com.github.dockerjava.api.async.ResultCallback;
import com.github.dockerjava.api.command.BuildImageCmd;
import com.github.dockerjava.api.command.CreateContainerCmd;
import com.github.dockerjava.api.command.InspectContainerResponse;
import com.github.dockerjava.api.command.InspectImageResponse;
import com.github.dockerjava.api.command.InspectVolumeResponse;
import com.github.dockerjava.api.command.LogContainerCmd;
import com.github.dockerjava.api.exception.BadRequestException;
import com.github.dockerjava.api.exception.ConflictException;
import com.github.dockerjava.api.exception.DockerException;
import com.github.dockerjava.api.exception.NotFoundException;
import com.github.dockerjava.api.exception.NotModifiedException;
import com.github.dockerjava.api.model.BuildResponseItem;
import com.github.dockerjava.api.model.Container;
import com.github.dockerjava.api.model.ContainerConfig;
import com.github.dockerjava.api.model.ContainerMount;
import com.github.dockerjava.api.model.ContainerNetwork;
import com.github.dockerjava.api.model.Frame;
import com.github.dockerjava.api.model.ResponseItem;
import com.github.dockerjava.core.DefaultDockerClientConfig;
import com.github.dockerjava.core.DockerClientImpl;
import com.github.dockerjava.httpclient5.ApacheDockerHttpClient;
import dev.slipway.common.operation.DriverFailure;
import java.io.ByteArrayInputStream;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.util.Comparator;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.Callable;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicReference;
import java.util.function.Consumer;
import java.util.stream.Stream;
import org.apache.commons.compress.archivers.tar.TarArchiveEntry;
import org.apache.commons.compress.archivers.tar.TarArchiveInputStream;
import org.jspecify.annotations.Nullable;

/// All that is asked of a Docker engine; `docs/how-to/run-on-docker.md` has the list of requests.
///
/// What changes something shows the [Turns.Turn] of its subject and is refused when that was
/// overtaken. An interrupted call waits for the answer that is under way, so that nothing happens
/// after it has thrown.
public final class Engine implements AutoCloseable {

  private static final Duration LONGEST_ANSWER = Duration.ofSeconds(60);
  private static final Duration PORTS_COME_FREE = Duration.ofSeconds(3);
  private static final int LOOK_AGAIN_MILLIS = 200;
  private static final Duration LONGEST_FEED = Duration.ofSeconds(20);
  private static final String RED = "\u001b[91m";
  private static final String USUAL = "\u001b[0m";
  private static final int CONNECTIONS = 32;
  private static final int STREAMS = 1_000;

  private final DockerClient client;

  /// For what stays open as long as a container runs.
  private final DockerClient streams;

  private final String address;
  private final Consumer<String> observer;

  /// The client's sockets would hold the carriers of virtual threads.
  private final ExecutorService threads =
      Executors.newCachedThreadPool(Thread.ofPlatform().daemon().name("docker-", 1).factory());

  /// A container, as a list of them shows it.
  ///
  /// @param volumes  names of the volumes it has
  /// @param networks identifiers of the networks it is in
  public record Listed(
      String id,
      String name,
      boolean running,
      Map<String, String> labels,
      List<String> volumes,
      List<String> networks) {}

  /// A container, looked at.
  ///
  /// @param started  when its process was started last
  /// @param finished when it ended last
  /// @param image    identifier of the image it was made from
  /// @param folder   in which its process starts
  public record Seen(
      String id,
      String name,
      boolean running,
      boolean everStarted,
      String started,
      String finished,
      long exitCode,
      boolean outOfMemory,
      String image,
      String folder,
      Map<String, String> labels) {}

  /// An image with the names that it has; one without names is nobody's.
  public record Image(String id, List<String> names, Map<String, String> labels) {}

  /// What containers are made as that are told nothing else.
  ///
  /// @param command the words of the entry point and of the command
  /// @param volumes folders that are to be volumes
  public record Configuration(String folder, List<String> command, Set<String> volumes) {}

  /// A network with its labels and the addresses under which its containers reach, and are reached
  /// from, the engine's host.
  public record Network(
      String id, String name, Map<String, String> labels, List<String> gateways) {}

  public record Volume(String name, Map<String, String> labels) {}

  /// @param observer hears the name of every request before it is made; a test makes it fail there
  public Engine(String host, Consumer<String> observer) {
    DefaultDockerClientConfig.Builder builder =
        DefaultDockerClientConfig.createDefaultConfigBuilder();
    if (!host.isBlank()) {
      builder.withDockerHost(host);
    }
    DefaultDockerClientConfig configuration = builder.build();
    this.address = configuration.getDockerHost().toString();
    this.observer = observer;
    this.client = client(configuration, CONNECTIONS, LONGEST_ANSWER);
    this.streams = client(configuration, STREAMS, Duration.ZERO);
  }

  /// @param patience how long an answer may be silent; zero for as long as it takes
  private static DockerClient client(
      DefaultDockerClientConfig configuration, int connections, Duration patience) {
    return DockerClientImpl.getInstance(
        configuration,
        new ApacheDockerHttpClient.Builder()
            .dockerHost(configuration.getDockerHost())
            .sslConfig(configuration.getSSLConfig())
            .maxConnections(connections)
            .connectionTimeout(Duration.ofSeconds(5))
            .responseTimeout(patience)
            .build());
  }

  @Override
  public void close() {
    threads.shutdown();
    try {
      client.close();
      streams.close();
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  // ---- Looking

  public int processors() throws DriverFailure, InterruptedException {
    return call("info", () -> Objects.requireNonNullElse(client.infoCmd().exec().getNCPU(), 1));
  }

  public boolean hasImage(String image) throws DriverFailure, InterruptedException {
    return found("inspect image", () -> client.inspectImageCmd(image).exec()).isPresent();
  }

  /// @param image a name or an identifier
  public Optional<Image> image(String image) throws DriverFailure, InterruptedException {
    return found("inspect image", () -> client.inspectImageCmd(image).exec())
        .map(
            it ->
                new Image(
                    Objects.requireNonNullElse(it.getId(), image),
                    Objects.requireNonNullElse(it.getRepoTags(), List.of()),
                    it.getConfig() == null
                        ? Map.of()
                        : Objects.requireNonNullElse(it.getConfig().getLabels(), Map.of())));
  }

  /// @param image a name or an identifier
  public Optional<Configuration> configuration(String image)
      throws DriverFailure, InterruptedException {
    return found("inspect image", () -> client.inspectImageCmd(image).exec())
        .map(InspectImageResponse::getConfig)
        .map(
            it ->
                new Configuration(
                    folder(it),
                    Stream.of(it.getEntrypoint(), it.getCmd())
                        .filter(Objects::nonNull)
                        .flatMap(Stream::of)
                        .toList(),
                    it.getVolumes() == null ? Set.of() : Set.copyOf(it.getVolumes().keySet())));
  }

  public List<Image> images(Map<String, String> labels) throws DriverFailure, InterruptedException {
    return call(
        "list images",
        () ->
            client.listImagesCmd().withFilter("label", filters(labels)).exec().stream()
                .map(
                    it ->
                        new Image(
                            it.getId(),
                            names(it.getRepoTags()),
                            Objects.requireNonNullElse(it.getLabels(), Map.of())))
                .toList());
  }

  private static List<String> names(String @Nullable [] tags) {
    return tags == null
        ? List.of()
        : Stream.of(tags).filter(tag -> !tag.equals("<none>:<none>")).toList();
  }

  public List<Listed> containers(Map<String, String> labels)
      throws DriverFailure, InterruptedException {
    return call(
        "list containers",
        () ->
            client.listContainersCmd().withShowAll(true).withLabelFilter(labels).exec().stream()
                .map(Engine::listed)
                .toList());
  }

  private static Listed listed(Container it) {
    return new Listed(
        it.getId(),
        it.getNames()[0].replaceFirst("^/", ""),
        "running".equals(it.getState()) || "paused".equals(it.getState()),
        Objects.requireNonNullElse(it.getLabels(), Map.of()),
        Objects.requireNonNullElse(it.getMounts(), List.<ContainerMount>of()).stream()
            .map(ContainerMount::getName)
            .filter(Objects::nonNull)
            .toList(),
        it.getNetworkSettings() == null
            ? List.of()
            : it.getNetworkSettings().getNetworks().values().stream()
                .map(ContainerNetwork::getNetworkID)
                .filter(Objects::nonNull)
                .toList());
  }

  /// @param container identifier or name
  public Optional<Seen> inspect(String container) throws DriverFailure, InterruptedException {
    return found("inspect container", () -> client.inspectContainerCmd(container).exec())
        .map(Engine::seen);
  }

  private static Seen seen(InspectContainerResponse it) {
    InspectContainerResponse.ContainerState state = it.getState();
    String started = Objects.requireNonNullElse(state.getStartedAt(), "");
    return new Seen(
        it.getId(),
        it.getName().replaceFirst("^/", ""),
        Boolean.TRUE.equals(state.getRunning()),
        !started.isEmpty() && !started.startsWith("0001-"),
        started,
        Objects.requireNonNullElse(state.getFinishedAt(), ""),
        Objects.requireNonNullElse(state.getExitCodeLong(), 0L),
        Boolean.TRUE.equals(state.getOOMKilled()),
        it.getImageId(),
        folder(it.getConfig()),
        Objects.requireNonNullElse(it.getConfig().getLabels(), Map.of()));
  }

  private static String folder(ContainerConfig configuration) {
    String folder = Objects.requireNonNullElse(configuration.getWorkingDir(), "");
    return folder.isEmpty() ? "/" : folder;
  }

  public Optional<Volume> volume(String name) throws DriverFailure, InterruptedException {
    return found("inspect volume", () -> client.inspectVolumeCmd(name).exec()).map(Engine::volume);
  }

  public List<Volume> volumes(Map<String, String> labels)
      throws DriverFailure, InterruptedException {
    return call(
        "list volumes",
        () ->
            Objects.requireNonNullElse(
                    client
                        .listVolumesCmd()
                        .withFilter("label", filters(labels))
                        .exec()
                        .getVolumes(),
                    List.<InspectVolumeResponse>of())
                .stream()
                .map(Engine::volume)
                .toList());
  }

  private static Volume volume(InspectVolumeResponse it) {
    return new Volume(it.getName(), Objects.requireNonNullElse(it.getLabels(), Map.of()));
  }

  /// The oldest first.
  public List<Network> networks(Map<String, String> labels)
      throws DriverFailure, InterruptedException {
    return call(
        "list networks",
        () ->
            client.listNetworksCmd().withFilter("label", filters(labels)).exec().stream()
                .sorted(
                    Comparator.comparing(
                            com.github.dockerjava.api.model.Network::getCreated,
                            Comparator.nullsFirst(Comparator.naturalOrder()))
                        .thenComparing(com.github.dockerjava.api.model.Network::getId))
                .map(
                    it ->
                        new Network(
                            it.getId(),
                            it.getName(),
                            Objects.requireNonNullElse(it.getLabels(), Map.of()),
                            it.getIpam() == null || it.getIpam().getConfig() == null
                                ? List.of()
                                : it.getIpam().getConfig().stream()
                                    .map(configuration -> configuration.getGateway())
                                    .filter(Objects::nonNull)
                                    .toList()))
                .toList());
  }

  private static List<String> filters(Map<String, String> labels) {
    return labels.entrySet().stream().map(it -> it.getKey() + '=' + it.getValue()).toList();
  }

  /// What a file in a container holds, the volumes included; empty when there is none.
  public Optional<String> read(String container, String path)
      throws DriverFailure, InterruptedException {
    var text = new StringBuilder();
    return copyOut(
            container,
            path,
            archive -> {
              TarArchiveEntry entry = archive.getNextEntry();
              if (entry != null && !entry.isDirectory()) {
                text.append(new String(archive.readAllBytes(), StandardCharsets.UTF_8));
              }
            })
        ? Optional.of(text.toString())
        : Optional.empty();
  }

  /// Who is given a file or a folder of a container, as a tar archive.
  @FunctionalInterface
  public interface Receiver {
    void receive(TarArchiveInputStream archive) throws IOException;
  }

  /// A file or a folder of a container, with the volumes; a link is not followed.
  ///
  /// @return false when there is none
  public boolean copyOut(String container, String path, Receiver receiver)
      throws DriverFailure, InterruptedException {
    return found(
            "read from container",
            () -> {
              try (InputStream stream = client.copyArchiveFromContainerCmd(container, path).exec();
                  var archive = new TarArchiveInputStream(stream)) {
                receiver.receive(archive);
                // Otherwise the connection cannot be used again.
                stream.transferTo(OutputStream.nullOutputStream());
              }
              return true;
            })
        .orElse(false);
  }

  /// What a container wrote to its standard error since a moment.
  public List<String> errors(String container, String since)
      throws DriverFailure, InterruptedException {
    return lines(container, since, -1, false);
  }

  /// The last lines that a container wrote since a moment.
  public List<String> log(String container, String since, int lines)
      throws DriverFailure, InterruptedException {
    return lines(container, since, lines, true);
  }

  private List<String> lines(String container, String since, int last, boolean all)
      throws DriverFailure, InterruptedException {
    return call(
        "read log",
        () -> {
          var text = new ByteArrayOutputStream();
          var callback =
              new ResultCallback.Adapter<Frame>() {
                @Override
                public void onNext(Frame frame) {
                  text.writeBytes(frame.getPayload());
                }
              };
          LogContainerCmd command =
              client
                  .logContainerCmd(container)
                  .withStdOut(all)
                  .withStdErr(true)
                  .withSince((int) Instant.parse(since).getEpochSecond());
          (last < 0 ? command.withTailAll() : command.withTail(last))
              .exec(callback)
              .awaitCompletion();
          return text.toString(StandardCharsets.UTF_8).lines().toList();
        });
  }

  /// Who hears what a container writes.
  @FunctionalInterface
  public interface Listener {

    /// @param error whether it is from the standard error
    /// @param at    when the engine saw its beginning
    /// @param line  without its end
    void hear(boolean error, Instant at, String line);
  }

  /// Tells what a container has written since a moment, to the second, and goes on until it ends or
  /// the thread is interrupted.
  public void follow(String container, String since, Listener listener)
      throws DriverFailure, InterruptedException {
    observer.accept("follow log");
    var failure = new AtomicReference<@Nullable Throwable>();
    var lines = new WrittenLines(listener);
    try (var callback =
        new ResultCallback.Adapter<Frame>() {
          @Override
          public void onNext(Frame frame) {
            lines.add(frame);
          }

          @Override
          public void onError(Throwable thrown) {
            failure.compareAndSet(null, thrown);
            super.onError(thrown);
          }
        }) {
      streams
          .logContainerCmd(container)
          .withStdOut(true)
          .withStdErr(true)
          .withTimestamps(true)
          .withFollowStream(true)
          .withSince((int) Instant.parse(since).getEpochSecond())
          .exec(callback)
          .awaitCompletion();
    } catch (IOException e) {
      throw Refusals.failure("follow log", address, e);
    } catch (RuntimeException e) {
      failure.compareAndSet(null, e);
    }
    Throwable thrown = failure.get();
    if (thrown instanceof NotFoundException) {
      return;
    }
    if (thrown != null) {
      throw Refusals.failure("follow log", address, thrown);
    }
  }

  // ---- Changing

  /// Makes a container, and the volumes it names where they are missing.
  ///
  /// @return whether the name was free
  public boolean create(Turns.Turn turn, CreateContainerCmd command)
      throws DriverFailure, InterruptedException {
    return changed(turn, "create container", command::exec) == Change.DONE;
  }

  public CreateContainerCmd container(String image) {
    return client.createContainerCmd(image);
  }

  /// What became of a request.
  public enum Change {
    DONE,
    /// There is no such thing, or no longer under this name.
    MISSING,
    /// The name is taken, or the thing is in use.
    REFUSED
  }

  public Change rename(Turns.Turn turn, String container, String name)
      throws DriverFailure, InterruptedException {
    return changed(
        turn, "rename container", () -> client.renameContainerCmd(container).withName(name).exec());
  }

  /// @param archive of what is to be in the folder, as tar
  public Change write(Turns.Turn turn, String container, String folder, byte[] archive)
      throws DriverFailure, InterruptedException {
    return write(turn, container, folder, () -> new ByteArrayInputStream(archive));
  }

  /// @param archive a file with that
  public Change write(Turns.Turn turn, String container, String folder, Path archive)
      throws DriverFailure, InterruptedException {
    return write(turn, container, folder, () -> Files.newInputStream(archive));
  }

  private Change write(
      Turns.Turn turn, String container, String folder, Callable<InputStream> archive)
      throws DriverFailure, InterruptedException {
    return changed(
        turn,
        "write to container",
        () -> {
          try (InputStream stream = archive.call()) {
            return client
                .copyArchiveToContainerCmd(container)
                .withRemotePath(folder)
                .withTarInputStream(stream)
                .exec();
          }
        });
  }

  /// A port that is taken is tried again for a moment: an engine that was killed and comes back
  /// gives up what it had forwarded only then.
  public Change start(Turns.Turn turn, String container)
      throws DriverFailure, InterruptedException {
    Instant deadline = Instant.now().plus(PORTS_COME_FREE);
    while (true) {
      try {
        return startOnce(turn, container);
      } catch (DriverFailure.Permanent failure) {
        if (!failure.code().equals("port-taken") || Instant.now().isAfter(deadline)) {
          throw failure;
        }
      }
      Thread.sleep(LOOK_AGAIN_MILLIS);
    }
  }

  private Change startOnce(Turns.Turn turn, String container)
      throws DriverFailure, InterruptedException {
    return changed(turn, "start container", () -> client.startContainerCmd(container).exec());
  }

  /// Starts a container that reads its input, and gives it that. Nothing of it is kept anywhere.
  ///
  /// Whoever writes is connected before the container is started, so that one whose writer has died
  /// sees the end of its input instead of waiting for it.
  public Change start(Turns.Turn turn, String container, byte[] input)
      throws DriverFailure, InterruptedException {
    turn.check();
    var written = new CountDownLatch(1);
    var stream =
        new ByteArrayInputStream(input) {
          @Override
          public synchronized int read(byte[] buffer, int offset, int length) {
            int count = super.read(buffer, offset, length);
            if (count < 0) {
              written.countDown();
            }
            return count;
          }
        };
    observer.accept("attach to container");
    ResultCallback.Adapter<Frame> attached =
        streams
            .attachContainerCmd(container)
            .withStdIn(stream)
            .withFollowStream(true)
            .exec(new ResultCallback.Adapter<>());
    try {
      Change change = startOnce(turn, container);
      if (change == Change.DONE && !written.await(LONGEST_FEED.toSeconds(), TimeUnit.SECONDS)) {
        throw new DriverFailure.Transient(
            "engine-failed", "the Docker engine did not take what a container is to read");
      }
      return change;
    } finally {
      closed(attached);
    }
  }

  private static void closed(ResultCallback.Adapter<?> callback) {
    try {
      callback.close();
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  /// Ends what runs in it at once.
  public Change kill(Turns.Turn turn, String container) throws DriverFailure, InterruptedException {
    return changed(turn, "kill container", () -> client.killContainerCmd(container).exec());
  }

  /// Makes an image of what a container's files are now. What had this name is without it then.
  ///
  /// @param image with its tag
  public Change commit(Turns.Turn turn, String container, String image, Map<String, String> labels)
      throws DriverFailure, InterruptedException {
    int tag = image.lastIndexOf(':');
    return changed(
        turn,
        "commit container",
        () ->
            client
                .commitCmd(container)
                .withRepository(image.substring(0, tag))
                .withTag(image.substring(tag + 1))
                .withLabels(labels)
                .exec());
  }

  /// What is to be built.
  ///
  /// @param context    a file with the files, as tar, among them the Dockerfile of that name
  /// @param dockerfile its path in there
  /// @param image      what the image is to be called, with its tag
  /// @param labels     of that image
  /// @param network    that its commands are in
  /// @param memory     that they may use, in bytes
  /// @param shares     of the processors' time when it is short; everything else has 1,024
  /// @param processors the first so many, which they may use; 0 for all
  public record Recipe(
      Path context,
      String dockerfile,
      String image,
      Map<String, String> labels,
      Network network,
      long memory,
      int shares,
      int processors) {}

  /// Builds an image, and ends the build when the thread is interrupted or dies: the engine lives
  /// on nobody's behalf.
  ///
  /// @param listener hears what the build says, in pieces that need not be lines
  /// @return the status of the command that failed, or 1 where something else did; 0 when it is
  ///     built
  public int build(Turns.Turn turn, Recipe recipe, Consumer<String> listener)
      throws DriverFailure, InterruptedException {
    turn.check();
    observer.accept("build image");
    var failure = new AtomicReference<@Nullable Throwable>();
    var status = new AtomicInteger();
    BuildImageCmd command =
        streams
            .buildImageCmd()
            .withDockerfilePath(recipe.dockerfile())
            .withTags(Set.of(recipe.image()))
            .withLabels(recipe.labels())
            .withNetworkMode(recipe.network().id())
            .withMemory(recipe.memory())
            .withMemswap(recipe.memory())
            .withCpushares(Integer.toString(recipe.shares()))
            .withRemove(true)
            .withForcerm(true);
    if (recipe.processors() > 0) {
      command.withCpusetcpus("0-%d".formatted(recipe.processors() - 1));
    }
    try (InputStream context = Files.newInputStream(recipe.context());
        var callback =
            new ResultCallback.Adapter<BuildResponseItem>() {
              @Override
              public void onNext(BuildResponseItem item) {
                if (item.getStream() != null) {
                  listener.accept(plain(item.getStream()));
                }
                ResponseItem.ErrorDetail error = item.getErrorDetail();
                if (error != null) {
                  status.set(Objects.requireNonNullElse(error.getCode(), 1));
                  listener.accept(error.getMessage() + "\n");
                }
              }

              @Override
              public void onError(Throwable thrown) {
                failure.compareAndSet(null, thrown);
                super.onError(thrown);
              }
            }) {
      command.withTarInputStream(context).exec(callback).awaitCompletion();
    } catch (IOException | RuntimeException e) {
      failure.compareAndSet(null, e);
    }
    Throwable thrown = failure.get();
    if (thrown instanceof BadRequestException) {
      // What is no Dockerfile is refused before anything is built.
      listener.accept(Refusals.said(thrown) + "\n");
      return 1;
    }
    if (thrown != null) {
      throw Refusals.failure("build image", address, thrown);
    }
    return status.get();
  }

  /// Without the colour in which the engine gives what came from the standard error.
  private static String plain(String piece) {
    return piece.startsWith(RED) && piece.endsWith(USUAL)
        ? piece.substring(RED.length(), piece.length() - USUAL.length())
        : piece;
  }

  /// Gives an image one more name.
  public Change tag(String image, String name) throws DriverFailure, InterruptedException {
    int tag = name.lastIndexOf(':');
    return changed(
        null,
        "tag image",
        () -> client.tagImageCmd(image, name.substring(0, tag), name.substring(tag + 1)).exec());
  }

  /// Takes a name from an image, and removes the image where that was the last; refused then while
  /// a container uses it.
  public Change removeImage(String image) throws DriverFailure, InterruptedException {
    return changed(null, "remove image", () -> client.removeImageCmd(image).exec());
  }

  /// Politely first, with SIGKILL after so long.
  public Change stop(Turns.Turn turn, String container, Duration patience)
      throws DriverFailure, InterruptedException {
    return changed(
        turn,
        "stop container",
        () ->
            client
                .stopContainerCmd(container)
                .withTimeout((int) Math.max(1, patience.toSeconds()))
                .exec());
  }

  /// With SIGKILL where it runs, and with the volumes that have no name.
  public Change remove(Turns.Turn turn, String container)
      throws DriverFailure, InterruptedException {
    return changed(
        turn,
        "remove container",
        () -> client.removeContainerCmd(container).withForce(true).withRemoveVolumes(true).exec());
  }

  public Change removeVolume(Turns.Turn turn, String name)
      throws DriverFailure, InterruptedException {
    return changed(turn, "remove volume", () -> client.removeVolumeCmd(name).exec());
  }

  public Change createNetwork(String name, Map<String, String> labels)
      throws DriverFailure, InterruptedException {
    return changed(
        null,
        "create network",
        () ->
            client
                .createNetworkCmd()
                .withName(name)
                .withDriver("bridge")
                .withCheckDuplicate(true)
                .withLabels(labels)
                .exec());
  }

  /// Refused while a container uses it.
  public Change removeNetwork(String network) throws DriverFailure, InterruptedException {
    return changed(null, "remove network", () -> client.removeNetworkCmd(network).exec());
  }

  /// Refused where it is in the network already.
  public Change connect(String network, String container)
      throws DriverFailure, InterruptedException {
    return changed(
        null,
        "connect to network",
        () ->
            client.connectToNetworkCmd().withNetworkId(network).withContainerId(container).exec());
  }

  public Change disconnect(String network, String container)
      throws DriverFailure, InterruptedException {
    return changed(
        null,
        "disconnect from network",
        () ->
            client
                .disconnectFromNetworkCmd()
                .withNetworkId(network)
                .withContainerId(container)
                .withForce(true)
                .exec());
  }

  /// Pulls an image to its end, telling what comes in.
  void pull(
      String image,
      ResultCallback.Adapter<com.github.dockerjava.api.model.PullResponseItem> progress)
      throws InterruptedException {
    observer.accept("pull image");
    String name =
        image.contains("@") || image.lastIndexOf(':') > image.lastIndexOf('/')
            ? image
            : image + ":latest";
    client.pullImageCmd(name).exec(progress).awaitCompletion();
  }

  // ---- How it is asked

  private interface Request {
    @Nullable Object make() throws Exception;
  }

  private Change changed(Turns.@Nullable Turn turn, String what, Request request)
      throws DriverFailure, InterruptedException {
    if (turn != null) {
      turn.check();
    }
    return call(
        what,
        () -> {
          try {
            request.make();
            return Change.DONE;
          } catch (NotModifiedException already) {
            return Change.DONE;
          } catch (NotFoundException missing) {
            // Some engines call it so when they have no addresses left.
            if (what.equals("create network")
                || (Refusals.imageMissing(missing) && what.equals("create container"))) {
              throw missing;
            }
            return Change.MISSING;
          } catch (ConflictException refused) {
            return Change.REFUSED;
          } catch (DockerException failure) {
            if (Refusals.networkMissing(failure)) {
              return Change.MISSING;
            }
            if (Refusals.networkInUse(failure) || Refusals.connectedAlready(failure)) {
              return Change.REFUSED;
            }
            throw failure;
          }
        });
  }

  private <T> Optional<T> found(String what, Callable<T> request)
      throws DriverFailure, InterruptedException {
    return call(
        what,
        () -> {
          try {
            return Optional.of(request.call());
          } catch (NotFoundException missing) {
            return Optional.empty();
          }
        });
  }

  private <T> T call(String what, Callable<T> request) throws DriverFailure, InterruptedException {
    observer.accept(what);
    Future<T> answer = threads.submit(request);
    boolean interrupted = false;
    try {
      while (true) {
        try {
          T result = answer.get();
          if (interrupted) {
            throw new InterruptedException();
          }
          return result;
        } catch (InterruptedException e) {
          if (answer.isDone()) {
            throw e;
          }
          // What was asked for may still happen; nobody is told that it ended before it has.
          interrupted = true;
        }
      }
    } catch (ExecutionException e) {
      if (interrupted) {
        throw (InterruptedException) new InterruptedException().initCause(e);
      }
      throw Refusals.failure(what, address, Objects.requireNonNullElse(e.getCause(), e));
    }
  }
}
