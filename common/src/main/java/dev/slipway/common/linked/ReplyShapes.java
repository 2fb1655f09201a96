package dev.slipway.common.linked;

import java.io.IOException;
import java.nio.BufferUnderflowException;
import java.nio.ByteBuffer;

/// Whether a message of the server is made as the
/// [protocol](https://www.postgresql.org/docs/18/protocol-message-formats.html) says, so that who
/// reads it field by field ends where it ends. Only those that answer a sign-in and statements.
final class ReplyShapes {

  /// What a column of a result is described by, beside its name.
  private static final int COLUMN = 18;

  private ReplyShapes() {}

  /// @param type    first byte of the message
  /// @param content what follows its length
  static void require(char type, ByteBuffer content) throws IOException {
    try {
      read(type, content);
    } catch (BufferUnderflowException shorter) {
      throw new IOException("the server sends a message '%c' that is cut off".formatted(type));
    }
    if (content.hasRemaining()) {
      throw new IOException("the server sends a message '%c' that goes on".formatted(type));
    }
  }

  private static void read(char type, ByteBuffer content) throws IOException {
    switch (type) {
      // Parsed, bound, closed, no data, suspended, an empty statement.
      case '1', '2', '3', 'n', 's', 'I' -> {}
      // Ready, and who can be cancelled.
      case 'Z' -> content.get();
      case 'K' -> content.getLong();
      // A setting, a notification, what a statement did.
      case 'S' -> texts(content, 2);
      case 'A' -> {
        content.getInt();
        texts(content, 2);
      }
      case 'C' -> texts(content, 1);
      case 'R' -> authentication(content);
      case 't' -> skip(content, Integer.BYTES * Short.toUnsignedInt(content.getShort()));
      case 'T' -> {
        for (int columns = Short.toUnsignedInt(content.getShort()); columns > 0; columns--) {
          texts(content, 1);
          skip(content, COLUMN);
        }
      }
      case 'D' -> {
        for (int fields = Short.toUnsignedInt(content.getShort()); fields > 0; fields--) {
          int length = content.getInt();
          if (length != -1) {
            skip(content, length);
          }
        }
      }
      // Errors and notices are taken whole.
      case 'E', 'N' -> content.position(content.limit());
      default -> throw new IOException("the server sends a message '%c', unasked".formatted(type));
    }
  }

  private static void authentication(ByteBuffer content) throws IOException {
    int request = content.getInt();
    switch (request) {
      // Done, or the password as it is.
      case 0, 3 -> {}
      // With MD5 and a salt.
      case 5 -> content.getInt();
      // One of these mechanisms.
      case 10 -> {
        do {
          texts(content, 1);
        } while (content.hasRemaining() && content.get(content.position()) != 0);
        content.get();
      }
      // The server's part of one, which is taken whole.
      case 11, 12 -> content.position(content.limit());
      default -> throw new IOException("the server asks for authentication " + request);
    }
  }

  private static void texts(ByteBuffer content, int count) {
    for (int i = 0; i < count; i++) {
      while (content.get() != 0) {
        // Up to its end.
      }
    }
  }

  private static void skip(ByteBuffer content, int length) {
    if (length < 0 || length > content.remaining()) {
      throw new BufferUnderflowException();
    }
    content.position(content.position() + length);
  }
}
