package dev.slipway.cli.api;

import com.fasterxml.jackson.databind.JsonNode;
import dev.slipway.cli.api.ApiClient.Answer;
import dev.slipway.cli.console.CommandFailure;
import dev.slipway.cli.console.Json;
import java.io.IOException;
import java.time.Duration;
import java.util.HashMap;
import java.util.Map;
import java.util.concurrent.TimeUnit;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/// The ways to sign in. What they give is used by the client, and written by the caller if at all.
public final class SignIn {

  private static final String DEVICE = "urn:ietf:params:oauth:grant-type:device_code";

  private final ApiClient client;

  public SignIn(ApiClient client) {
    this.client = client;
  }

  /// Makes an identity; registering it as a user comes after signing in.
  public void signUp(String name, String email, String password)
      throws IOException, InterruptedException {
    var body = Json.object().put("name", name).put("password", password);
    if (!email.isBlank()) {
      body.put("email", email);
    }
    client.anonymous("POST", "/v1alpha1/sign-up", body);
  }

  public Credentials withPassword(String name, String password)
      throws IOException, InterruptedException {
    return granted(
        Map.of(
            "grant_type",
            "password",
            "client_id",
            ApiClient.CLIENT,
            "username",
            name,
            "password",
            password,
            "scope",
            "offline_access",
            "audience",
            "dbos-cloud-api"),
        null);
  }

  public Credentials withRefreshToken(String refreshToken)
      throws IOException, InterruptedException {
    return granted(
        Map.of(
            "grant_type",
            "refresh_token",
            "client_id",
            ApiClient.CLIENT,
            "refresh_token",
            refreshToken),
        refreshToken);
  }

  /// Has a browser sign in, here or elsewhere.
  ///
  /// @param announce is given the address to open
  public Credentials withDevice(Consumer<String> announce)
      throws IOException, InterruptedException {
    Answer begun =
        client.oauth(
            "/oauth/device/code",
            Map.of(
                "client_id",
                ApiClient.CLIENT,
                "scope",
                "offline_access",
                "audience",
                "dbos-cloud-api"));
    if (begun.status() != 200) {
      throw refused(begun);
    }
    announce.accept(begun.body().path("verification_uri_complete").asText());
    long deadline =
        System.nanoTime()
            + Duration.ofSeconds(begun.body().path("expires_in").asLong(600)).toNanos();
    long pause = Math.max(1, begun.body().path("interval").asLong(5));
    String code = begun.body().path("device_code").asText();
    while (System.nanoTime() < deadline) {
      TimeUnit.SECONDS.sleep(pause);
      Answer answer =
          client.oauth(
              "/oauth/token",
              Map.of("grant_type", DEVICE, "client_id", ApiClient.CLIENT, "device_code", code));
      if (answer.status() == 200) {
        return credentials(answer.body(), null);
      }
      String error = answer.body().path("error").asText();
      if (error.equals("slow_down")) {
        pause += 5;
      } else if (!error.equals("authorization_pending")) {
        throw refused(answer);
      }
    }
    throw CommandFailure.failed("expired", "nobody signed in at that address in time").build();
  }

  /// Ends a refresh token; one that is none, or has ended, is no failure.
  public void revoke(String refreshToken) throws IOException, InterruptedException {
    Answer answer =
        client.oauth("/oauth/revoke", Map.of("client_id", ApiClient.CLIENT, "token", refreshToken));
    if (answer.status() != 200) {
      throw refused(answer);
    }
  }

  /// Makes the one who is signed in a user.
  public void register(
      String name, String givenName, String familyName, String company, @Nullable String secret)
      throws IOException, InterruptedException {
    var body =
        Json.object()
            .put("name", name)
            .put("given_name", givenName)
            .put("family_name", familyName)
            .put("company", company);
    if (secret != null) {
      body.put("secret", secret);
    }
    client.authorized("PUT", "/v1alpha1/user", body, Map.of());
  }

  private Credentials granted(Map<String, String> form, @Nullable String refreshToken)
      throws IOException, InterruptedException {
    Answer answer = client.oauth("/oauth/token", new HashMap<>(form));
    if (answer.status() != 200) {
      throw refused(answer);
    }
    return credentials(answer.body(), refreshToken);
  }

  private Credentials credentials(JsonNode body, @Nullable String given) {
    @Nullable String fresh = Json.text(body, "refresh_token");
    Credentials credentials =
        new Credentials(
            body.path("access_token").asText(), fresh == null ? given : fresh, "", "", null);
    client.use(credentials);
    return credentials;
  }

  private static CommandFailure refused(Answer answer) {
    if (answer.body().has("message")) {
      return ApiClient.refusal(answer);
    }
    @Nullable String error = Json.text(answer.body(), "error");
    @Nullable String description = Json.text(answer.body(), "error_description");
    return CommandFailure.failed(
            error == null ? "status-" + answer.status() : error.replace('_', '-'),
            description == null
                ? "signing in was refused with status " + answer.status()
                : description)
        .status(answer.status())
        .next(
            answer.status() == 429
                ? "Wait a moment, then try again."
                : "Check name and password; sign up with `slipway register -u NAME`.")
        .build();
  }
}
