package dev.slipway.deploy.archive;

import dev.slipway.deploy.archive.BadArchive.Reason;
import java.io.BufferedInputStream;
import java.io.EOFException;
import java.io.IOException;
import java.io.InputStream;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.channels.Channels;
import java.nio.channels.FileChannel;

/// Walks the table of contents at the end of a zip file in constant memory. A library that reads
/// it whole would take gigabytes for a hostile one, so it is counted before.
final class CentralDirectory {

  private static final int END = 0x06054b50;
  private static final int END_LENGTH = 22;
  private static final int LONGEST_COMMENT = 0xffff;
  private static final int LOCATOR = 0x07064b50;
  private static final int LOCATOR_LENGTH = 20;
  private static final int LONG_END = 0x06064b50;
  private static final int LONG_END_LENGTH = 56;
  private static final int HEADER = 0x02014b50;
  private static final int HEADER_LENGTH = 46;

  /// Far beyond what names and times of the allowed entries take.
  private static final long LARGEST = 8L << 20;

  private final FileChannel channel;
  private final long size;

  CentralDirectory(FileChannel channel) throws IOException {
    this.channel = channel;
    this.size = channel.size();
  }

  /// @throws BadArchive when there is none, or when it has more entries than that
  void requireAtMost(int entries) throws BadArchive, IOException {
    long start = start();
    channel.position(start);
    InputStream table = new BufferedInputStream(Channels.newInputStream(channel));
    long read = 0;
    for (int count = 0; ; count++) {
      ByteBuffer header = little(table.readNBytes(HEADER_LENGTH));
      if (header.remaining() < HEADER_LENGTH || header.getInt(0) != HEADER) {
        return;
      }
      int names = unsigned(header, 28) + unsigned(header, 30) + unsigned(header, 32);
      read += HEADER_LENGTH + names;
      if (count >= entries || read > LARGEST) {
        throw new BadArchive(
            Reason.TOO_LARGE, "the archive has more than %,d entries".formatted(entries));
      }
      try {
        table.skipNBytes(names);
      } catch (EOFException cutOff) {
        throw new BadArchive(Reason.BAD_ARCHIVE, "the archive is cut off", cutOff);
      }
    }
  }

  private long start() throws BadArchive, IOException {
    long end = end();
    if (end >= LOCATOR_LENGTH) {
      ByteBuffer locator = read(end - LOCATOR_LENGTH, LOCATOR_LENGTH);
      if (locator.getInt(0) == LOCATOR) {
        ByteBuffer longEnd = read(within(locator.getLong(8)), LONG_END_LENGTH);
        if (longEnd.getInt(0) != LONG_END) {
          throw damaged();
        }
        return within(longEnd.getLong(48));
      }
    }
    return within(Integer.toUnsignedLong(read(end, END_LENGTH).getInt(16)));
  }

  /// The last thing in the file that looks like the end of a zip, before the longest comment.
  private long end() throws BadArchive, IOException {
    int window = (int) Math.min(size, END_LENGTH + LONGEST_COMMENT);
    if (window < END_LENGTH) {
      throw new BadArchive(Reason.BAD_ARCHIVE, "the archive is not a zip file, or is cut off");
    }
    long offset = size - window;
    ByteBuffer tail = read(offset, window);
    for (int at = window - END_LENGTH; at >= 0; at--) {
      if (tail.getInt(at) == END) {
        return offset + at;
      }
    }
    throw new BadArchive(Reason.BAD_ARCHIVE, "the archive is not a zip file, or is cut off");
  }

  private long within(long position) throws BadArchive {
    if (position < 0 || position >= size) {
      throw damaged();
    }
    return position;
  }

  private ByteBuffer read(long position, int length) throws BadArchive, IOException {
    ByteBuffer buffer = ByteBuffer.allocate(length).order(ByteOrder.LITTLE_ENDIAN);
    while (buffer.hasRemaining()) {
      if (channel.read(buffer, position + buffer.position()) < 0) {
        throw damaged();
      }
    }
    return buffer.flip();
  }

  private static ByteBuffer little(byte[] bytes) {
    return ByteBuffer.wrap(bytes).order(ByteOrder.LITTLE_ENDIAN);
  }

  private static int unsigned(ByteBuffer buffer, int at) {
    return Short.toUnsignedInt(buffer.getShort(at));
  }

  private static BadArchive damaged() {
    return new BadArchive(Reason.BAD_ARCHIVE, "the archive is damaged");
  }
}
