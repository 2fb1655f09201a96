package dev.slipway.instance.driver.docker;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import dev.slipway.common.docker.OwnEngine;
import dev.slipway.common.operation.Cause;
import dev.slipway.common.operation.KernelDatabase;
import dev.slipway.common.operation.OperationEngine;
import dev.slipway.common.operation.OperationKit;
import dev.slipway.common.operation.OperationView;
import dev.slipway.common.operation.Outcome;
import dev.slipway.instance.operation.ProvisionInstance;
import java.io.IOException;
import java.io.OutputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Objects;
import java.util.concurrent.TimeUnit;
import java.util.stream.LongStream;
import org.junit.jupiter.api.AutoClose;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestInstance;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/// What a person reads on the operation when the engine is not as it should be, and that nothing
/// half made is left.
@TestInstance(TestInstance.Lifecycle.PER_CLASS)
@Timeout(value = 15, unit = TimeUnit.MINUTES)
final class BadSurroundingsTest {

  private final KernelDatabase database = KernelDatabase.fresh();

  @AutoClose
  @SuppressWarnings("NullAway.Init") // set before the first test
  private DockerStage stage;

  @BeforeAll
  void open() {
    stage = new DockerStage();
  }

  private DockerRig rig(DockerDriverSettings settings) {
    return new DockerRig(ProvisionInstance.KIND, stage, settings, database);
  }

  private OperationEngine engine(DockerRig rig) {
    return OperationKit.engine(
        database, rig.operations(), "one", OperationEngine.Interruptions.NONE);
  }

  private OperationView provision(DockerRig rig) throws Exception {
    try (OperationEngine engine = engine(rig)) {
      OperationView end =
          engine.awaitEnd(OperationKit.id(engine.begin(rig.begin())), OperationKit.PATIENCE);
      assertThat(engine.openLedger(rig.subject)).isEmpty();
      return end;
    }
  }

  private static void assertUndone(OperationView end, String code, String... words) {
    assertThat(end.outcome()).as(end.toString()).isEqualTo(Outcome.UNDONE);
    Cause cause = Objects.requireNonNull(end.cause());
    assertThat(cause.code()).isEqualTo(code);
    assertThat(cause.toString()).contains(words);
  }

  @Test
  void engineThatIsNotThereIsWaitedForAndSaid(@TempDir Path folder) throws Exception {
    Path socket = folder.resolve("engine.sock");
    DockerRig rig = rig(DockerStage.withHost(stage.settings(), "unix://" + socket));
    try (OperationEngine engine = engine(rig)) {
      String operation = OperationKit.id(engine.begin(rig.begin()));
      await()
          .atMost(OperationKit.PATIENCE)
          .untilAsserted(
              () ->
                  assertThat(engine.view(operation).orElseThrow().waitingFor())
                      .contains("does not answer", socket.toString()));

      Files.createSymbolicLink(socket, Path.of("/var/run/docker.sock"));

      OperationView end = engine.awaitEnd(operation, OperationKit.PATIENCE);
      assertThat(end.succeeded()).as(end.toString()).isTrue();
    }
    rig.close();
    assertThat(rig.reality()).isEmpty();
  }

  @Test
  void imageOfARegistryThatDoesNotExistIsSaid() throws Exception {
    String image = "registry.invalid/postgres:18";
    DockerRig rig = rig(DockerStage.withImage(stage.settings(), image));

    OperationView end = provision(rig);

    assertUndone(end, "image-missing", image, "docker pull");
    assertThat(rig.reality()).isEmpty();
  }

  @Test
  void nameThatAForeignContainerHasIsSaidAndTheContainerStays() throws Exception {
    DockerRig rig = rig(stage.settings());
    // Whatever epoch it acts under.
    List<String> names =
        LongStream.rangeClosed(1, 9)
            .mapToObj(epoch -> stage.names.container(rig.subject, epoch))
            .toList();
    names.forEach(name -> stage.client.createContainerCmd(DockerStage.IMAGE).withName(name).exec());
    try {
      OperationView end = provision(rig);

      assertUndone(end, "foreign", "container", stage.names.volume(rig.subject));
      assertThat(rig.reality()).isEmpty();
      for (String name : names) {
        assertThat(stage.engine.inspect(name)).isPresent();
      }
    } finally {
      names.forEach(name -> stage.client.removeContainerCmd(name).withRemoveVolumes(true).exec());
    }
  }

  @Test
  void nameThatAForeignVolumeHasIsSaidAndTheVolumeStays() throws Exception {
    DockerRig rig = rig(stage.settings());
    String name = stage.names.volume(rig.subject);
    stage.client.createVolumeCmd().withName(name).exec();
    try {
      OperationView end = provision(rig);

      assertUndone(end, "foreign", "volume", name);
      assertThat(rig.reality()).isEmpty();
      assertThat(stage.engine.volume(name)).isPresent();
    } finally {
      stage.client.removeVolumeCmd(name).exec();
    }
  }

  @Test
  void nameThatAForeignNetworkHasIsSaidAndTheNetworkStays() throws Exception {
    try (var apart = new DockerStage()) {
      DockerRig rig = new DockerRig(ProvisionInstance.KIND, apart, apart.settings(), database);
      String name = apart.names.network(DockerStage.ORGANIZATION);
      String network = apart.client.createNetworkCmd().withName(name).exec().getId();
      try {
        OperationView end = provision(rig);

        assertUndone(end, "foreign", "network", name);
        assertThat(rig.reality()).isEmpty();
        assertThat(apart.client.inspectNetworkCmd().withNetworkId(network).exec().getName())
            .isEqualTo(name);
      } finally {
        apart.client.removeNetworkCmd(network).exec();
      }
    }
  }

  /// An engine of its own, on a disk that has room for the image and for no data.
  @Test
  void fullDiskIsSaidAndNothingIsLeftOnIt() throws Exception {
    try (OwnEngine own = OwnEngine.start(900, DockerStage.IMAGE);
        var apart = new DockerStage(own.host())) {
      List<String> before = own.everything();
      Path filling = own.data().resolve("filling");
      fill(filling);

      OperationView end =
          provision(new DockerRig(ProvisionInstance.KIND, apart, apart.settings(), database));

      assertUndone(end, "disk-full", "no space is left");
      assertThat(own.everything()).isEqualTo(before);

      Files.delete(filling);
      DockerRig again = new DockerRig(ProvisionInstance.KIND, apart, apart.settings(), database);
      assertThat(provisionedAndRemoved(again)).isTrue();
      assertThat(own.everything()).isEqualTo(before);
    }
  }

  private boolean provisionedAndRemoved(DockerRig rig) throws Exception {
    try (OperationEngine engine = engine(rig)) {
      OperationView end =
          engine.awaitEnd(OperationKit.id(engine.begin(rig.begin())), OperationKit.PATIENCE);
      OperationView gone =
          engine.awaitEnd(
              OperationKit.id(engine.begin(rig.destroy().orElseThrow())), OperationKit.PATIENCE);
      return end.succeeded() && gone.succeeded();
    }
  }

  /// Leaves so much that containers can be made, and no data directory.
  private static void fill(Path file) throws IOException {
    byte[] block = new byte[1 << 20];
    long free = Files.getFileStore(file.getParent()).getUsableSpace() - (8L << 20);
    try (OutputStream out = Files.newOutputStream(file)) {
      for (; free > 0; free -= block.length) {
        out.write(block);
      }
    }
  }
}
