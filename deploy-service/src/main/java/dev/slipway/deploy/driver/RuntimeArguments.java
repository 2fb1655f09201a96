package dev.slipway.deploy.driver;

import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.regex.Pattern;

/// What a runtime is given, checked the same way by each.
public final class RuntimeArguments {

  /// Bytes of a text that is read from, or written to, a version.
  public static final int LONGEST_TEXT = 4 * 1024 * 1024;

  private static final Pattern TREE = Pattern.compile("[A-Za-z0-9][A-Za-z0-9._-]{0,120}");

  private RuntimeArguments() {}

  /// @throws IllegalArgumentException when this is not a path inside a folder
  public static List<String> parts(String path) {
    List<String> parts = List.of(path.split("/", -1));
    if (path.indexOf('\0') >= 0
        || parts.stream()
            .anyMatch(part -> part.isEmpty() || part.equals(".") || part.equals(".."))) {
      throw new IllegalArgumentException("not a path inside a version");
    }
    return parts;
  }

  /// @throws IllegalArgumentException when this is too long to be written
  public static byte[] bytes(String text) {
    byte[] bytes = text.getBytes(StandardCharsets.UTF_8);
    if (bytes.length > LONGEST_TEXT) {
      throw new IllegalArgumentException("a text has at most 4 MiB");
    }
    return bytes;
  }

  /// @throws IllegalArgumentException when this cannot name a tree
  public static String requireTree(String tree) {
    if (!TREE.matcher(tree).matches()) {
      throw new IllegalArgumentException("not the name of a tree");
    }
    return tree;
  }
}
