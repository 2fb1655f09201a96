package dev.slipway.deploy.archive;

/// An upload or an archive is refused. The message is public: it says which entry or field is at
/// fault, quoted so that it cannot be mistaken for anything else.
public final class BadArchive extends Exception {

  private static final int LONGEST_NAME = 120;

  private final Reason reason;

  public BadArchive(Reason reason, String message) {
    super(message);
    this.reason = reason;
  }

  public BadArchive(Reason reason, String message, Throwable cause) {
    super(message, cause);
    this.reason = reason;
  }

  public Reason reason() {
    return reason;
  }

  /// What is wrong with it.
  public enum Reason {
    /// The body is not the JSON it should be, or ends too early.
    MALFORMED_BODY,
    /// The archive, or what it unpacks to, is larger than allowed.
    TOO_LARGE,
    /// It is not an archive, or holds what no application may.
    BAD_ARCHIVE;

    /// The stable word for it.
    public String code() {
      return switch (this) {
        case MALFORMED_BODY -> "malformed-body";
        case TOO_LARGE -> "archive-too-large";
        case BAD_ARCHIVE -> "bad-archive";
      };
    }
  }

  /// Makes somebody else's text fit to be shown: in quotes, on one line, in plain ASCII, not too
  /// long.
  static String quoted(String text) {
    var quoted = new StringBuilder("\"");
    text.codePoints()
        .limit(LONGEST_NAME)
        .forEach(
            point -> {
              if (point == '"' || point == '\\') {
                quoted.append('\\').append((char) point);
              } else if (point >= ' ' && point < 0x7f) {
                quoted.append((char) point);
              } else {
                quoted.append("\\u{").append(Integer.toHexString(point)).append('}');
              }
            });
    if (text.codePointCount(0, text.length()) > LONGEST_NAME) {
      quoted.append("...");
    }
    return quoted.append('"').toString();
  }
}
