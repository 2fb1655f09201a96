package dev.slipway.instance.driver.process;

import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.security.SecureRandom;
import java.time.Instant;
import java.util.zip.CRC32C;

/// Gives a copy of a data directory an identity of its own: streaming replication and archives tell
/// clusters apart by the system identifier, and the nonce answers sign-ins of roles that do not
/// exist.
///
/// Both stand in `global/pg_control`, guarded by a CRC whose position depends on the version of
/// Postgres; it is found by looking for it. The identifier also stands in the header of the one WAL
/// segment a clean shutdown leaves.
final class SystemIdentity {

  private static final int NONCE_BYTES = 32;
  private static final byte[] END = {'.', '\n'};
  private static final SecureRandom RANDOM = new SecureRandom();

  private final byte[] template;
  private final int checksumAt;

  /// @param template the template's `pg_control`
  /// @throws IllegalArgumentException when it has no checksum where one could be
  SystemIdentity(byte[] template) {
    this.template = template.clone();
    this.checksumAt = findChecksum(template);
  }

  /// Contents of `pg_control`, the eight bytes that belong into the WAL segment's header, and a dot
  /// on a line of its own that says that all of it arrived.
  byte[] renewed(Instant now) {
    byte[] nonce = new byte[NONCE_BYTES];
    RANDOM.nextBytes(nonce);
    // As initdb makes it: seconds, microseconds, and twelve bits that differ between two makers at
    // the same instant.
    long identifier =
        (now.getEpochSecond() << 32)
            | ((long) (now.getNano() / 1000) << 12)
            | RANDOM.nextInt(1 << 12);
    ByteBuffer control =
        ByteBuffer.allocate(template.length + Long.BYTES + END.length)
            .order(ByteOrder.LITTLE_ENDIAN);
    control.put(template);
    control.putLong(0, identifier);
    control.put(checksumAt - NONCE_BYTES, nonce);
    control.putInt(checksumAt, checksum(control.array(), checksumAt));
    control.putLong(template.length, identifier);
    control.put(template.length + Long.BYTES, END);
    return control.array();
  }

  private static int findChecksum(byte[] control) {
    ByteBuffer buffer = ByteBuffer.wrap(control).order(ByteOrder.LITTLE_ENDIAN);
    for (int at = 128; at + Integer.BYTES <= 512; at += Integer.BYTES) {
      if (buffer.getInt(at) == checksum(control, at)) {
        return at;
      }
    }
    throw new IllegalArgumentException("pg_control has no checksum that fits");
  }

  private static int checksum(byte[] bytes, int length) {
    var checksum = new CRC32C();
    checksum.update(bytes, 0, length);
    return (int) checksum.getValue();
  }
}
