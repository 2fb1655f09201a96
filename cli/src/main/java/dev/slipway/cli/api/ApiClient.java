package dev.slipway.cli.api;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.MissingNode;
import com.fasterxml.jackson.databind.node.TextNode;
import dev.slipway.cli.archive.ArchiveBody;
import dev.slipway.cli.console.CommandFailure;
import dev.slipway.cli.console.Json;
import dev.slipway.cli.console.Surroundings;
import dev.slipway.cli.platform.PlatformHome;
import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.net.ConnectException;
import java.net.URI;
import java.net.URLEncoder;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpRequest.BodyPublisher;
import java.net.http.HttpRequest.BodyPublishers;
import java.net.http.HttpResponse;
import java.net.http.HttpResponse.BodyHandler;
import java.net.http.HttpResponse.BodyHandlers;
import java.net.http.HttpTimeoutException;
import java.nio.channels.UnresolvedAddressException;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.time.Instant;
import java.util.HashMap;
import java.util.Map;
import java.util.Optional;
import java.util.function.Supplier;
import java.util.stream.Collectors;
import javax.net.ssl.SSLException;
import org.jspecify.annotations.Nullable;

/// Calls the platform as whoever is signed in, and renews an expired token on the way.
///
/// Not for use by several threads.
public final class ApiClient {

  /// A public client without a secret, the same as the official command's.
  static final String CLIENT = "G38fLmVErczEo9ioCFjVIHea6yd0qMZu";

  /// The handshake takes its share of processors that builds and installs keep busy.
  private static final Duration CONNECT_PATIENCE = Duration.ofSeconds(30);

  /// Longer than the longest answer of the platform to a call that is no deploy.
  private static final Duration PATIENCE = Duration.ofSeconds(90);

  /// For half a gigabyte over a slow line.
  private static final Duration UPLOAD_PATIENCE = Duration.ofMinutes(30);

  private static final String JSON = "application/json";

  private final PlatformAddress address;
  private final CredentialStore store;
  private final HttpClient http;
  private @Nullable Credentials credentials;

  private ApiClient(PlatformAddress address, CredentialStore store, HttpClient http) {
    this.address = address;
    this.store = store;
    this.http = http;
  }

  public static ApiClient of(Surroundings surroundings) {
    PlatformAddress address = PlatformAddress.of(surroundings);
    HttpClient http =
        HttpClient.newBuilder()
            .version(HttpClient.Version.HTTP_1_1)
            .connectTimeout(CONNECT_PATIENCE)
            .sslContext(address.trust())
            .build();
    return new ApiClient(
        address,
        new CredentialStore(surroundings, PlatformHome.of(surroundings), address.domain()),
        http);
  }

  public PlatformAddress address() {
    return address;
  }

  public CredentialStore store() {
    return store;
  }

  /// An answer that is no refusal.
  ///
  /// @param body        a text node when it was no JSON; missing when there was none
  /// @param operationId the operation the call has begun
  /// @param warning     in words, what is wrong with an answer that is given all the same
  public record Answer(
      int status,
      JsonNode body,
      Optional<String> operationId,
      Optional<String> nextCursor,
      Optional<String> warning) {}

  /// Calls a path of the caller's organization, `/v1alpha1/{organization}` being added.
  public Answer call(String method, String path, @Nullable JsonNode body)
      throws IOException, InterruptedException {
    return call(method, path, body, Map.of());
  }

  public Answer call(
      String method, String path, @Nullable JsonNode body, Map<String, String> headers)
      throws IOException, InterruptedException {
    signedIn();
    return authorized(method, "/v1alpha1/" + encode(organization()) + path, body, headers);
  }

