package dev.slipway.cli.system;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import dev.slipway.cli.console.Json;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.sql.Connection;
import java.sql.DriverManager;
import java.sql.SQLException;
import java.sql.Statement;
import java.util.List;
import java.util.Properties;
import java.util.stream.Stream;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;

/// What people type who come from the other side.
class OfficialCommandIT {

  private static PlatformUnderTest platform;
  private static OfficialCommand command;

  @BeforeAll
  static void start() throws Exception {
    platform = PlatformUnderTest.get();
    command = OfficialCommand.install(platform);
  }

  /// Nothing is set by hand, and nobody was signed in in this folder.
  @Test
  void loginAndEnvAreAllItNeeds() throws Exception {
    platform.user("off_login");
    Path elsewhere = platform.workFolder("off_login_elsewhere");
    platform
        .slipwayWith(
            elsewhere, "password-of-off_login\n", "login", "-u", "off_login", "--password-stdin")
        .succeeded();

    assertThat(
            command
                .runAfterEnv(elsewhere, "profile", "--json")
                .succeeded()
                .json()
                .path("Name")
                .asText())
        .isEqualTo("off_login");
    command
        .runAfterEnv(elsewhere, "db", "provision", "main", "-U", "owner_1", "-W", "Secret-123")
        .succeeded();
    assertThat(command.runAfterEnv(elsewhere, "db", "list").succeeded().out()).contains("main");
    command.runAfterEnv(elsewhere, "db", "destroy", "main").succeeded();
  }

  /// How often it was asked how an instance is, as the gateway has noted.
  private static List<String> polls(String organization, String instance) throws IOException {
    String call = " GET /v1alpha1/%s/databases/userdb/info/%s ".formatted(organization, instance);
    try (Stream<String> lines = Files.lines(platform.home().resolve("logs/gateway.log"))) {
      return lines.filter(line -> line.contains(call)).toList();
    }
  }

  @Test
  void aDatabaseFromProvisionToDestroy() throws Exception {
    Path mine = platform.user("off_db");

    assertThat(command.run(mine, "profile").succeeded().out()).contains("off_db");
    assertThat(command.run(mine, "profile", "--json").succeeded().json().path("Name").asText())
        .isEqualTo("off_db");

    PlatformUnderTest.Result provisioned =
        command.run(mine, "db", "provision", "main", "-U", "owner_1", "-W", "Secret-123");
    assertThat(provisioned.succeeded().out()).contains("Database successfully provisioned!");
    // The first poll comes after 5 s and the second after 35.
    await()
        .atMost(PlatformUnderTest.PATIENCE)
        .untilAsserted(() -> assertThat(polls("off_db", "main")).hasSize(1));

    assertThat(command.run(mine, "db", "list").succeeded().out()).contains("main");
    assertThat(
            command
                .run(mine, "db", "list", "--json")
                .succeeded()
                .json()
                .get(0)
                .path("PostgresInstanceName")
                .asText())
        .isEqualTo("main");
    assertThat(command.run(mine, "db", "status", "main").succeeded().out()).contains("available");
    var status = command.run(mine, "db", "status", "main", "--json").succeeded().json();
    assertThat(status.path("Status").asText()).isEqualTo("available");
    assertThat(status.has("SupabaseReference")).isTrue();
    int port = status.path("Port").asInt();
    assertThat(command.run(mine, "db", "url", "main", "-S", "-W", "Secret-123").succeeded().out())
        .contains("postgresql://owner_1:Secret-123@localhost:" + port + "/postgres");
    connect(port, "owner_1", "Secret-123").close();

    command.run(mine, "db", "reset-password", "main", "-W", "Changed-456").succeeded();
    assertThat(refused(port, "owner_1", "Secret-123")).isTrue();
    connect(port, "owner_1", "Changed-456").close();

    assertThat(command.run(mine, "db", "unlink", "main").exitCode()).isEqualTo(1);
    command.run(mine, "db", "destroy", "main").succeeded();
    assertThat(command.run(mine, "db", "list", "--json").succeeded().json()).isEmpty();
  }

