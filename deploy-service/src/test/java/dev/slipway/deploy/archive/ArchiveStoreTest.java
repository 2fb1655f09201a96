package dev.slipway.deploy.archive;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.slipway.common.operation.DriverFailure;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.FileTime;
import java.nio.file.attribute.PosixFilePermissions;
import java.time.Instant;
import java.util.Arrays;
import java.util.List;
import java.util.Set;
import java.util.stream.Stream;
import java.util.zip.CRC32;
import org.apache.commons.compress.archivers.zip.Zip64Mode;
import org.apache.commons.compress.archivers.zip.ZipArchiveEntry;
import org.apache.commons.compress.archivers.zip.ZipArchiveOutputStream;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

final class ArchiveStoreTest {

  private static final String APPLICATION = "app_01234567890123456789abcdef";
  private static final String VERSION = "1730000000000";
  private static final Instant NOW = Instant.parse("2026-01-31T12:00:00Z");
  private static final Unpacking.Limits LIMITS = new Unpacking.Limits(100_000, 50, 10_000, 20);

  @TempDir Path folder;
  private ArchiveStore store;
  private Instant now = NOW;

  @BeforeEach
  void open() {
    store = reopened();
  }

  private ArchiveStore reopened() {
    return new ArchiveStore(
        folder.resolve("data/archives"),
        folder.resolve("data/applications"),
        () -> now,
        LIMITS,
        ArchiveStore.readers(2));
  }

  @Test
  void filesComeOutAsTheyWentIn() throws Exception {
    Path unpacked =
        unpack(
            zip(
                file("package.json", "{}", 0100664),
                file("build.sh", "#!/bin/sh", 0104777),
                file("src/über/main.ts", "code", 0100600),
                folder("empty/"),
                file(".env", "", 0100644)));

    assertThat(unpacked.resolve("src/über/main.ts")).hasContent("code");
    assertThat(unpacked.resolve("empty")).isEmptyDirectory();
    assertThat(mode(unpacked.resolve("build.sh"))).isEqualTo("rwxr-xr-x");
    assertThat(mode(unpacked.resolve("package.json"))).isEqualTo("rw-r--r--");
    assertThat(mode(unpacked.resolve("src/über/main.ts"))).isEqualTo("rw-r--r--");
    assertThat(unpacked.toString()).contains("/unpacked/");
    assertThat((Integer) Files.getAttribute(unpacked.resolve("build.sh"), "unix:mode") & 07000)
        .isZero();
  }

