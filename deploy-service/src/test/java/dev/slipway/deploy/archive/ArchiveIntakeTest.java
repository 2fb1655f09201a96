package dev.slipway.deploy.archive;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.google.errorprone.annotations.FormatMethod;
import com.sun.management.ThreadMXBean;
import dev.slipway.deploy.archive.ArchiveIntake.Received;
import dev.slipway.deploy.archive.ArchiveIntake.Stored;
import dev.slipway.deploy.archive.BadArchive.Reason;
import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.io.InputStream;
import java.io.SequenceInputStream;
import java.lang.management.ManagementFactory;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.channels.ClosedByInterruptException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.MessageDigest;
import java.time.InstantSource;
import java.util.Arrays;
import java.util.Base64;
import java.util.Collections;
import java.util.HexFormat;
import java.util.List;
import java.util.concurrent.Callable;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.ThreadPoolExecutor;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import java.util.zip.CRC32;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

final class ArchiveIntakeTest {

  private static final int LIMIT = 1000;

  /// What a zip file with one file has beside that file's content.
  private static final int OVERHEAD = 31 + 47 + 22;

  @TempDir Path folder;
  private final ThreadPoolExecutor readers = ArchiveStore.readers(1);
  private ArchiveStore store;
  private ArchiveIntake intake;

  @BeforeEach
  void open() {
    store = store(Unpacking.Limits.PROMISED);
    intake = new ArchiveIntake(store, LIMIT);
  }

  private ArchiveStore store(Unpacking.Limits limits) {
    return new ArchiveStore(
        folder.resolve("archives"),
        folder.resolve("applications"),
        InstantSource.system(),
        limits,
        readers);
  }

  @Test
  void fieldsMayComeInAnyOrder() throws Exception {
    byte[] zip = zip(200);
    String archive = Base64.getEncoder().encodeToString(zip);

    Received before =
        receive("{\"application_archive\":\"%s\",\"target_database_name\":\"db\"}", archive);
    Received after =
        receive("{\"target_database_name\":\"db\",\"application_archive\":\"%s\"}", archive);

    assertThat(before).isEqualTo(after);
    assertThat(before.archive()).contains(new Stored(sha256(zip), 200));
    assertThat(before.field("target_database_name")).contains("db");
    assertThat(store.exists(sha256(zip))).isTrue();
  }

  @Test
  void aBodyNeedsNoArchive() throws Exception {
    Received received = receive("{\"previous_version\":\"17\",\"application_archive\":null}");

    assertThat(received.archive()).isEmpty();
    assertThat(received.field("previous_version")).contains("17");
  }

  @Test
  void unknownFieldsOfAnyKindAreIgnored() throws Exception {
    Received received =
        receive("{\"a\":[1,{\"application_archive\":2}],\"b\":true,\"previous_version\":\"17\"}");

    assertThat(received.archive()).isEmpty();
    assertThat(received.fields()).containsOnlyKeys("previous_version");
  }

  @Test
  void theSameArchiveIsKeptOnce() throws Exception {
    String archive = Base64.getEncoder().encodeToString(zip(200));

    receive("{\"application_archive\":\"%s\"}", archive);
    receive("{\"application_archive\":\"%s\"}", archive);

    assertThat(files()).hasSize(1);
  }

  /// It is what it was when it was read through.
  @Test
  void anArchiveThatIsKeptIsNotReadThroughAgain() throws Exception {
    String archive = Base64.getEncoder().encodeToString(zip(200));
    receive("{\"application_archive\":\"%s\"}", archive);
    intake = new ArchiveIntake(store(new Unpacking.Limits(1, 1, 1, 1)), LIMIT);

    Received again = receive("{\"application_archive\":\"%s\"}", archive);

    assertThat(again.archive()).contains(new Stored(sha256(zip(200)), 200));
    assertThat(files()).hasSize(1);
    assertThatThrownBy(
            () ->
                receive(
                    "{\"application_archive\":\"%s\"}",
                    Base64.getEncoder().encodeToString(zip(201))))
        .isInstanceOf(BadArchive.class);
  }

