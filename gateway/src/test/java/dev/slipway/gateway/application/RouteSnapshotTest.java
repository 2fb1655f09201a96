package dev.slipway.gateway.application;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import dev.slipway.common.contract.deploy.Route;
import io.vertx.core.Context;
import io.vertx.core.Vertx;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.List;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class RouteSnapshotTest {

  private static final Route.Target EXECUTOR = new Route.Target("exe_1", "127.0.0.1", 1);

  @TempDir private Path folder = Path.of("");
  private final Vertx vertx = Vertx.vertx();
  private final Context context = vertx.getOrCreateContext();
  private final RouteTable table = new RouteTable();
  private Path file = Path.of("");

  @BeforeEach
  void choose() {
    file = folder.resolve("run/routes.json");
  }

  @AfterEach
  void close() {
    vertx.close().toCompletionStage().toCompletableFuture().join();
  }

  @Test
  void whatIsKeptIsThereAgain() {
    Route route = RouteTableTest.route("app_1", "shop", 7, false, EXECUTOR);
    follow();
    apply(RouteTableTest.route("app_2", "gone", 1, false, EXECUTOR));
    apply(RouteTableTest.route("app_2", "gone", 2, true));
    apply(route);

    await().until(() -> restored().equals(List.of(route)));
  }

  @Test
  void aChangeWhileAnotherIsWrittenIsNotForgotten() {
    follow();
    for (int revision = 1; revision <= 200; revision++) {
      apply(RouteTableTest.route("app_1", "shop", revision, false, EXECUTOR));
    }

    await()
        .until(
            () ->
                restored()
                    .equals(List.of(RouteTableTest.route("app_1", "shop", 200, false, EXECUTOR))));
  }

  @Test
  void onlyTheOwnerCanReadIt() throws IOException {
    follow();
    apply(RouteTableTest.route("app_1", "shop", 1, false, EXECUTOR));
    await().until(() -> Files.exists(file));

    assertThat(PosixFilePermissions.toString(Files.getPosixFilePermissions(file)))
        .isEqualTo("rw-------");
  }

  @ParameterizedTest
  @ValueSource(strings = {"", "{}", "[", "[7, null, {}]", "[{\"application\": \"app_1\"}]"})
  void whatCannotBeReadIsNothing(String content) throws IOException {
    Files.createDirectories(file.getParent());
    Files.writeString(file, content);

    assertThat(restored()).isEmpty();
  }

  @Test
  void aSnapshotThatIsNotThereIsNothing() {
    assertThat(restored()).isEmpty();
  }

  private void follow() {
    new RouteSnapshot(vertx, file, table).follow();
  }

  /// On the event loop, as the feed does.
  private void apply(Route route) {
    context.runOnContext(there -> table.apply(route));
  }

  private List<Route> restored() {
    var other = new RouteTable();
    new RouteSnapshot(vertx, file, other).restore();
    return other.all().stream().map(ServedApplication::route).toList();
  }
}