  /// Calls a path of the caller's organization with a body that is too large for memory.
  public Answer upload(String method, String path, ArchiveBody body, Map<String, String> headers)
      throws IOException, InterruptedException {
    signedIn();
    return authorized(
        method,
        "/v1alpha1/" + encode(organization()) + path,
        () ->
            BodyPublishers.fromPublisher(
                BodyPublishers.ofInputStream(
                    () -> {
                      try {
                        return body.open();
                      } catch (IOException unreadable) {
                        throw new UncheckedIOException(unreadable);
                      }
                    }),
                body.length()),
        headers,
        UPLOAD_PATIENCE);
  }

  /// Calls a path as it is, signed in.
  public Answer authorized(
      String method, String path, @Nullable JsonNode body, Map<String, String> headers)
      throws IOException, InterruptedException {
    return authorized(method, path, () -> publisher(json(body)), headers, PATIENCE);
  }

  /// @param body gives a fresh one for each try
  private Answer authorized(
      String method,
      String path,
      Supplier<BodyPublisher> body,
      Map<String, String> headers,
      Duration patience)
      throws IOException, InterruptedException {
    Credentials mine = signedIn();
    Map<String, String> all = new HashMap<>(headers);
    all.put("Authorization", "Bearer " + mine.token());
    Answer answer = send(method, path, body.get(), JSON, all, patience);
    if (answer.status() == 401 && mine.refreshToken() != null) {
      // Revoked, or signed with a key that is gone: a fresh one may do.
      Credentials fresh = renew(mine);
      all.put("Authorization", "Bearer " + fresh.token());
      answer = send(method, path, body.get(), JSON, all, patience);
    }
    return checked(answer);
  }

  /// Calls a path that needs nobody to be signed in.
  public Answer anonymous(String method, String path, JsonNode body)
      throws IOException, InterruptedException {
    return checked(send(method, path, publisher(json(body)), JSON, Map.of(), PATIENCE));
  }

  /// Signs in with a form of OAuth; the refusals are answered too.
  Answer oauth(String path, Map<String, String> form) throws IOException, InterruptedException {
    String body =
        form.entrySet().stream()
            .map(it -> encode(it.getKey()) + "=" + encode(it.getValue()))
            .collect(Collectors.joining("&"));
    return send(
        "POST", path, publisher(body), "application/x-www-form-urlencoded", Map.of(), PATIENCE);
  }

  /// The name of the caller's organization.
  public String organization() throws IOException, InterruptedException {
    Credentials mine = signedIn();
    if (mine.organization().isEmpty()) {
      return profile().path("Organization").asText();
    }
    return mine.organization();
  }

  /// Reads the profile, and corrects the credentials where the organization has another name by
  /// now.
  public JsonNode profile() throws IOException, InterruptedException {
    JsonNode profile = authorized("GET", "/v1alpha1/user/profile", null, Map.of()).body();
    Credentials mine = signedIn();
    String user = profile.path("Name").asText();
    String organization = profile.path("Organization").asText();
    if (!mine.userName().equals(user) || !mine.organization().equals(organization)) {
      replace(mine, mine.withProfile(user, organization));
    }
    return profile;
  }

  /// Keeps what has changed, here at least: where it cannot be written, the next command changes it
  /// again.
  private void replace(Credentials old, Credentials fresh) {
    credentials = fresh;
    try {
      store.replace(old, fresh);
    } catch (IOException unwritable) {
      // A full disk, or somebody else's folder.
    }
  }

  public boolean hasCredentials() throws IOException {
    return credentials != null || store.read().isPresent();
  }

  /// Uses these from now on, without writing them anywhere.
  public void use(Credentials signedIn) {
    credentials = signedIn;
  }

  public Credentials signedIn() throws IOException, InterruptedException {
    @Nullable Credentials mine = credentials;
    if (mine == null) {
      mine = store.read().orElseThrow(() -> notSignedIn("you are not signed in"));
      credentials = mine;
    }
    if (mine.expired(Instant.now())) {
      if (mine.refreshToken() == null) {
        throw notSignedIn("your sign-in has expired");
      }
      mine = renew(mine);
    }
    return mine;
  }