  /// However many come at once, and whatever threads they come on.
  @Test
  void archivesAreReadThroughByTheStoresOwnThreads() throws Exception {
    List<Callable<Received>> uploads =
        IntStream.range(200, 220)
            .<Callable<Received>>mapToObj(
                size ->
                    () ->
                        receive(
                            "{\"application_archive\":\"%s\"}",
                            Base64.getEncoder().encodeToString(zip(size))))
            .toList();

    try (var callers = Executors.newVirtualThreadPerTaskExecutor()) {
      for (Future<Received> upload : callers.invokeAll(uploads)) {
        assertThat(upload.get().archive()).isPresent();
      }
    }

    assertThat(readers.getCompletedTaskCount()).isEqualTo(uploads.size());
    assertThat(readers.getLargestPoolSize()).isEqualTo(1);
    assertThat(ArchiveStore.readers(8).getMaximumPoolSize()).isEqualTo(4);
  }

  /// The service stops while the archive is read through: it may be a good one.
  @Test
  void anInterruptIsNoFaultOfTheArchive() throws Exception {
    String archive = Base64.getEncoder().encodeToString(zip(200));
    InputStream stops =
        new InputStream() {
          @Override
          public int read() {
            Thread.currentThread().interrupt();
            return -1;
          }

          @Override
          public int read(byte[] into, int offset, int length) {
            return read();
          }
        };
    var body =
        new SequenceInputStream(
            stream("{\"application_archive\":\"%s\"}".formatted(archive)), stops);

    assertThatThrownBy(() -> intake.receive(body)).isInstanceOf(ClosedByInterruptException.class);

    assertThat(Thread.interrupted()).isTrue();
    assertThat(files()).isEmpty();
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "",
        " ",
        "[]",
        "null",
        "\"text\"",
        "{",
        "{\"application_archive\"",
        "{\"application_archive\":\"Y29udGVudA==",
        "{\"application_archive\":\"Y29udGVudA==\"",
        "{\"application_archive\":\"Y29udGVudA==\"}}",
        "{\"application_archive\":\"Y29udGVudA==\"} {}",
        "{\"application_archive\":\"Y29*dGVudA==\"}",
        "{\"application_archive\":\"Y29udGVudA\\u0000==\"}",
        "{\"application_archive\":\"Y\"}",
        "{\"application_archive\":7}",
        "{\"application_archive\":[\"Y29udGVudA==\"]}",
        "{\"application_archive\":{}}",
        "{\"application_archive\":\"Y29udGVudA==\",\"application_archive\":\"Y29udGVudA==\"}",
        "{\"application_archive\":\"Y29udGVudA==\",\"other\":}",
        "{\"a\":[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]}",
      })
  void nothingIsKeptOfAMalformedBody(String body) throws Exception {
    assertThatThrownBy(() -> receive("%s", body))
        .isInstanceOfSatisfying(
            BadArchive.class,
            refused -> assertThat(refused.reason()).isEqualTo(Reason.MALFORMED_BODY));
    assertThat(files()).isEmpty();
  }

  @Test
  void anEmptyArchiveIsRefused() throws Exception {
    assertThatThrownBy(() -> receive("{\"application_archive\":\"\"}"))
        .hasMessage("application_archive is empty");
    assertThat(files()).isEmpty();
  }

  @Test
  void theLimitItselfIsAllowedAndNotAByteMore() throws Exception {
    receive("{\"application_archive\":\"%s\"}", Base64.getEncoder().encodeToString(zip(LIMIT)));
    assertThat(files()).hasSize(1);

    String larger = Base64.getEncoder().encodeToString(zip(LIMIT + 1));
    assertThatThrownBy(() -> receive("{\"application_archive\":\"%s\"}", larger))
        .hasMessage("the archive is larger than the 1000 bytes allowed");
    assertThat(files()).hasSize(1);
  }

  @Test
  void nothingIsKeptOfAnArchiveThatCannotBeUnpacked() throws Exception {
    byte[] cut = Arrays.copyOf(zip(200), 199);

    assertThatThrownBy(
            () ->
                receive(
                    "{\"application_archive\":\"%s\"}", Base64.getEncoder().encodeToString(cut)))
        .hasMessage("the archive is not a zip file, or is cut off");
    assertThat(files()).isEmpty();
  }

  @Test
  void nothingIsKeptOfAnArchiveWhoseContentsAreDamaged() throws Exception {
    byte[] damaged = zip(200);
    damaged[100] ^= 1;

    assertThatThrownBy(
            () ->
                receive(
                    "{\"application_archive\":\"%s\"}",
                    Base64.getEncoder().encodeToString(damaged)))
        .hasMessage("entry \"a\" is damaged or cut off");
    assertThat(files()).isEmpty();
  }

  @Test
  void nothingIsKeptWhenTheConnectionBreaks() throws Exception {
    InputStream broken =
        new InputStream() {
          @Override
          public int read() throws IOException {
            throw new IOException("reset by peer");
          }

          @Override
          public int read(byte[] into, int offset, int length) throws IOException {
            return read();
          }
        };
    var body =
        new SequenceInputStream(
            new ByteArrayInputStream(bytes("{\"application_archive\":\"Y29udGVu")), broken);

    assertThatThrownBy(() -> intake.receive(body))
        .isInstanceOf(IOException.class)
        .hasMessage("reset by peer");
    assertThat(files()).isEmpty();
  }

  @Test
  void memoryDoesNotGrowWithTheArchive() throws Exception {
    int chunks = 32;
    int chunk = 3 << 20;
    int content = chunks * chunk - OVERHEAD;
    byte[] first = Arrays.copyOf(head(content), chunk);
    byte[] last = new byte[chunk];
    byte[] tail = tail(content);
    System.arraycopy(tail, 0, last, chunk - tail.length, tail.length);
    byte[] zeros = Base64.getEncoder().encode(new byte[chunk]);
    var threads = (ThreadMXBean) ManagementFactory.getThreadMXBean();
    List<InputStream> parts =
        Stream.of(
                Stream.of(stream("{\"application_archive\":\""), encoded(first)),
                Stream.generate(() -> (InputStream) new ByteArrayInputStream(zeros))
                    .limit(chunks - 2),
                Stream.of(encoded(last), stream("\"}")))
            .flatMap(part -> part)
            .toList();
    var large = new ArchiveIntake(store, 1L << 40);
    var body = new SequenceInputStream(Collections.enumeration(parts));
    long before = threads.getCurrentThreadAllocatedBytes();

    Received received = large.receive(body);

    assertThat(received.archive().orElseThrow().size()).isEqualTo((long) chunks * chunk);
    assertThat(threads.getCurrentThreadAllocatedBytes() - before).isLessThan(16L << 20);
  }

  @FormatMethod
  private Received receive(String body, Object... values) throws Exception {
    return intake.receive(stream(body.formatted(values)));
  }

  /// A zip file of so many bytes, of which the content of one file is most.
  private static byte[] zip(int size) {
    int content = size - OVERHEAD;
    return ByteBuffer.allocate(size)
        .put(head(content))
        .position(size - tail(content).length)
        .put(tail(content))
        .array();
  }

  private static byte[] head(int content) {
    return ByteBuffer.allocate(31)
        .order(ByteOrder.LITTLE_ENDIAN)
        .putInt(0x04034b50)
        .position(14)
        .putInt(checksum(content))
        .putInt(content)
        .putInt(content)
        .putShort((short) 1)
        .position(30)
        .put((byte) 'a')
        .array();
  }

  /// The table of contents, and its end.
  private static byte[] tail(int content) {
    return ByteBuffer.allocate(47 + 22)
        .order(ByteOrder.LITTLE_ENDIAN)
        .putInt(0x02014b50)
        .position(16)
        .putInt(checksum(content))
        .putInt(content)
        .putInt(content)
        .putShort((short) 1)
        .position(46)
        .put((byte) 'a')
        .putInt(0x06054b50)
        .position(47 + 8)
        .putShort((short) 1)
        .putShort((short) 1)
        .putInt(47)
        .putInt(31 + content)
        .array();
  }

  private static int checksum(int zeros) {
    var checksum = new CRC32();
    checksum.update(new byte[zeros]);
    return (int) checksum.getValue();
  }

  private static InputStream encoded(byte[] bytes) {
    return new ByteArrayInputStream(Base64.getEncoder().encode(bytes));
  }

  private static InputStream stream(String text) {
    return new ByteArrayInputStream(bytes(text));
  }

  private static byte[] bytes(String text) {
    return text.getBytes(StandardCharsets.UTF_8);
  }

  private static String sha256(byte[] bytes) throws Exception {
    return HexFormat.of().formatHex(MessageDigest.getInstance("SHA-256").digest(bytes));
  }

  private List<Path> files() throws IOException {
    try (Stream<Path> all = Files.walk(folder)) {
      return all.filter(Files::isRegularFile).toList();
    }
  }
}