  @Test
  void aServerOfOnesOwnFromLinkToUnlink() throws Exception {
    Path mine = platform.user("off_link");
    command.run(mine, "db", "provision", "own", "-U", "owner_1", "-W", "Secret-123").succeeded();
    int port = command.run(mine, "db", "status", "own", "--json").json().path("Port").asInt();
    try (Connection owner = connect(port, "owner_1", "Secret-123");
        Statement statement = owner.createStatement()) {
      statement.execute("create role dbosadmin login password 'Linked-123'");
      statement.execute("grant connect on database postgres to dbosadmin");
    }
    String[] link = {
      "db", "link", "other", "-H", "localhost", "-p", Integer.toString(port), "-W", "Linked-123"
    };

    PlatformUnderTest.Result refused = command.run(mine, link);
    assertThat(refused.exitCode()).isEqualTo(1);
    assertThat(refused.out()).contains("may not create databases").doesNotContain("status code");
    try (Connection owner = connect(port, "owner_1", "Secret-123");
        Statement statement = owner.createStatement()) {
      statement.execute("alter role dbosadmin createdb");
    }
    command.run(mine, link).succeeded();

    assertThat(command.run(mine, "db", "list").succeeded().out()).contains("other");
    var status = command.run(mine, "db", "status", "other", "--json").succeeded().json();
    assertThat(status.path("IsLinked").asBoolean()).isTrue();
    assertThat(status.path("Status").asText()).isEqualTo("available");
    assertThat(status.path("Port").asInt()).isEqualTo(port);
    assertThat(command.run(mine, "db", "status", "other").succeeded().out()).contains("available");
    assertThat(command.run(mine, "db", "url", "other", "-S", "-W", "Linked-123").succeeded().out())
        .contains("postgresql://dbosadmin:Linked-123@localhost:" + port + "/postgres");
    assertThat(command.run(mine, "db", "destroy", "other").exitCode()).isEqualTo(1);

    command.run(mine, "db", "unlink", "other").succeeded();

    var left = command.run(mine, "db", "list", "--json").succeeded().json();
    assertThat(left).hasSize(1);
    assertThat(left.get(0).path("PostgresInstanceName").asText()).isEqualTo("own");
    // Nothing was done to the server itself.
    connect(port, "dbosadmin", "Linked-123").close();
    command.run(mine, "db", "destroy", "own").succeeded();
  }

  @Test
  void anOrganizationFromInviteToRemove() throws Exception {
    Path boss = platform.user("off_boss");
    Path guest = platform.user("off_guest");

    assertThat(command.run(boss, "org", "invite").succeeded().out()).isNotBlank();
    String secret =
        Json.MAPPER
            .readTree(command.run(boss, "org", "invite", "--json").succeeded().out())
            .asText();
    assertThat(secret).isNotBlank();
    assertThat(command.run(guest, "org", "invite").exitCode()).isZero();
    command.run(guest, "org", "join", "off_boss", secret).succeeded();
    assertThat(command.run(boss, "org", "list").succeeded().out()).contains("off_guest");
    assertThat(command.run(boss, "org", "list", "--json").succeeded().out()).contains("off_guest");
    assertThat(organization(guest)).isEqualTo("off_boss");
    assertThat(command.run(guest, "org", "join", "off_boss", secret).exitCode()).isEqualTo(1);
    // Only who administers it.
    assertThat(command.run(guest, "org", "rename", "off_boss", "off_mine").exitCode()).isEqualTo(1);
    assertThat(command.run(guest, "org", "remove", "off_boss").exitCode()).isEqualTo(1);

    command.run(boss, "org", "rename", "off_boss", "off_company").succeeded();

    assertThat(organization(boss)).isEqualTo("off_company");
    command.run(boss, "org", "remove", "off_guest").succeeded();
    assertThat(command.run(boss, "org", "list").succeeded().out()).doesNotContain("off_guest");
    assertThat(command.run(boss, "org", "list", "--json").succeeded().out())
        .doesNotContain("off_guest");
  }

  private static String organization(Path directory) throws Exception {
    return command
        .run(directory, "profile", "--json")
        .succeeded()
        .json()
        .path("Organization")
        .asText();
  }

  @Test
  void whatIsRefusedEndsWithOneAndAMessage() throws Exception {
    Path mine = platform.user("off_wrong");

    PlatformUnderTest.Result unknown = command.run(mine, "db", "status", "nothing");
    assertThat(unknown.exitCode()).isEqualTo(1);
    assertThat(unknown.out() + unknown.err()).doesNotContain("status code");
    PlatformUnderTest.Result name =
        command.run(mine, "db", "provision", "no", "-U", "owner_1", "-W", "Secret-123");
    assertThat(name.exitCode()).isEqualTo(1);
    assertThat(name.out() + name.err()).doesNotContain("status code");
  }

  private static Connection connect(int port, String user, String password) throws SQLException {
    Properties properties = new Properties();
    properties.setProperty("user", user);
    properties.setProperty("password", password);
    properties.setProperty("sslmode", "verify-full");
    properties.setProperty("sslrootcert", platform.home().resolve("ca/ca.pem").toString());
    return DriverManager.getConnection(
        "jdbc:postgresql://localhost:" + port + "/postgres", properties);
  }

  private static boolean refused(int port, String user, String password) {
    try (Connection connection = connect(port, user, password)) {
      return !connection.isValid(1);
    } catch (SQLException expected) {
      return true;
    }
  }
}
