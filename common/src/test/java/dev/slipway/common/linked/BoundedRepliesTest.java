package dev.slipway.common.linked;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;

import java.io.ByteArrayInputStream;
import java.io.EOFException;
import java.io.IOException;
import java.io.InputStream;
import java.net.SocketTimeoutException;
import java.nio.ByteBuffer;
import java.util.Arrays;
import java.util.HexFormat;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import net.jqwik.api.constraints.IntRange;
import net.jqwik.api.constraints.Size;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

final class BoundedRepliesTest {

  private static final int MOST = 1 << 20;
  private static final byte[] READY = message('Z', new byte[] {'I'});
  private static final byte[] PARSED = message('1', new byte[0]);

  private static byte[] message(char type, byte[] content) {
    return message(type, content.length + 4, content);
  }

  /// @param length as it says
  private static byte[] message(char type, int length, byte[] content) {
    return ByteBuffer.allocate(5 + content.length)
        .put((byte) type)
        .putInt(length)
        .put(content)
        .array();
  }

  private static byte[] row(int fields, int length, byte[] field) {
    return ByteBuffer.allocate(6 + field.length)
        .putShort((short) fields)
        .putInt(length)
        .put(field)
        .array();
  }

  private static byte[] together(byte[]... messages) {
    ByteBuffer all = ByteBuffer.allocate(2 * MOST);
    for (byte[] message : messages) {
      all.put(message);
    }
    byte[] bytes = new byte[all.position()];
    all.flip().get(bytes);
    return bytes;
  }

  private static BoundedReplies of(byte[]... messages) {
    return new BoundedReplies(new ByteArrayInputStream(together(messages)), MOST, () -> {});
  }

  private static void assertRefused(byte[] message, String words) {
    var replies = of(READY, message);
    assertThatExceptionOfType(IOException.class)
        .isThrownBy(
            () -> {
              assertThat(replies.readNBytes(READY.length)).isEqualTo(READY);
              int next = replies.read();
              throw new AssertionError("nothing of it is handed on, but " + next);
            })
        .withMessageContaining(words);
  }

  @Test
  void whatServersSendIsHandedOnAsItIs() throws IOException {
    byte[] row = message('D', row(1, 3, new byte[] {'a', 'b', 'c'}));
    byte[] none = message('D', row(1, -1, new byte[0]));
    byte[] empty = message('D', new byte[] {0, 0});

    byte[] all = together(READY, PARSED, row, none, empty, READY);

    assertThat(of(all).readAllBytes()).isEqualTo(all);
  }

  /// However it comes in, and however it is asked for.
  @Property
  void noCutMakesADifference(
      @ForAll @IntRange(min = 1, max = 9) int arriving,
      @ForAll @IntRange(min = 1, max = 9) int asked)
      throws IOException {
    byte[] all = together(READY, message('D', row(1, 3, new byte[] {1, 2, 3})), PARSED);
    var replies =
        new BoundedReplies(
            new ByteArrayInputStream(all) {
              @Override
              public int read(byte[] target, int from, int most) {
                return super.read(target, from, Math.min(most, arriving));
              }
            },
            MOST,
            () -> {});

    ByteBuffer handedOn = ByteBuffer.allocate(all.length);
    byte[] part = new byte[asked];
    for (int count = replies.read(part); count > 0; count = replies.read(part)) {
      handedOn.put(part, 0, count);
    }

    assertThat(handedOn.array()).isEqualTo(all);
  }

  @ParameterizedTest
  @ValueSource(ints = {4, 2, 1 << 30, Integer.MAX_VALUE, -2, Integer.MIN_VALUE})
  void aFieldThatIsNotAsLongAsItSaysIsRefused(int length) {
    assertRefused(message('D', row(1, length, new byte[] {1, 2, 3})), "a message 'D'");
  }

  @ParameterizedTest
  @ValueSource(ints = {0, 2, 0xffff})
  void aRowThatHasNotTheFieldsItSaysIsRefused(int fields) {
    assertRefused(message('D', row(fields, 3, new byte[] {1, 2, 3})), "a message 'D'");
  }

  @Test
  void aRowWithoutANumberOfFieldsIsRefused() {
    assertRefused(message('D', new byte[] {1}), "a message 'D'");
  }

  @ParameterizedTest
  @ValueSource(ints = {3, 0, -1, Integer.MIN_VALUE, MOST, Integer.MAX_VALUE})
  void aMessageOfNoOrTooGreatLengthIsRefusedBeforeAnythingIsReserved(int length) {
    assertRefused(message('E', length, new byte[0]), "a message of");
  }

  /// What the driver makes of them is many times as large.
  @ParameterizedTest
  @CsvSource({"N, 0", "E, 0", "N, 1000", "S, 2", "A, 6"})
  void whatTheDriverKeepsDoesNotComeForEver(char type, int length) {
    byte[] one = message(type, new byte[length]);
    byte[][] many = new byte[MOST / 1024 + 1][];
    Arrays.fill(many, one);

    assertRefusedInTheEnd(many);
  }