  private Credentials renew(Credentials old) throws IOException, InterruptedException {
    Answer answer =
        oauth(
            "/oauth/token",
            Map.of(
                "grant_type",
                "refresh_token",
                "client_id",
                CLIENT,
                "refresh_token",
                String.valueOf(old.refreshToken())));
    if (answer.status() != 200) {
      CommandFailure refused = refusal(answer);
      throw lasts(refused)
          ? notSignedIn("your sign-in has expired and could not be renewed")
          : refused;
    }
    Credentials fresh = old.withToken(answer.body().path("access_token").asText());
    replace(old, fresh);
    return fresh;
  }

  private static CommandFailure notSignedIn(String message) {
    return CommandFailure.failed("not-signed-in", message)
        .next("Sign in with `slipway login`, or sign up with `slipway register -u NAME`.")
        .build();
  }

  /// Opens an answer of the caller's organization that is read as it comes, and closed by whoever
  /// reads it.
  InputStream open(String path, Map<String, String> headers)
      throws IOException, InterruptedException {
    Credentials mine = signedIn();
    HttpResponse<InputStream> response = open(path, headers, mine);
    if (response.statusCode() == 401 && mine.refreshToken() != null) {
      response.body().close();
      response = open(path, headers, renew(mine));
    }
    if (response.statusCode() == 200) {
      return response.body();
    }
    try (InputStream body = response.body()) {
      throw refusal(
          new Answer(
              response.statusCode(),
              parse(new String(body.readAllBytes(), StandardCharsets.UTF_8)),
              Optional.empty(),
              Optional.empty(),
              Optional.empty()));
    }
  }

  private HttpResponse<InputStream> open(String path, Map<String, String> headers, Credentials mine)
      throws IOException, InterruptedException {
    HttpRequest.Builder request =
        HttpRequest.newBuilder(
                URI.create(address.url() + "/v1alpha1/" + encode(organization()) + path))
            // Of its head alone.
            .timeout(PATIENCE)
            .header("User-Agent", "slipway")
            .header("Authorization", "Bearer " + mine.token());
    headers.forEach(request::header);
    return exchange(request.build(), BodyHandlers.ofInputStream());
  }

  /// Another client of the same person, for another thread.
  ApiClient twin() {
    var twin = new ApiClient(address, store, http);
    twin.credentials = credentials;
    return twin;
  }

  private Answer send(
      String method,
      String path,
      BodyPublisher body,
      String contentType,
      Map<String, String> headers,
      Duration patience)
      throws IOException, InterruptedException {
    HttpRequest.Builder request =
        HttpRequest.newBuilder(URI.create(address.url() + path))
            .timeout(patience)
            .header("Accept", "application/json, text/plain;q=0.9, */*;q=0.1")
            .header("User-Agent", "slipway");
    headers.forEach(request::header);
    if (body.contentLength() != 0) {
      request.header("Content-Type", contentType);
    }
    request.method(method, body);
    HttpResponse<String> response =
        exchange(request.build(), BodyHandlers.ofString(StandardCharsets.UTF_8));
    return new Answer(
        response.statusCode(),
        parse(response.body()),
        response.headers().firstValue("Operation-Id"),
        response.headers().firstValue("Next-Cursor"),
        response.headers().firstValue("Warning").map(ApiClient::words));
  }

  /// A warning is a code, who warns, and the words in quotes.
  private static String words(String warning) {
    int begin = warning.indexOf('"');
    int end = warning.lastIndexOf('"');
    return begin < end ? warning.substring(begin + 1, end) : warning;
  }