  @Test
  void unpackingAgainReplacesWhatIsThere() throws Exception {
    unpack(zip(file("old", "1", 0100644)));

    Path unpacked = unpack(zip(file("new", "2", 0100644)));

    assertThat(unpacked).isDirectoryContaining("glob:**/new");
    assertThat(unpacked).isDirectoryNotContaining("glob:**/old");
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "../evil",
        "a/../../evil",
        "a/..",
        "..",
        ".",
        "./a",
        "a/./b",
        "/etc/passwd",
        "//host/share",
        "a//b",
        "C:/evil",
        "c:evil",
        "..\\evil",
        "a\\b",
        "a\nb",
        "a\0b",
        "a\u001b[31mb",
        "a\u007fb",
        "a\u0085b",
        "a\u2028b",
        "a\ufffdb",
        "/",
        "../",
        "a/../"
      })
  void namesThatLeadAstrayAreRefused(String name) throws Exception {
    assertRefused(zip(file("package.json", "{}", 0100644), file(name, "", 0)), "entry ");
  }

  @ParameterizedTest
  @ValueSource(ints = {0120777, 0020666, 0060666, 0010644, 0140777, 0040755})
  void onlyFilesAndFoldersAreAllowed(int mode) throws Exception {
    assertRefused(
        zip(file("package.json", "{}", 0100644), file("odd", "/etc/passwd", mode)),
        "entry \"odd\" is neither a file nor a folder");
  }

  @Test
  void aFolderHasNoContent() throws Exception {
    byte[] zip = zip(file("package.json", "{}", 0100644), file("odd/", "content", 0));

    assertRefused(zip, "entry \"odd/\" is a folder with content of its own");
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "a b|a b",
        "a|A",
        "a/b|A/c",
        "a|a/b",
        "a/b|a",
        "a/b|a/b/",
        "a/b/|a/b",
        "a|a/",
        "é|e\u0301",
        "ß/a|SS/b",
        "ﬁ|fi"
      })
  void noTwoEntriesAreTheSameFile(String names) throws Exception {
    List<String> both = Arrays.asList(names.split("\\|"));

    assertRefused(zip(file(both.get(0), "", 0), file(both.get(1), "", 0)), "is there twice");
  }

  @Test
  void namesAsLongAsAFileSystemTakesAreAllowedAndNoLongerOnes() throws Exception {
    assertThat(unpack(zip(file("a".repeat(255), "", 0)))).isNotEmptyDirectory();

    assertRefused(zip(file("a".repeat(256), "", 0)), "is too long");
    assertRefused(zip(file("é".repeat(128), "", 0)), "is too long");
    assertRefused(zip(file("a/".repeat(2048) + "b", "", 0)), "is too long");
  }

  @Test
  void theSameFolderMayBeNamedByItsFiles() throws Exception {
    Path unpacked = unpack(zip(file("a/b", "", 0), folder("a/"), file("a/c", "", 0)));

    assertThat(unpacked.resolve("a/c")).isEmptyFile();
  }

  @Test
  void anArchiveWithoutFilesIsRefused() throws Exception {
    assertRefused(zip(), "the archive has no files");
    assertRefused(zip(folder("a/")), "the archive has no files");
    assertRefused(zip(file(".slipway/ca.pem", "x", 0)), "the archive has no files");
  }

  @Test
  void thePlatformsOwnFolderIsLeftOut() throws Exception {
    Path unpacked = unpack(zip(file(".slipway/ca.pem", "x", 0), file("a/.slipway", "y", 0)));

    assertThat(unpacked.resolve(".slipway")).doesNotExist();
    assertThat(unpacked.resolve("a/.slipway")).hasContent("y");
  }

  @ParameterizedTest
  @ValueSource(strings = {"", "PK", "no zip at all, but long enough to look for one in it"})
  void whatIsNoZipIsRefused(String content) throws Exception {
    assertRefused(content.getBytes(StandardCharsets.UTF_8), "the archive is not a zip file");
  }

  @Test
  void aZipCutOffAnywhereIsRefused() throws Exception {
    byte[] whole = zip(file("a", "some content", 0100644), file("b/c", "more", 0100644));
    for (int length = 0; length < whole.length; length++) {
      assertRefused(Arrays.copyOf(whole, length), "");
    }
  }

  @Test
  void aZipWithAnyByteChangedIsRefusedOrTheSameOrNamedOtherwise() throws Exception {
    byte[] whole = zip(file("a", "some content", 0100644));
    for (int position = 0; position < whole.length; position++) {
      byte[] changed = whole.clone();
      changed[position] ^= (byte) 0x55;
      try {
        Path unpacked = unpack(changed);
        try (Stream<Path> files = Files.walk(unpacked)) {
          assertThat(files.filter(Files::isRegularFile))
              .allSatisfy(file -> assertThat(file).hasContent("some content"));
        }
      } catch (DriverFailure.Permanent refused) {
        assertThat(refused.code()).isEqualTo("bad-archive");
      }
      assertNothingElse();
    }
  }

  @Test
  void sizesAreCheckedBeforeAnythingIsWritten() throws Exception {
    assertRefused(
        zip(file("a", random(60_000), 0), file("b", random(60_000), 0)), "unpacks to more than");
  }

  @Test
  void whatIsCompressedTooWellIsRefused() throws Exception {
    assertRefused(zip(file("a", "0".repeat(50_000), 0)), "more than 20 times its size");
    assertThat(unpack(zip(file("a", "0".repeat(9_000), 0)))).isNotEmptyDirectory();
  }

  @Test
  void moreEntriesThanAllowedAreRefused() throws Exception {
    Entry[] many = new Entry[51];
    Arrays.setAll(many, number -> file("f" + number, "", 0));

    assertThat(unpack(zip(Arrays.copyOf(many, 50)))).isNotEmptyDirectory();
    assertRefused(zip(many), "the archive has more than 50 entries");
  }

  @Test
  void deepFoldersWithLongNamesAreRefusedBeforeTheyAreAllHeld() throws Exception {
    assertRefused(
        zip(
            file("one/" + "a/".repeat(2000) + "b", "", 0),
            file("two/" + "a/".repeat(2000) + "b", "", 0)),
        "too many files with long names");
  }

  @Test
  void aSizeThatIsALieIsFoundOut() throws Exception {
    byte[] zip = zip(file("a", "0".repeat(5_000), 0100644));
    int header = centralHeader(zip);
    little(zip).putInt(header + 24, 10);

    assertRefused(zip, "entry \"a\" is larger than it says");
  }

  @Test
  void whatIsEncryptedOrOddlyCompressedIsRefused() throws Exception {
    byte[] encrypted = zip(file("a", "content", 0));
    ByteBuffer flags = little(encrypted);
    flags.putShort(centralHeader(encrypted) + 8, (short) (flags.getShort(8) | 1));
    byte[] odd = zip(file("a", "content", 0));
    little(odd).putShort(centralHeader(odd) + 10, (short) 14);

    assertRefused(encrypted, "entry \"a\" is encrypted");
    assertRefused(odd, "entry \"a\" is compressed in a way that is not supported");
  }

  @Test
  void zip64IsAllowed() throws Exception {
    var bytes = new ByteArrayOutputStream();
    try (var output = new ZipArchiveOutputStream(bytes)) {
      output.setUseZip64(Zip64Mode.Always);
      output.putArchiveEntry(new ZipArchiveEntry("a"));
      output.write("content".getBytes(StandardCharsets.UTF_8));
      output.closeArchiveEntry();
    }

    assertThat(unpack(bytes.toByteArray()).resolve("a")).hasContent("content");
  }

  @Test
  void whatWasSweptIsMissing() {
    assertThatThrownBy(() -> store.unpack("0".repeat(64), APPLICATION, VERSION))
        .isInstanceOfSatisfying(
            DriverFailure.Permanent.class,
            failure -> assertThat(failure.code()).isEqualTo("archive-missing"));
    assertThat(store.exists("../../etc/passwd")).isFalse();
  }

  @Test
  void identifiersCannotLeadOut() throws Exception {
    String archive = keep(zip(file("a", "", 0)));

    assertThatThrownBy(() -> store.unpack(archive, "../../evil", VERSION))
        .isInstanceOf(IllegalArgumentException.class);
    assertThatThrownBy(() -> store.discard(APPLICATION, "../1"))
        .isInstanceOf(IllegalArgumentException.class);
  }

  @Test
  void discardingLeavesNothingAndMayBeRepeated() throws Exception {
    Path unpacked = unpack(zip(file("a/b", "", 0)));

    store.discard(APPLICATION, VERSION);
    store.discard(APPLICATION, VERSION);

    assertThat(unpacked).doesNotExist();
  }

  @Test
  void archivesAreTheirOwnersAlone() throws Exception {
    keep(zip(file("a", "", 0)));

    try (Stream<Path> all = Files.walk(folder.resolve("data/archives/sha256"))) {
      assertThat(all.filter(Files::isRegularFile))
          .singleElement()
          .satisfies(file -> assertThat(mode(file)).isEqualTo("rw-------"));
    }
  }

  @Test
  void theSweepTakesWhatNobodyNeedsWhenItIsOldEnough() throws Exception {
    String needed = keep(zip(file("a", "needed", 0)));
    String fresh = keep(zip(file("a", "fresh", 0)));
    String stale = keep(zip(file("a", "stale", 0)));
    String again = keep(zip(file("a", "again", 0)));
    touch(needed, NOW.minusSeconds(3601));
    touch(stale, NOW.minusSeconds(3601));
    touch(again, NOW.minusSeconds(3601));
    touch(fresh, NOW.minusSeconds(3599));
    keep(zip(file("a", "again", 0)));
    touchIfOlder(again);

    assertThat(store.sweep(Set.of(needed))).isEqualTo(1);
    assertThat(List.of(needed, fresh, stale, again))
        .extracting(store::exists)
        .containsExactly(true, true, false, true);
  }

  @Test
  void aStartSweepsWhatACrashLeft() throws Exception {
    Path dead = folder.resolve("data/archives/incoming/dead.upload");
    Path live = folder.resolve("data/archives/incoming/live.upload");
    Path half = folder.resolve("data/unpacked/" + APPLICATION + ".1.x.new");
    Files.writeString(dead, "x");
    Files.writeString(live, "x");
    Files.createDirectories(half.resolve("a"));
    Files.setLastModifiedTime(dead, FileTime.from(NOW.minusSeconds(3601)));
    Files.setLastModifiedTime(live, FileTime.from(NOW));
    Files.setLastModifiedTime(half, FileTime.from(NOW.minusSeconds(3601)));

    reopened();

    assertThat(dead).doesNotExist();
    assertThat(half).doesNotExist();
    assertThat(live).exists();
  }

  @Test
  void anInterruptIsNotMistakenForADamagedArchive() throws Exception {
    String archive = keep(zip(file("a", "content", 0)));

    Thread.currentThread().interrupt();

    assertThatThrownBy(() -> store.unpack(archive, APPLICATION, VERSION))
        .isInstanceOf(InterruptedException.class);
  }

  /// Kept again, it is as young as the clock says; the test's clock is not the file system's.
  private void touchIfOlder(String digest) throws IOException {
    assertThat(Files.getLastModifiedTime(kept(digest)).toInstant()).isAfter(NOW.minusSeconds(3600));
  }

  private void touch(String digest, Instant at) throws IOException {
    Files.setLastModifiedTime(kept(digest), FileTime.from(at));
  }

  private Path kept(String digest) {
    return folder.resolve("data/archives/sha256/" + digest.substring(0, 2) + "/" + digest);
  }

  private void assertRefused(byte[] zip, String message) throws Exception {
    assertThatThrownBy(() -> unpack(zip))
        .isInstanceOfSatisfying(
            DriverFailure.Permanent.class,
            refused -> {
              assertThat(refused.code()).isEqualTo("bad-archive");
              assertThat(refused).message().contains(message);
              assertThat(refused).message().matches("[ -~]+");
            });
    assertNothingElse();
    store.discard(APPLICATION, VERSION);
  }

  /// Nothing half done, and nothing anywhere else.
  private void assertNothingElse() throws IOException {
    try (Stream<Path> around = Files.list(folder);
        Stream<Path> beside = Files.list(folder.resolve("data"));
        Stream<Path> halves = Files.list(folder.resolve("data/unpacked"))) {
      assertThat(around).hasSize(1);
      assertThat(beside.map(path -> path.getFileName().toString()))
          .containsExactlyInAnyOrder("archives", "unpacked");
      assertThat(halves.filter(path -> path.toString().endsWith(".new"))).isEmpty();
    }
  }

  private Path unpack(byte[] zip) throws Exception {
    return store.unpack(keep(zip), APPLICATION, VERSION);
  }

  private String keep(byte[] zip) throws IOException {
    try (ArchiveStore.Upload upload = store.begin()) {
      upload.write(zip, 0, zip.length);
      return upload.keep();
    }
  }

  private static String mode(Path file) throws IOException {
    return PosixFilePermissions.toString(Files.getPosixFilePermissions(file));
  }

  private static ByteBuffer little(byte[] bytes) {
    return ByteBuffer.wrap(bytes).order(ByteOrder.LITTLE_ENDIAN);
  }

  private static int centralHeader(byte[] zip) {
    for (int at = zip.length - 4; at >= 0; at--) {
      if (little(zip).getInt(at) == 0x02014b50) {
        return at;
      }
    }
    throw new AssertionError("no central directory");
  }

  private static String random(int length) {
    var text = new StringBuilder();
    long state = 42;
    while (text.length() < length) {
      state = state * 6364136223846793005L + 1442695040888963407L;
      text.append((char) ('0' + (state >>> 58)));
    }
    return text.toString();
  }

  private static Entry file(String name, String content, int mode) {
    return new Entry(name, content.getBytes(StandardCharsets.UTF_8), mode);
  }

  private static Entry folder(String name) {
    return new Entry(name, null, 0040755);
  }

  /// Writes every entry as it is told, sane or not: the library would put names in order.
  private static byte[] zip(Entry... entries) throws IOException {
    var bytes = new ByteArrayOutputStream();
    try (var output = new ZipArchiveOutputStream(bytes)) {
      for (Entry entry : entries) {
        var header = new Verbatim(entry.name());
        if (entry.mode() != 0) {
          header.setUnixMode(entry.mode());
        }
        byte[] content = entry.content() == null ? new byte[0] : entry.content();
        if (entry.name().endsWith("/")) {
          header.setMethod(ZipArchiveEntry.STORED);
          header.setSize(content.length);
          var checksum = new CRC32();
          checksum.update(content);
          header.setCrc(checksum.getValue());
        }
        output.putArchiveEntry(header);
        output.write(content);
        output.closeArchiveEntry();
      }
    }
    return bytes.toByteArray();
  }

  private static final class Verbatim extends ZipArchiveEntry {

    private final String verbatim;

    Verbatim(String name) {
      super("verbatim" + (name.endsWith("/") ? "/" : ""));
      this.verbatim = name;
    }

    @Override
    @SuppressWarnings("NullAway") // The constructor above reads it before it is set.
    public String getName() {
      return verbatim == null ? super.getName() : verbatim;
    }

    @Override
    public boolean equals(@Nullable Object other) {
      return this == other;
    }

    @Override
    public int hashCode() {
      return System.identityHashCode(this);
    }
  }

  @SuppressWarnings("ArrayRecordComponent") // Never compared.
  private record Entry(String name, byte @Nullable [] content, int mode) {}
}
