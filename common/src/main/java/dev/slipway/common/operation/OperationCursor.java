package dev.slipway.common.operation;

import java.nio.charset.StandardCharsets;
import java.time.Instant;
import java.time.format.DateTimeParseException;
import java.util.Base64;
import java.util.Optional;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/// A place in a list of operations, newest first: just after this one. It is the same in every
/// service, so that their lists are one; and what begins later does not move it.
public record OperationCursor(Instant createdAt, String id) {

  /// The header that says where a list goes on.
  public static final String NEXT = "Next-Cursor";

  private static final Pattern FORM =
      Pattern.compile("([0-9TZ:.-]{20,40}) ([a-z]{3}_[0-9a-z]{26})");
  private static final int LONGEST = 120;

  /// Says nothing to its reader, who is to send it back as it is.
  public String encoded() {
    return Base64.getUrlEncoder()
        .withoutPadding()
        .encodeToString((createdAt + " " + id).getBytes(StandardCharsets.US_ASCII));
  }

  /// @return empty for what no list gave
  public static Optional<OperationCursor> decode(String encoded) {
    if (encoded.length() > LONGEST) {
      return Optional.empty();
    }
    try {
      Matcher parts =
          FORM.matcher(
              new String(Base64.getUrlDecoder().decode(encoded), StandardCharsets.US_ASCII));
      return parts.matches()
          ? Optional.of(new OperationCursor(Instant.parse(parts.group(1)), parts.group(2)))
          : Optional.empty();
    } catch (IllegalArgumentException | DateTimeParseException notOurs) {
      return Optional.empty();
    }
  }
}
