package dev.slipway.account.audit;

import org.jspecify.annotations.Nullable;

/// Where a call came from. All of it but the address is the caller's own claim: what does not
/// belong into a line of text is replaced, and the rest cut off.
///
/// @param address of the connection at the gateway
/// @param agent   what the caller says it is
/// @param request the identifier that is in the answer and in the logs
public record Origin(String address, String agent, String request) {

  private static final int LONGEST = 200;

  public Origin {
    address = plain(address);
    agent = plain(agent);
    request = plain(request);
  }

  /// A text that is safe to keep and to show: one line, of at most 200 characters.
  static String plain(@Nullable String text) {
    if (text == null) {
      return "";
    }
    StringBuilder plain = new StringBuilder();
    text.codePoints()
        .limit(LONGEST)
        .forEach(
            character ->
                plain.appendCodePoint(
                    Character.isISOControl(character)
                            || Character.getType(character) == Character.SURROGATE
                            || Character.getType(character) == Character.FORMAT
                        ? '?'
                        : character));
    return plain.toString();
  }
}
