package dev.slipway.cli.system;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Path;
import java.sql.Connection;
import java.sql.DriverManager;
import java.sql.SQLException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import org.awaitility.Awaitility;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.parallel.Isolated;

/// The platform of `docker-compose.yml`, as people use it and as others would like to.
///
/// It builds images first. Skipped where there is no engine or no compose, with the reason.
@InTurn(2)
@Isolated("builds and runs a platform of containers")
final class ComposeIT {

  private static ComposedPlatform composed;

  @BeforeAll
  static void start() throws Exception {
    composed = ComposedPlatform.start();
  }

  @AfterAll
  static void stop() throws Exception {
    if (composed != null) {
      composed.remove();
    }
  }

  @Test
  void everythingIsHealthyWithinAMinute() {
    assertThat(composed.started()).isLessThan(Duration.ofSeconds(60));
  }

  @Test
  void theOfficialCommandGoesTheWholeWay() throws Exception {
    PlatformUnderTest platform = composed.platform();
    OfficialCommand command = OfficialCommand.install(platform);
    Path mine = platform.user("composed");
    assertThat(command.run(mine, "profile").succeeded().out()).contains("composed");

    command.run(mine, "db", "provision", "main", "-U", "owner_1", "-W", "Secret-123").succeeded();
    int port =
        command.run(mine, "db", "status", "main", "--json").succeeded().json().path("Port").asInt();
    connect(port, "Secret-123").close();
    command.run(mine, "db", "reset-password", "main", "-W", "Changed-456").succeeded();
    connect(port, "Changed-456").close();
    assertThat(platform.slipway(mine, "db", "list").succeeded().out()).contains("main");

    Example guestbook = Example.copy(platform, mine, "composed", "guestbook");
    assertThat(command.run(mine, "app", "deploy").succeeded().out())
        .contains("Successfully deployed guestbook!");
    assertThat(guestbook.get("guestbook").get(0).has("mood")).isFalse();
    guestbook.put(mine.resolve("demo-second-version"));
    assertThat(command.run(mine, "app", "deploy").succeeded().out())
        .contains("Successfully deployed guestbook!");
    assertThat(guestbook.get("guestbook").get(0).has("mood")).isTrue();
    platform.slipway(mine, "app", "rollback").succeeded();
    assertThat(guestbook.get("guestbook").get(0).has("mood")).isFalse();
    command.run(mine, "app", "delete", "--dropdb").succeeded();

    command.run(mine, "db", "destroy", "main").succeeded();
    assertThat(command.run(mine, "db", "list", "--json").succeeded().json()).isEmpty();
    assertThat(composed.engine().containers()).isEmpty();
    assertThat(composed.engine().volumes()).isEmpty();
    assertThat(composed.engine().networks()).isEmpty();
  }

  @Test
  void fromAnOrganizationsNetworkNothingOfThePlatformAnswers() throws Exception {
    User mallory = outside().register("mallory");
    mallory.awaitEnd(mallory.provision("mine", "secret-of-mallory"));
    String instance =
        composed.engine().list("ps", "-q", "--filter", "label=dev.slipway.instance").getFirst();
    Map<String, String> networks = composed.addresses(instance);
    assertThat(networks).hasSize(1);
    String network = networks.keySet().iterator().next();
    List<String> places = new ArrayList<>();
    for (String part :
        List.of("postgres", "kafka", "account-service", "instance-service", "deploy-service")) {
      List<String> hosts =
          new ArrayList<>(composed.addresses(composed.containers(part).getFirst()).values());
      hosts.addAll(List.of(part, part + ".control"));
      for (String host : hosts) {
        for (int port : List.of(5432, 9092, 9093, 8080)) {
          places.add(host + '/' + port);
        }
      }
    }
    // Its own instance is what proves that an answer would be seen.
    String own = networks.get(network) + "/5432";
    places.add(own);

    assertThat(places).hasSizeGreaterThan(60);
    assertThat(reached(network, places)).containsExactly(own);
    // One of those addresses is in this very network: the service has come here.
    assertThat(composed.addresses(composed.containers("instance-service").getFirst()))
        .containsKeys(network, composed.controlNetwork());
    assertThat(composed.addresses(composed.containers("postgres").getFirst()))
        .containsOnlyKeys(composed.controlNetwork());
    mallory.destroy("mine");
  }

  @Test
  void twoReplicasAndKillingOneLosesNothing() throws Exception {
    User ann = outside().register("tworeplicas");
    composed
        .compose(
            "up",
            "--detach",
            "--no-build",
            "--scale=instance-service=2",
            "--scale=deploy-service=2",
            "--scale=account-service=2")
        .succeeded();
    Awaitility.await("the second replicas are healthy")
        .atMost(PlatformUnderTest.PATIENCE)
        .pollInterval(Duration.ofSeconds(1))
        .until(composed::healthy);
    assertThat(composed.containers("instance-service")).hasSize(2);

    List<String> operations = new ArrayList<>();
    for (int i = 0; i < 6; i++) {
      operations.add(ann.provision("shared" + i, "shared-password-" + i));
    }
    for (String part : List.of("instance-service", "deploy-service", "account-service")) {
      EngineFromOutside.docker("kill", composed.containers(part).getFirst()).succeeded();
    }

    for (String operation : operations) {
      assertThat(ann.awaitEnd(operation).path("outcome").asText()).isEqualTo("succeeded");
    }
    for (int i = 0; i < operations.size(); i++) {
      ann.connect("shared" + i, "shared-password-" + i).close();
      ann.destroy("shared" + i);
    }
  }

  private static PlatformFromOutside outside() {
    return new PlatformFromOutside(composed.platform());
  }

  /// Those of the places from which somebody in that network gets a connection.
  private static List<String> reached(String network, List<String> places)
      throws IOException, InterruptedException {
    return EngineFromOutside.docker(
            "run",
            "--rm",
            "--network=" + network,
            "--entrypoint=bash",
            "postgres:18",
            "-c",
            "for place in %s; do (timeout 5 bash -c \"exec 3<>/dev/tcp/$place\" && echo $place) & done 2>/dev/null; wait"
                .formatted(String.join(" ", places)))
        .succeeded()
        .out()
        .lines()
        .toList();
  }

  private static Connection connect(int port, String password) throws SQLException {
    return DriverManager.getConnection(
        "jdbc:postgresql://localhost:%d/postgres?user=owner_1&password=%s&sslmode=verify-full&sslrootcert=%s"
            .formatted(port, password, composed.platform().home().resolve("ca/ca.pem")));
  }
}
