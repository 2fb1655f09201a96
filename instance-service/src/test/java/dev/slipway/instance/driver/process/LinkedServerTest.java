package dev.slipway.instance.driver.process;

import static org.assertj.core.api.Assertions.assertThatCode;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;

import dev.slipway.common.crypto.InstallationKeys;
import dev.slipway.common.driver.Endpoint;
import dev.slipway.common.driver.ScramVerifier;
import dev.slipway.common.operation.DriverFailure;
import dev.slipway.common.operation.Fence;
import dev.slipway.instance.driver.InstanceSpecification;
import dev.slipway.instance.driver.linked.JdbcLinkedServer;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.nio.file.Path;
import java.sql.Connection;
import java.sql.SQLException;
import java.sql.Statement;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/// What a server that somebody links may answer with. It is one of the platform's own here, since
/// those let nobody do more than they must.
@Timeout(value = 2, unit = TimeUnit.MINUTES)
final class LinkedServerTest {

  private static final String LINKED = "ins_01j0000000000000000000000";
  private static final String OWNER = "demo_db";
  private static final String PASSWORD = "correct horse";

  @TempDir private Path folder;

  @SuppressWarnings("NullAway.Init") // set before each test
  private ProcessStage stage;

  @BeforeEach
  void open() {
    stage = new ProcessStage();
  }

  @AfterEach
  void close() {
    stage.close();
  }

  private void check(Endpoint at, String role, String password) throws DriverFailure {
    InstallationKeys keys = InstallationKeys.open(folder.resolve("keys"));
    new JdbcLinkedServer(keys)
        .check(LINKED, at, role, JdbcLinkedServer.seal(keys, LINKED, password));
  }

  private void assertRefused(Endpoint at, String password, String code, String words) {
    assertThatExceptionOfType(DriverFailure.Permanent.class)
        .isThrownBy(() -> check(at, "guest", password))
        .withMessageContaining(words)
        .extracting(DriverFailure::code)
        .isEqualTo(code);
  }

  private void asOwner(InstanceSpecification server, String sql) throws SQLException {
    try (Connection connection = stage.connect(server, OWNER, PASSWORD);
        Statement statement = connection.createStatement()) {
      statement.execute(sql);
    }
  }

  @Test
  void whatARoleLacksIsSaidUntilItCanBeLinked() throws Exception {
    InstanceSpecification server = stage.specification();
    Fence fence = ProcessStage.fence(server, 1);
    stage.driver.create(fence, server);
    stage.driver.start(fence, server);
    stage.driver.secure(fence, server, OWNER, ScramVerifier.of(PASSWORD.toCharArray()));
    asOwner(server, "create role guest login password 'guests own'");

    assertRefused(server.endpoint(), "another one", "link-refused", "does not let the role");
    assertRefused(server.endpoint(), "guests own", "link-refused", "may not connect");
    asOwner(server, "grant connect on database postgres to guest");
    assertRefused(server.endpoint(), "guests own", "link-without-createdb", "CREATEDB");
    asOwner(server, "alter role guest createdb");
    assertThatCode(() -> check(server.endpoint(), "guest", "guests own"))
        .doesNotThrowAnyException();
  }

  @Test
  void nobodyThereIsUnreachable() throws Exception {
    int closed;
    try (ServerSocket socket = new ServerSocket(0, 1, InetAddress.getLoopbackAddress())) {
      closed = socket.getLocalPort();
    }

    assertRefused(new Endpoint("127.0.0.1", closed), "any", "link-unreachable", "does not answer");
  }
}
