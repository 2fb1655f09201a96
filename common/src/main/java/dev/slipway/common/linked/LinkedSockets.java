package dev.slipway.common.linked;

import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.Socket;
import java.net.SocketAddress;
import java.nio.ByteBuffer;
import java.security.GeneralSecurityException;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicBoolean;
import javax.net.SocketFactory;
import javax.net.ssl.SSLSocket;
import org.jspecify.annotations.Nullable;
import org.postgresql.ssl.NonValidatingFactory;

/// The connections of the driver to a linked server: with TLS where the server offers it and it is
/// asked for, and read through [BoundedReplies]. The driver itself is told to use no TLS, since
/// what it reads has to be looked at where it is readable.
///
/// The driver makes one for each of its connections, by name and with one argument. It looks the
/// name up in its own class loader, where this class may be another one than here, so nothing is
/// shared between the two.
public final class LinkedSockets extends SocketFactory {

  private final boolean tls;
  private final int most;
  private final int seconds;
  private final AtomicBoolean connecting = new AtomicBoolean(true);

  public LinkedSockets(String argument) {
    String[] parts = argument.split(" ", -1);
    this.tls = Boolean.parseBoolean(parts[0]);
    this.most = Integer.parseInt(parts[1]);
    this.seconds = Integer.parseInt(parts[2]);
  }

  /// @param most    see [BoundedReplies]
  /// @param seconds until the server has to be ready for a statement. The driver leaves a
  ///     connection that took too long to itself: a thread would read for as long as something came
  static String argument(boolean tls, int most, int seconds) {
    return "%s %d %d".formatted(tls, most, seconds);
  }

  /// The first is the connection's own. Every other one is for a request to cancel a statement,
  /// whose end the driver awaits on a thread that all connections share: nothing is negotiated.
  @Override
  public Socket createSocket() {
    return connecting.getAndSet(false) ? new LinkedSocket(tls, most, seconds) : new Socket();
  }

  @Override
  public Socket createSocket(String host, int port) {
    throw new UnsupportedOperationException("the driver connects by itself");
  }

  @Override
  public Socket createSocket(String host, int port, InetAddress from, int fromPort) {
    throw new UnsupportedOperationException("the driver connects by itself");
  }

  @Override
  public Socket createSocket(InetAddress host, int port) {
    throw new UnsupportedOperationException("the driver connects by itself");
  }

  @Override
  public Socket createSocket(InetAddress host, int port, InetAddress from, int fromPort) {
    throw new UnsupportedOperationException("the driver connects by itself");
  }

  private static final class LinkedSocket extends Socket {

    /// [SSLRequest](https://www.postgresql.org/docs/18/protocol-flow.html#PROTOCOL-FLOW-SSL).
    private static final int REQUEST = 80877103;

    private final boolean wantsTls;
    private final int most;
    private final int seconds;
    private final CountDownLatch signedIn = new CountDownLatch(1);
    private @Nullable SSLSocket secured;
    private @Nullable InputStream replies;

    LinkedSocket(boolean wantsTls, int most, int seconds) {
      this.wantsTls = wantsTls;
      this.most = most;
      this.seconds = seconds;
    }

    @Override
    public void connect(SocketAddress server, int patience) throws IOException {
      super.connect(server, patience);
      Thread.ofVirtual().name("linked-sign-in").start(this::closeUnlessSignedIn);
      setSoTimeout(patience);
      if (wantsTls && offersTls()) {
        InetSocketAddress address = (InetSocketAddress) server;
        secured = secure(address.getHostString(), address.getPort());
      }
      @Nullable SSLSocket inside = secured;
      InputStream all = (inside == null ? this : inside).getInputStream();
      replies = new BoundedReplies(all, most, signedIn::countDown);
    }

    private void closeUnlessSignedIn() {
      try {
        if (!signedIn.await(seconds, TimeUnit.SECONDS)) {
          close();
        }
      } catch (InterruptedException | IOException over) {
        // It is closed, or this process ends.
      }
    }

    @Override
    public void close() throws IOException {
      super.close();
      signedIn.countDown();
    }

    private boolean offersTls() throws IOException {
      OutputStream out = getOutputStream();
      out.write(ByteBuffer.allocate(8).putInt(8).putInt(REQUEST).array());
      out.flush();
      int answer = getInputStream().read();
      return switch (answer) {
        case 'S' -> true;
        case 'N' -> false;
        default -> throw new IOException("the server does not answer as Postgres does");
      };
    }

    /// Whose certificate it is nobody can tell.
    private SSLSocket secure(String host, int port) throws IOException {
      try {
        SSLSocket made =
            (SSLSocket) new NonValidatingFactory("").createSocket(this, host, port, true);
        made.startHandshake();
        return made;
      } catch (GeneralSecurityException impossible) {
        throw new IllegalStateException("every JDK has TLS", impossible);
      }
    }

    @Override
    public InputStream getInputStream() throws IOException {
      @Nullable InputStream bounded = replies;
      return bounded == null ? super.getInputStream() : bounded;
    }

    @Override
    public OutputStream getOutputStream() throws IOException {
      @Nullable SSLSocket inside = secured;
      return inside == null ? super.getOutputStream() : inside.getOutputStream();
    }
  }
}
