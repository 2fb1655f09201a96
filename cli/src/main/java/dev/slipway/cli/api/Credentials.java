package dev.slipway.cli.api;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.slipway.cli.console.Json;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.time.Instant;
import java.util.Base64;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/// Who is signed in: the content of a credentials file, in the official command's format.
///
/// @param domain the platform it is for; the official command does not write it
public record Credentials(
    String token,
    @Nullable String refreshToken,
    String userName,
    String organization,
    @Nullable String domain) {

  /// Tokens this near to their end count as expired, as the call takes its time too.
  private static final long MARGIN_SECONDS = 15;

  static Optional<Credentials> parse(String content) {
    try {
      JsonNode stored = Json.MAPPER.readTree(content);
      @Nullable String token = Json.text(stored, "token");
      if (token == null || token.isBlank()) {
        return Optional.empty();
      }
      return Optional.of(
          new Credentials(
              token,
              Json.text(stored, "refreshToken"),
              stored.path("userName").asText(""),
              stored.path("organization").asText(""),
              Json.text(stored, "domain")));
    } catch (IOException damaged) {
      return Optional.empty();
    }
  }

  String asJson() {
    ObjectNode stored = Json.object();
    stored.put("token", token);
    if (refreshToken != null) {
      stored.put("refreshToken", refreshToken);
    }
    stored.put("userName", userName);
    stored.put("organization", organization);
    if (domain != null) {
      stored.put("domain", domain);
    }
    return stored.toPrettyString() + "\n";
  }

  public Credentials withToken(String fresh) {
    return new Credentials(fresh, refreshToken, userName, organization, domain);
  }

  public Credentials withProfile(String user, String organizationName) {
    return new Credentials(token, refreshToken, user, organizationName, domain);
  }

  Credentials withDomain(String platform) {
    return new Credentials(token, refreshToken, userName, organization, platform);
  }

  /// Whether they are for the platform at this address. Where the file does not say so, its token
  /// says who issued it; tokens of whoever does not say that may be anybody's.
  boolean areFor(String platform) {
    if (domain != null) {
      return domain.equals(platform);
    }
    @Nullable String issuer = claims().map(it -> Json.text(it, "iss")).orElse(null);
    return issuer == null || issuer.equals("https://" + platform + "/");
  }

  /// As the official command sees it: a token that says no end has none, and one that is not a
  /// token at all is over.
  boolean expired(Instant now) {
    return claims()
        .map(
            it -> it.has("exp") && it.path("exp").asLong() - MARGIN_SECONDS <= now.getEpochSecond())
        .orElse(true);
  }

  /// Empty where it is not a token at all.
  private Optional<JsonNode> claims() {
    String[] parts = token.split("\\.", -1);
    if (parts.length != 3) {
      return Optional.empty();
    }
    try {
      return Optional.of(
          Json.MAPPER.readTree(
              new String(Base64.getUrlDecoder().decode(parts[1]), StandardCharsets.UTF_8)));
    } catch (IOException | IllegalArgumentException damaged) {
      return Optional.empty();
    }
  }

  /// Without the tokens.
  @Override
  public String toString() {
    return "Credentials[" + userName + "]";
  }
}
