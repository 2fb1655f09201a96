package dev.slipway.deploy.archive;

import dev.slipway.deploy.archive.BadArchive.Reason;
import java.nio.charset.StandardCharsets;
import java.text.Normalizer;
import java.util.HashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.regex.Pattern;

/// Decides which names the entries of one archive may have. What it accepts stays below the folder,
/// and no two of them are the same file, on whatever file system.
final class EntryNames {

  private static final int LONGEST_SEGMENT = 255;
  private static final int LONGEST_PATH = 4096;

  /// All names together, in characters, each folder on the way counted once: they are held.
  private static final long LONGEST_TOGETHER = 4L << 20;
  private static final Pattern DRIVE = Pattern.compile("[A-Za-z]:.*", Pattern.DOTALL);

  private final Map<String, Taken> taken = new HashMap<>();
  private long length;

  /// Accepts a name, a folder's without the slash at its end.
  ///
  /// @return its parts
  List<String> accept(String name, boolean folder) throws BadArchive {
    String path = folder && name.endsWith("/") ? name.substring(0, name.length() - 1) : name;
    requirePlain(name, path);
    List<String> parts = List.of(path.split("/", -1));
    for (String part : parts) {
      if (part.isEmpty() || part.equals(".") || part.equals("..")) {
        throw refused(name, "leads out of the folder");
      }
      if (bytes(part) > LONGEST_SEGMENT) {
        throw refused(name, "is too long");
      }
    }
    take(name, parts, folder);
    return parts;
  }

  private static void requirePlain(String name, String path) throws BadArchive {
    if (path.isEmpty()) {
      throw refused(name, "has no name");
    }
    if (bytes(path) > LONGEST_PATH) {
      throw refused(name, "is too long");
    }
    if (path.startsWith("/") || path.indexOf('\\') >= 0 || DRIVE.matcher(path).matches()) {
      throw refused(name, "leads out of the folder");
    }
    // U+FFFD stands for bytes that are no text.
    if (path.codePoints()
        .anyMatch(
            point ->
                Character.isISOControl(point)
                    || point == 0xfffd
                    || Character.getType(point) == Character.SURROGATE
                    || Character.getType(point) == Character.LINE_SEPARATOR
                    || Character.getType(point) == Character.PARAGRAPH_SEPARATOR)) {
      throw refused(name, "has characters that no name may have");
    }
  }

  private void take(String name, List<String> parts, boolean folder) throws BadArchive {
    var path = new StringBuilder();
    for (int part = 0; part < parts.size(); part++) {
      boolean last = part == parts.size() - 1;
      path.append(part == 0 ? "" : "/").append(parts.get(part));
      String exact = path.toString();
      var wanted = new Taken(exact, !last || folder);
      String folded = folded(exact);
      Taken before = taken.putIfAbsent(folded.equals(exact) ? exact : folded, wanted);
      if (before == null) {
        length += exact.length();
        if (length > LONGEST_TOGETHER) {
          throw new BadArchive(Reason.TOO_LARGE, "the archive has too many files with long names");
        }
      } else if (!(before.equals(wanted) && wanted.folder())) {
        // Only a folder may be named again, by what is in it.
        throw refused(name, "is there twice");
      }
    }
  }

  /// As file systems do that know no case, or one way to write an accent.
  private static String folded(String path) {
    return Normalizer.normalize(
        Normalizer.normalize(path, Normalizer.Form.NFKC)
            .toUpperCase(Locale.ROOT)
            .toLowerCase(Locale.ROOT),
        Normalizer.Form.NFKC);
  }

  private static int bytes(String text) {
    return text.getBytes(StandardCharsets.UTF_8).length;
  }

  static BadArchive refused(String name, String problem) {
    return new BadArchive(
        Reason.BAD_ARCHIVE, "entry %s %s".formatted(BadArchive.quoted(name), problem));
  }

  private record Taken(String exact, boolean folder) {}
}
