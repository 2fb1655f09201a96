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
/// reason this very path is forwarded, and not what the caller wrote around it.
///
/// @param path     as it came, percent signs included
/// @param query    as it came, without the question mark
/// @param segments decoded; the last one is empty when the path ends with a slash
public record RequestTarget(String path, @Nullable String query, List<String> segments) {

  /// Reads the target of a request line, or the `:path` of HTTP/2.
  ///
  /// @throws Refusal 400, saying what is wrong
  public static RequestTarget parse(String uri) {
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
    if (!path.startsWith("/")) {
      throw malformed("does not begin with a slash");
    }
    return new RequestTarget(path, query, segments(path));
  }

  /// What is sent to a service.
  public String forwarded() {
    return query == null ? path : path + '?' + query;
  }

  /// Whether the query has a parameter of this name.
  boolean asks(String parameter) {
    if (query == null) {
      return false;
    }
    for (String part : query.split("&", -1)) {
      if (part.equals(parameter) || part.startsWith(parameter + '=')) {
        return true;
      }
    }
    return false;
  }

  /// The first value of a parameter of the query, decoded; as it came where it is not encoded well.
  public @Nullable String parameter(String name) {
    if (query != null) {
      for (String part : query.split("&", -1)) {
        if (part.startsWith(name + '=')) {
          String value = part.substring(name.length() + 1);
          try {
            return URLDecoder.decode(value, StandardCharsets.UTF_8);
          } catch (IllegalArgumentException malformed) {
            return value;
          }
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
      String segment = decode(parts[i]);
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

  private static String decode(String segment) {
    byte[] bytes = new byte[segment.length()];
    int length = 0;
    for (int i = 0; i < segment.length(); i++) {
      char character = segment.charAt(i);
      if (character != '%') {
        bytes[length++] = (byte) character;
        continue;
      }
      int high = i + 2 < segment.length() ? hexadecimal(segment.charAt(i + 1)) : -1;
      int low = high < 0 ? -1 : hexadecimal(segment.charAt(i + 2));
      if (low < 0) {
        throw malformed("has a percent sign that encodes nothing");
      }
      bytes[length++] = (byte) (high << 4 | low);
      i += 2;
    }
    String decoded;
    try {
      decoded =
          StandardCharsets.UTF_8.newDecoder().decode(ByteBuffer.wrap(bytes, 0, length)).toString();
    } catch (CharacterCodingException notText) {
      throw malformed("encodes what is not UTF-8");
    }
    for (int i = 0; i < decoded.length(); i++) {
      char character = decoded.charAt(i);
      // A semicolon begins parameters for some readers, a percent sign is decoded twice by others.
      if (Character.isISOControl(character) || "/\\;%".indexOf(character) >= 0) {
        throw malformed("has a character that no name has");
      }
    }
    return decoded;
  }

  private static int hexadecimal(char character) {
    return character < 128 ? Character.digit(character, 16) : -1;
  }

  private static Refusal malformed(String why) {
    return new Refusal(GatewayErrors.MALFORMED_PATH, "the path of the request " + why);
  }
}