  @Test
  void rowsOfAStatementDoNotComeForEver() throws IOException {
    byte[] row = message('D', row(1, 1000, new byte[1000]));
    byte[][] rows = new byte[MOST / row.length + 1][];
    Arrays.fill(rows, row);

    assertRefusedInTheEnd(rows);
    rows[rows.length / 2] = READY;
    assertThat(of(rows).readAllBytes()).hasSizeGreaterThan(MOST - 2 * row.length);
  }

  /// The driver holds something of each.
  @ParameterizedTest
  @ValueSource(ints = {0, 1, 1000})
  void rowsWithNothingInThemDoNotComeForEver(int fields) {
    ByteBuffer nothing = ByteBuffer.allocate(2 + 4 * fields).putShort((short) fields);
    for (int i = 0; i < fields; i++) {
      nothing.putInt(-1);
    }
    byte[][] rows = new byte[MOST / (24 * (fields + 2)) + 1][];
    Arrays.fill(rows, message('D', nothing.array()));

    assertRefusedInTheEnd(rows);
  }

  private static void assertRefusedInTheEnd(byte[][] messages) {
    assertThatExceptionOfType(IOException.class)
        .isThrownBy(() -> of(messages).readAllBytes())
        .withMessageContaining("more than " + MOST);
  }

  /// The driver reads them field by field, and would take what is left for the next message.
  @ParameterizedTest
  @CsvSource({
    "1, 00",
    "2, 44000000",
    "3, 00",
    "n, 00",
    "s, 00",
    "I, 00",
    "Z, ''",
    "Z, 4949",
    "K, 00000001000000",
    "K, 000000010000000200",
    "S, ''",
    "S, 6100",
    "S, 61006200630000",
    "S, 610062",
    "A, 00000001",
    "A, 00000001610062",
    "C, ''",
    "C, 61",
    "C, 610000",
    "T, ''",
    "T, 0001",
    "T, 00016100",
    "T, 000000",
    "T, 000100000000000000000000000000000000000000aa",
    "t, 0001",
    "t, 000100000001ff",
    "D, 000100",
    "R, 000000",
    "R, 0000000000",
    "R, 00000005",
    "R, 0000000a",
    "R, 0000000a6100",
    "R, 0000000a610000ff",
    "R, 00000007",
    "G, 00",
    "H, 00",
    "W, 00",
    "d, 00",
    "v, 00",
    "X, 00"
  })
  void whatIsNotAsTheProtocolSaysIsRefused(char type, String content) {
    assertRefused(message(type, HexFormat.of().parseHex(content)), "the server");
  }

  @ParameterizedTest
  @CsvSource({
    "1, ''",
    "2, ''",
    "3, ''",
    "n, ''",
    "s, ''",
    "I, ''",
    "Z, 49",
    "K, 0000000100000002",
    "S, 61006200",
    "S, 0000",
    "A, 0000000161006200",
    "C, 53454c454354203100",
    "T, 0000",
    "T, 00016100000000000000000000100001ffffffff0000",
    "t, 0000",
    "t, 000100000010",
    "D, 0000",
    "D, 0002ffffffff00000001aa",
    "E, 534552524f5200",
    "N, ''",
    "R, 00000000",
    "R, 00000003",
    "R, 00000005aabbccdd",
    "R, 0000000a534352414d00534352414e0000",
    "R, 0000000baabb",
    "R, 0000000caabb"
  })
  void whatIsAsTheProtocolSaysPasses(char type, String content) throws IOException {
    byte[] message = message(type, HexFormat.of().parseHex(content));

    assertThat(of(message).readAllBytes()).isEqualTo(message);
  }

  /// Whatever a message is made of, it is handed on or refused, and nothing else happens.
  @Property
  void nothingElseHappens(@ForAll byte type, @ForAll @Size(max = 40) byte[] content) {
    byte[] message = message((char) type, content);
    try {
      assertThat(of(message).readAllBytes()).isEqualTo(message);
    } catch (IOException refused) {
      assertThat(refused).hasMessageContaining("the server");
    }
  }

  @Test
  void anEndInTheMiddleOfAMessageIsOne() {
    assertThatExceptionOfType(EOFException.class)
        .isThrownBy(() -> of(new byte[] {'Z', 0, 0}).readAllBytes());
  }

  @Test
  void whatHasArrivedBeforeATimeoutIsKept() throws IOException {
    var arriving = new ByteArrayInputStream(READY);
    var replies =
        new BoundedReplies(
            new InputStream() {
              private boolean late;

              @Override
              public int read() {
                throw new AssertionError("bytes are read together");
              }

              @Override
              public int read(byte[] target, int from, int most) throws IOException {
                late = !late;
                if (late) {
                  throw new SocketTimeoutException();
                }
                return arriving.read(target, from, 1);
              }
            },
            MOST,
            () -> {});

    byte[] found = new byte[READY.length];
    int timeouts = 0;
    for (int count = 0; count < found.length; ) {
      try {
        count += replies.read(found, count, found.length - count);
      } catch (SocketTimeoutException again) {
        timeouts++;
      }
    }

    assertThat(found).isEqualTo(READY);
    assertThat(timeouts).isEqualTo(READY.length);
  }
}
