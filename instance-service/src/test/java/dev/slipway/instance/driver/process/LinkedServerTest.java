package dev.slipway.instance.driver.process;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatCode;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;
import static org.assertj.core.api.Assertions.catchThrowable;

import dev.slipway.common.crypto.InstallationKeys;
import dev.slipway.common.driver.Endpoint;
import dev.slipway.common.driver.ScramVerifier;
import dev.slipway.common.operation.DriverFailure;
import dev.slipway.common.operation.Fence;
import dev.slipway.instance.driver.InstanceSpecification;
import dev.slipway.instance.driver.linked.JdbcLinkedServer;
import java.io.DataInputStream;
import java.io.DataOutputStream;
import java.io.IOException;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.nio.ByteBuffer;
import java.nio.file.Path;
import java.sql.Connection;
import java.sql.SQLException;
import java.sql.Statement;
import java.util.HexFormat;
import java.util.List;
import java.util.concurrent.FutureTask;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/// What a server that somebody links may answer with. It is one of the platform's own here, since
/// those let nobody do more than they must.
@Timeout(value = 15, unit = TimeUnit.MINUTES)
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

  private void check(Endpoint at, String role, String password)
      throws DriverFailure, InterruptedException {
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

  @Test
  void whoIsInterruptedWhileAServerIsSilentSaysNothingOfTheServer() throws Exception {
    try (var silent = new ServerSocket(0, 1, InetAddress.getLoopbackAddress())) {
      var endpoint = new Endpoint("127.0.0.1", silent.getLocalPort());
      var looking = new FutureTask<>(() -> catchThrowable(() -> check(endpoint, "guest", "any")));
      Thread looker = Thread.ofVirtual().start(looking);
      try (Socket accepted = silent.accept()) {
        looker.interrupt();

        assertThat(looking.get(20, TimeUnit.SECONDS)).isInstanceOf(InterruptedException.class);
        assertThat(accepted.isClosed()).isFalse();
      }
    }
  }

  /// The driver would keep them until the process that it is in has no memory left, and ends.
  @Test
  void whoSendsRowsForEverIsHungUpOn() throws Exception {
    try (var hostile = new ServerSocket(0, 1, InetAddress.getLoopbackAddress())) {
      var sent = new FutureTask<>(() -> sendRows(hostile));
      Thread.ofVirtual().start(sent);

      assertRefused(
          new Endpoint("127.0.0.1", hostile.getLocalPort()),
          "any",
          "link-unreachable",
          "does not answer as a Postgres server would");

      assertThat(sent.get(20, TimeUnit.SECONDS)).isLessThan(64_000_000L);
    }
  }

  /// The driver itself goes on reading in a thread of its own.
  @Test
  void whoDoesNotComeToTheEndOfASignInIsHungUpOn() throws Exception {
    try (var hostile = new ServerSocket(0, 1, InetAddress.getLoopbackAddress())) {
      var sent = new FutureTask<>(() -> trickle(hostile));
      Thread.ofVirtual().start(sent);

      assertRefused(
          new Endpoint("127.0.0.1", hostile.getLocalPort()),
          "any",
          "link-unreachable",
          "does not answer");

      assertThat(sent.get(20, TimeUnit.SECONDS)).isPositive();
    }
  }

  /// Has no TLS, and nobody prove anything.
  private static DataOutputStream letIn(Socket client) throws IOException {
    DataInputStream in = new DataInputStream(client.getInputStream());
    DataOutputStream out = new DataOutputStream(client.getOutputStream());
    in.skipNBytes(in.readInt() - 4);
    out.write('N');
    in.skipNBytes(in.readInt() - 4);
    out.write(HexFormat.of().parseHex("5200000008" + "00000000"));
    return out;
  }

  /// @return how many notices it has sent until nobody took them
  private static int trickle(ServerSocket hostile) throws IOException, InterruptedException {
    try (Socket client = hostile.accept()) {
      DataOutputStream out = letIn(client);
      int sent = 0;
      try {
        while (true) {
          // N, with nothing to say.
          out.write(HexFormat.of().parseHex("4e00000005" + "00"));
          sent++;
          TimeUnit.MILLISECONDS.sleep(200);
        }
      } catch (IOException hungUp) {
        return sent;
      }
    }
  }

  /// @return how many bytes were taken from it
  private static long sendRows(ServerSocket hostile) throws IOException {
    try (Socket client = hostile.accept()) {
      DataOutputStream out = letIn(client);
      // These are the settings that the driver insists on; ask.
      for (String setting : List.of("server_version\0" + "18.0\0", "client_encoding\0UTF8\0")) {
        out.write('S');
        out.writeInt(setting.length() + 4);
        out.writeBytes(setting);
      }
      out.write(HexFormat.of().parseHex("5a00000005" + "49"));
      byte[] row = new byte[10_011];
      ByteBuffer.wrap(row).put((byte) 'D').putInt(10_010).putShort((short) 1).putInt(10_000);
      long sent = 0;
      // They have one column.
      out.write(HexFormat.of().parseHex("540000001a" + "0001" + "6100" + "000000000000"));
      out.write(HexFormat.of().parseHex("00000010" + "0001ffffffff0000"));
      try {
        while (true) {
          out.write(row);
          sent += row.length;
        }
      } catch (IOException hungUp) {
        return sent;
      }
    }
  }
}
