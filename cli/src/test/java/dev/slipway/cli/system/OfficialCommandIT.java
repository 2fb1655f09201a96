package dev.slipway.cli.system;

import static org.assertj.core.api.Assertions.assertThat;

import dev.slipway.cli.console.Json;
import java.nio.file.Path;
import java.sql.Connection;
import java.sql.DriverManager;
import java.sql.SQLException;
import java.time.Duration;
import java.util.Properties;
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

  @Test
  void aDatabaseFromProvisionToDestroy() throws Exception {
    Path mine = platform.user("off_db");

    assertThat(command.run(mine, "profile").succeeded().out()).contains("off_db");
    assertThat(command.run(mine, "profile", "--json").succeeded().json().path("Name").asText())
        .isEqualTo("off_db");

    long asked = System.nanoTime();
    PlatformUnderTest.Result provisioned =
        command.run(mine, "db", "provision", "main", "-U", "owner_1", "-W", "Secret-123");
    assertThat(provisioned.succeeded().out()).contains("Database successfully provisioned!");
    // The first poll comes after 5 s and the second after 35.
    assertThat(Duration.ofNanos(System.nanoTime() - asked)).isLessThan(Duration.ofSeconds(30));

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
  void anOrganizationFromInviteToRemove() throws Exception {
    Path boss = platform.user("off_boss");
    Path guest = platform.user("off_guest");

    String secret =
        Json.MAPPER
            .readTree(command.run(boss, "org", "invite", "--json").succeeded().out())
            .asText();
    assertThat(secret).isNotBlank();
    command.run(guest, "org", "join", "off_boss", secret).succeeded();
    assertThat(command.run(boss, "org", "list").succeeded().out()).contains("off_guest");
    assertThat(command.run(boss, "org", "list", "--json").succeeded().out()).contains("off_guest");
    assertThat(command.run(guest, "org", "join", "off_boss", secret).exitCode()).isEqualTo(1);
    command.run(boss, "org", "rename", "off_boss", "off_company").succeeded();
    command.run(boss, "org", "remove", "off_guest").succeeded();
    assertThat(command.run(boss, "org", "list").succeeded().out()).doesNotContain("off_guest");
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
