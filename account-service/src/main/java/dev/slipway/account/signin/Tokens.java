package dev.slipway.account.signin;

import com.fasterxml.jackson.annotation.JsonInclude;
import com.fasterxml.jackson.annotation.JsonInclude.Include;
import com.fasterxml.jackson.annotation.JsonProperty;
import org.jspecify.annotations.Nullable;

/// What a successful grant gives.
///
/// @param expiresIn seconds
@JsonInclude(Include.NON_NULL)
public record Tokens(
    @JsonProperty("access_token") String accessToken,
    @JsonProperty("refresh_token") @Nullable String refreshToken,
    @JsonProperty("scope") String scope,
    @JsonProperty("expires_in") long expiresIn,
    @JsonProperty("token_type") String tokenType) {

  /// Keeps the tokens out of logs.
  @Override
  public String toString() {
    return "Tokens[scope=" + scope + "]";
  }
}