  private <T> HttpResponse<T> exchange(HttpRequest request, BodyHandler<T> body)
      throws InterruptedException {
    try {
      return http.send(request, body);
    } catch (ConnectException | UnresolvedAddressException refused) {
      throw notRunning(address, refused);
    } catch (SSLException untrusted) {
      throw CommandFailure.failed(
              "untrusted",
              "%s did not prove that it is the platform: %s"
                  .formatted(address.url(), untrusted.getMessage()))
          .next(
              address.local()
                  ? "Another program may listen there; see `slipway status`."
                  : "Point NODE_EXTRA_CA_CERTS to its certificate authority.")
          .cause(untrusted)
          .build();
    } catch (HttpTimeoutException silent) {
      throw CommandFailure.failed("timeout", "%s did not answer in time".formatted(address.url()))
          .next("See `slipway status`.")
          .cause(silent)
          .build();
    } catch (IOException lost) {
      throw CommandFailure.failed(
              "connection-lost",
              "the connection to %s was lost: %s".formatted(address.url(), lost.getMessage()))
          .next("Try again; see `slipway status`.")
          .cause(lost)
          .build();
    }
  }

  private static JsonNode parse(String body) {
    if (body.isBlank()) {
      return MissingNode.getInstance();
    }
    try {
      return Json.MAPPER.readTree(body);
    } catch (IOException plain) {
      return TextNode.valueOf(body);
    }
  }

  private static BodyPublisher publisher(@Nullable String body) {
    return body == null ? BodyPublishers.noBody() : BodyPublishers.ofString(body);
  }

  private static @Nullable String json(@Nullable JsonNode body) {
    return body == null ? null : body.toString();
  }

  private static Answer checked(Answer answer) {
    if (answer.status() >= 200 && answer.status() < 300) {
      return answer;
    }
    throw refusal(answer);
  }

  /// What the platform said no with, and what may be done about it.
  static CommandFailure refusal(Answer answer) {
    JsonNode body = answer.body();
    @Nullable String message = Json.text(body, "message");
    @Nullable String code = Json.text(body, "code");
    @Nullable String operation = Json.text(body, "operationId");
    Map<String, String> fields = new HashMap<>();
    body.path("fields").properties().forEach(it -> fields.put(it.getKey(), it.getValue().asText()));
    return CommandFailure.failed(
            code == null ? "status-" + answer.status() : code,
            message == null ? "the platform answered with status " + answer.status() : message)
        .status(answer.status())
        .requestId(Json.text(body, "requestID"))
        .operationId(operation)
        .details(Json.text(body, "DetailedError"))
        .fields(fields)
        .next(next(answer.status(), code, operation))
        .build();
  }

  /// Whether asking again would get the same answer.
  static boolean lasts(CommandFailure refused) {
    int status = refused.status();
    return (status >= 400 && status < 500 && status != 429)
        || refused.code().equals("not-signed-in");
  }

  private static @Nullable String next(
      int status, @Nullable String code, @Nullable String operation) {
    if (status == 401) {
      return "Sign in again with `slipway login`.";
    }
    if ("user-not-registered".equals(code)) {
      return "Register with `slipway register -u NAME`.";
    }
    if ("instance-in-use".equals(code)) {
      return "Delete those first; `slipway db destroy` does it itself with --force.";
    }
    if (operation != null) {
      return "See `slipway ops show %s`.".formatted(operation);
    }
    if (status == 429) {
      return "Wait a moment, then try again.";
    }
    if (status == 503) {
      return "Something is being restarted; try again in a moment, and see `slipway status`.";
    }
    return null;
  }

  static CommandFailure notRunning(PlatformAddress address, @Nullable Throwable cause) {
    CommandFailure.Builder failure =
        CommandFailure.failed("not-running", "nothing answers at %s".formatted(address.url()))
            .next(
                address.local()
                    ? "Start the platform with `slipway up --detach`."
                    : "DBOS_DOMAIN says that the platform is there.");
    return cause == null ? failure.build() : failure.cause(cause).build();
  }

  public static String encode(String text) {
    return URLEncoder.encode(text, StandardCharsets.UTF_8).replace("+", "%20");
  }
}
