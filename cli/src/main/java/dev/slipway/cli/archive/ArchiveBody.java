package dev.slipway.cli.archive;

import com.fasterxml.jackson.databind.node.ObjectNode;
import java.io.BufferedInputStream;
import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.io.InputStream;
import java.io.SequenceInputStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.util.Base64;
import java.util.Collections;
import java.util.List;
import java.util.Objects;

/// The body of a request that carries an archive: JSON with the archive in Base64, produced while
/// it is read, so that its size costs no memory.
///
/// @param fields what else the request says
public record ArchiveBody(ApplicationArchive archive, ObjectNode fields) {

  private static final int CHUNK = 3 * 16 * 1024;

  public long length() {
    return prefix().length + (archive.size() + 2) / 3 * 4 + suffix().length;
  }

  /// A fresh one each time, for a request that has to be repeated.
  public InputStream open() throws IOException {
    return new SequenceInputStream(
        Collections.enumeration(
            List.of(
                new ByteArrayInputStream(prefix()),
                new Encoded(new BufferedInputStream(Files.newInputStream(archive.file()))),
                new ByteArrayInputStream(suffix()))));
  }

  private byte[] prefix() {
    String others = fields.toString();
    String begun = others.substring(0, others.length() - 1) + (fields.isEmpty() ? "" : ",");
    return (begun + "\"application_archive\":\"").getBytes(StandardCharsets.UTF_8);
  }

  private static byte[] suffix() {
    return "\"}".getBytes(StandardCharsets.UTF_8);
  }

  /// Base64 of what another stream gives.
  private static final class Encoded extends InputStream {

    private final InputStream plain;
    private byte[] encoded = new byte[0];
    private int next;

    Encoded(InputStream plain) {
      this.plain = plain;
    }

    @Override
    public int read() throws IOException {
      return fill() ? encoded[next++] & 0xff : -1;
    }

    @Override
    public int read(byte[] bytes, int offset, int length) throws IOException {
      Objects.checkFromIndexSize(offset, length, bytes.length);
      if (length == 0) {
        return 0;
      }
      if (!fill()) {
        return -1;
      }
      int count = Math.min(length, encoded.length - next);
      System.arraycopy(encoded, next, bytes, offset, count);
      next += count;
      return count;
    }

    /// Only the last chunk may be no multiple of three.
    private boolean fill() throws IOException {
      if (next < encoded.length) {
        return true;
      }
      encoded = Base64.getEncoder().encode(plain.readNBytes(CHUNK));
      next = 0;
      return encoded.length > 0;
    }

    @Override
    public void close() throws IOException {
      plain.close();
    }
  }
}
