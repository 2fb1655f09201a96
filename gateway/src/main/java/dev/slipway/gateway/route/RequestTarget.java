package dev.slipway.gateway.route;

import dev.slipway.gateway.exchange.GatewayErrors;
import dev.slipway.gateway.exchange.Refusal;
import java.net.URLDecoder;
import java.nio.ByteBuffer;
import java.nio.charset.CharacterCodingException;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/// What a request asks for, understood once and strictly.
///
/// A path that another reader could understand differently is refused instead of repaired, since
/// the gateway asks for permission by its own reading and a service acts by its own. For the same
/// reason this very path is forwarded, and not what the caller wrote around it. A query that cannot
/// be decoded is refused too: a service would take that for a defect of its own.
///
/// @param path     as it came, percent signs included
/// @param query    as it came, without the question mark
/// @param segments decoded; the last one is empty when the path ends with a slash
public record RequestTarget(String path, @Nullable String query, List<String> segments) {

  /// What services can read with the rest of a request line.
  private static final int LONGEST = 4_000;

  /// Names in a path become keys in a database, which are not to be longer.
  private static final int LONGEST_PATH = 2_000;

  /// Reads the target of a request line, or the `:path` of HTTP/2.
  ///
  /// @throws Refusal 400 or 414, saying what is wrong
  public static RequestTarget parse(String uri) {
    if (uri.length() > LONGEST) {
      throw tooLong();
    }
    for (int i = 0; i < uri.length(); i++) {
      char character = uri.charAt(i);
      if (character <= ' ' || character > '~') {
        throw malformed("has a character that must be percent-encoded");
      }
    }
    if (uri.indexOf('#') >= 0) {
      throw malformed("has a fragment");
    }
    String relative = withoutAuthority(uri);
    int mark = relative.indexOf('?');
    String path = mark < 0 ? relative : relative.substring(0, mark);
    String query = mark < 0 ? null : relative.substring(mark + 1);
    if (path.length() > LONGEST_PATH) {
      throw tooLong();
    }
    if (!path.startsWith("/")) {
      throw malformed("does not begin with a slash");
    }
    if (query != null && decode("query", query).indexOf(0) >= 0) {
      throw malformed("query", "has a character that no text has");
    }
    return new RequestTarget(path, query, segments(path));
  }

  /// What is sent to a service.
  public String forwarded() {
    return query == null ? path : path + '?' + query;
  }

  /// Whether the query has a parameter of this name.
  boolean asks(String parameter) {
    return parameter(parameter) != null;
  }

  /// The first value of a parameter of the query, decoded; empty where it has none. Parameters are
  /// told apart as the services do it, for whom a semicolon is a separator too.
  public @Nullable String parameter(String name) {
    if (query != null) {
      for (String part : query.split("[&;]", -1)) {
        int equals = part.indexOf('=');
        String key = equals < 0 ? part : part.substring(0, equals);
        if (URLDecoder.decode(key, StandardCharsets.UTF_8).equals(name)) {
          return equals < 0
              ? ""
              : URLDecoder.decode(part.substring(equals + 1), StandardCharsets.UTF_8);
        }
      }
    }
    return null;
  }

  /// The form that proxies are sent begins with `https://host`.
  private static String withoutAuthority(String uri) {
    for (String scheme : List.of("http://", "https://")) {
      if (uri.regionMatches(true, 0, scheme, 0, scheme.length())) {
        int slash = uri.indexOf('/', scheme.length());
        return slash < 0 ? "/" : uri.substring(slash);
      }
    }
    return uri;
  }

  private static List<String> segments(String path) {
    var segments = new ArrayList<String>();
    String[] parts = path.substring(1).split("/", -1);
    for (int i = 0; i < parts.length; i++) {
      String segment = name(parts[i]);
      if (segment.isEmpty() && i < parts.length - 1) {
        throw malformed("has an empty segment");
      }
      if (segment.equals(".") || segment.equals("..")) {
        throw malformed("has a segment of dots");
      }
      segments.add(segment);
    }
    return List.copyOf(segments);
  }

  private static String name(String segment) {
    String name = decode("path", segment);
    for (int i = 0; i < name.length(); i++) {
      char character = name.charAt(i);
      // A semicolon begins parameters for some readers, a percent sign is decoded twice by others.
      if (Character.isISOControl(character) || "/\\;%".indexOf(character) >= 0) {
        throw malformed("has a character that no name has");
      }
    }
    return name;
  }

  /// @param where in the request the text stands
  private static String decode(String where, String text) {
    byte[] bytes = new byte[text.length()];
    int length = 0;
    for (int i = 0; i < text.length(); i++) {
      char character = text.charAt(i);
      if (character != '%') {
        bytes[length++] = (byte) character;
        continue;
      }
      int high = i + 2 < text.length() ? hexadecimal(text.charAt(i + 1)) : -1;
      int low = high < 0 ? -1 : hexadecimal(text.charAt(i + 2));
      if (low < 0) {
        throw malformed(where, "has a percent sign that encodes nothing");
      }
      bytes[length++] = (byte) (high << 4 | low);
      i += 2;
    }
    try {
      return StandardCharsets.UTF_8
          .newDecoder()
          .decode(ByteBuffer.wrap(bytes, 0, length))
          .toString();
    } catch (CharacterCodingException notText) {
      throw malformed(where, "encodes what is not UTF-8");
    }
  }

  private static int hexadecimal(char character) {
    return character < 128 ? Character.digit(character, 16) : -1;
  }

  private static Refusal tooLong() {
    return new Refusal(GatewayErrors.PATH_TOO_LONG, "the path of the request is too long");
  }

  private static Refusal malformed(String why) {
    return malformed("path", why);
  }

  private static Refusal malformed(String where, String why) {
    return new Refusal(
        GatewayErrors.MALFORMED_PATH, "the %s of the request %s".formatted(where, why));
  }
}
