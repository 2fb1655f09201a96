package dev.slipway.common.id;

import com.fasterxml.uuid.Generators;
import com.fasterxml.uuid.impl.NameBasedGenerator;
import com.fasterxml.uuid.impl.TimeBasedEpochGenerator;
import java.math.BigInteger;
import java.nio.ByteBuffer;
import java.util.UUID;

/// Makes identifiers of the form `prefix_` plus 26 lower-case base-32 characters.
///
/// New ones are UUIDs of version 7, so that they sort by time of creation; derived ones are of
/// version 5, so that the same names always give the same identifier.
public final class Identifiers {

  private static final TimeBasedEpochGenerator TIME_ORDERED = Generators.timeBasedEpochGenerator();
  private static final NameBasedGenerator NAME_BASED =
      Generators.nameBasedGenerator(UUID.fromString("5f0c7ab0-6ad2-4a3e-9f0e-2d6d0b0e8a51"));
  private static final String ALPHABET = "0123456789abcdefghjkmnpqrstvwxyz";
  private static final int LENGTH = 26;
  private static final BigInteger RADIX = BigInteger.valueOf(ALPHABET.length());

  private Identifiers() {}

  /// A new identifier, later in order than those made before it on this machine.
  public static String next(String prefix) {
    return prefix + '_' + encode(TIME_ORDERED.generate());
  }

  /// The identifier that belongs to these names, the same on every call.
  public static String derived(String prefix, String... names) {
    return prefix + '_' + encode(NAME_BASED.generate(String.join("\n", names)));
  }

  private static String encode(UUID uuid) {
    byte[] bytes =
        ByteBuffer.allocate(16)
            .putLong(uuid.getMostSignificantBits())
            .putLong(uuid.getLeastSignificantBits())
            .array();
    var rest = new BigInteger(1, bytes);
    var characters = new char[LENGTH];
    for (int i = LENGTH - 1; i >= 0; i--) {
      BigInteger[] parts = rest.divideAndRemainder(RADIX);
      characters[i] = ALPHABET.charAt(parts[1].intValue());
      rest = parts[0];
    }
    return new String(characters);
  }
}
