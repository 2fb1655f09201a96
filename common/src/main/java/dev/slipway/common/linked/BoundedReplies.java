package dev.slipway.common.linked;

import java.io.EOFException;
import java.io.IOException;
import java.io.InputStream;
import java.nio.ByteBuffer;
import java.util.Arrays;

/// What a server that anybody may have written sends, handed on in whole messages that are as they
/// have to be.
///
/// The driver believes every length and count that it is told, and a process that runs out of
/// memory ends. So a message is looked at before it is handed on ([ReplyShapes]), and what the
/// driver makes of them is counted, roughly: rows until the next statement, all else, which it may
/// keep, for as long as the connection lives.
final class BoundedReplies extends InputStream {

  /// The message's type and its length, which counts itself.
  private static final int HEAD = 5;

  /// What the driver makes of the least error, setting or notification, and of the least field.
  private static final int KEPT = 1024;

  private static final int FIELD = 24;

  private final InputStream replies;
  private final int most;
  private final Runnable ready;
  private long left;
  private long leftForRows;

  private byte[] message = new byte[HEAD];
  private int arrived;
  private boolean whole;
  private int handedOn;

  /// @param most  bytes that the rows of a statement may take, and all else together
  /// @param ready is told whenever the server is ready for a statement
  BoundedReplies(InputStream replies, int most, Runnable ready) {
    this.replies = replies;
    this.most = most;
    this.ready = ready;
    this.left = most;
    this.leftForRows = most;
  }

  @Override
  public int read() throws IOException {
    byte[] one = new byte[1];
    return read(one, 0, 1) < 0 ? -1 : Byte.toUnsignedInt(one[0]);
  }

  @Override
  public int read(byte[] target, int from, int most) throws IOException {
    if (most == 0) {
      return 0;
    }
    if (!await()) {
      return -1;
    }
    int count = Math.min(most, message.length - handedOn);
    System.arraycopy(message, handedOn, target, from, count);
    handedOn += count;
    return count;
  }

  @Override
  public int available() throws IOException {
    return whole ? message.length - handedOn : 0;
  }

  @Override
  public void close() throws IOException {
    replies.close();
  }

  /// Answers when there is something to hand on; false at the end. A timeout loses nothing of what
  /// has arrived.
  private boolean await() throws IOException {
    if (whole && handedOn == message.length) {
      message = new byte[HEAD];
      arrived = 0;
      handedOn = 0;
      whole = false;
    }
    while (!whole) {
      int more = replies.read(message, arrived, message.length - arrived);
      if (more < 0) {
        if (arrived == 0) {
          return false;
        }
        throw new EOFException("the server ended in the middle of a message");
      }
      arrived += more;
      if (arrived == message.length) {
        complete();
      }
    }
    return true;
  }

  private void complete() throws IOException {
    ByteBuffer read = ByteBuffer.wrap(message);
    char type = (char) Byte.toUnsignedInt(read.get());
    long length = 1L + read.getInt();
    if (length < HEAD || length > most) {
      throw new IOException("the server sends a message of " + length + " bytes, which is refused");
    }
    if (arrived < length) {
      message = Arrays.copyOf(message, (int) length);
      return;
    }
    ReplyShapes.require(type, read.slice());
    count(type, read.slice());
    whole = true;
  }

  private void count(char type, ByteBuffer content) throws IOException {
    int bytes = content.remaining();
    switch (type) {
      case 'D' -> leftForRows -= FIELD * (2 + Short.toUnsignedLong(content.getShort())) + bytes;
      case 'Z' -> {
        leftForRows = most;
        ready.run();
      }
      case 'E', 'N', 'S', 'A' -> left -= KEPT + bytes;
      default -> left -= HEAD + bytes;
    }
    if (left < 0 || leftForRows < 0) {
      throw new IOException("the server sends more than " + most + " bytes, which is refused");
    }
  }
}
