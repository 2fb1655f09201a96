package dev.slipway.cli.api;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.sun.net.httpserver.HttpExchange;
import com.sun.net.httpserver.HttpsConfigurator;
import com.sun.net.httpserver.HttpsServer;
import dev.slipway.cli.console.CommandFailure;
import dev.slipway.cli.console.Surroundings;
import dev.slipway.cli.platform.PlatformHome;
import java.io.IOException;
import java.io.InputStream;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.KeyStore;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Base64;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.TimeUnit;
import javax.net.ssl.KeyManagerFactory;
import javax.net.ssl.SSLContext;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/// Against a platform that is an HTTPS server of the JDK with a certificate of its own.
class ApiClientTest {

  private record Call(String line, @Nullable String authorization, String body) {}

  /// Gives an answer to a call: status and body.
  @FunctionalInterface
  private interface Answers {
    Map.Entry<Integer, String> to(Call call);
  }

  @TempDir private static Path shared;

  @TempDir private Path folder;

  private static HttpsServer server;
  private static final List<Call> CALLS = new ArrayList<>();
  private static volatile Answers answers = call -> Map.entry(200, "{}");

  @BeforeAll
  static void start() throws Exception {
    Path store = shared.resolve("store.p12");
    keytool(
        "-genkeypair",
        "-alias",
        "a",
        "-keyalg",
        "EC",
        "-groupname",
        "secp256r1",
        "-dname",
        "CN=localhost",
        "-ext",
        "san=dns:localhost,ip:127.0.0.1",
        "-validity",
        "2",
        "-storetype",
        "PKCS12",
        "-keystore",
        store.toString(),
        "-storepass",
        "secret");
    keytool(
        "-exportcert",
        "-rfc",
        "-alias",
        "a",
        "-keystore",
        store.toString(),
        "-storepass",
        "secret",
        "-file",
        shared.resolve("ca.pem").toString());
    KeyStore keys = KeyStore.getInstance("PKCS12");
    try (InputStream content = Files.newInputStream(store)) {
      keys.load(content, "secret".toCharArray());
    }
    KeyManagerFactory managers =
        KeyManagerFactory.getInstance(KeyManagerFactory.getDefaultAlgorithm());
    managers.init(keys, "secret".toCharArray());
    SSLContext context = SSLContext.getInstance("TLS");
    context.init(managers.getKeyManagers(), null, null);
    server = HttpsServer.create(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0), 0);
    server.setHttpsConfigurator(new HttpsConfigurator(context));
    server.createContext("/", ApiClientTest::answer);
    server.start();
  }

  @AfterAll
  static void stop() {
    server.stop(0);
  }

  @BeforeEach
  void home() throws IOException {
    CALLS.clear();
    Files.createDirectories(folder.resolve("home/ca"));
    Files.copy(shared.resolve("ca.pem"), folder.resolve("home/ca/ca.pem"));
    Files.writeString(
        folder.resolve("home/platform.json"),
        "{\"installation\":\"i\",\"publicPort\":%d,\"ports\":{}}"
            .formatted(server.getAddress().getPort()));
  }

  @Test
  void callsAsWhoeverIsSignedInInThisFolder() throws Exception {
    credentials(folder.resolve("home/credentials"), token(3600), null, "elsewhere");
    credentials(folder.resolve(".dbos/credentials"), token(3600), null, "acme");
    answers = call -> Map.entry(200, "[]");

    client().call("GET", "/databases", null);

    assertThat(CALLS)
        .singleElement()
        .satisfies(
            it -> {
              assertThat(it.line()).isEqualTo("GET /v1alpha1/acme/databases");
              assertThat(it.authorization()).isEqualTo("Bearer " + token(3600));
            });
  }

  @Test
  void anExpiredTokenIsRenewedAndKept() throws Exception {
    String fresh = token(7200);
    credentials(folder.resolve(".dbos/credentials"), token(-10), "refresh-1", "acme");
    answers =
        call ->
            call.line().startsWith("POST /oauth/token")
                ? Map.entry(200, "{\"access_token\":\"" + fresh + "\"}")
                : Map.entry(200, "[]");

    client().call("GET", "/databases", null);

    assertThat(CALLS.getFirst().body()).contains("refresh_token=refresh-1");
    assertThat(CALLS.getLast().authorization()).isEqualTo("Bearer " + fresh);
    assertThat(folder.resolve(".dbos/credentials")).content().contains(fresh).contains("refresh-1");
  }

  @Test
  void anExpiredTokenWithoutRefreshTokenSaysHowToSignIn() throws Exception {
    credentials(folder.resolve(".dbos/credentials"), token(-10), null, "acme");

    assertThatThrownBy(() -> client().call("GET", "/databases", null))
        .isInstanceOfSatisfying(
            CommandFailure.class, it -> assertThat(it.next()).contains("slipway login"));
    assertThat(CALLS).isEmpty();
  }

  @Test
  void aRefusalKeepsAllThatWasSaid() throws Exception {
    credentials(folder.resolve(".dbos/credentials"), token(3600), null, "acme");
    answers =
        call ->
            Map.entry(
                409,
                """
                {"message":"main is busy","statusCode":409,"requestID":"r-9","code":"instance-busy",
                 "operationId":"iop_1","fields":{"Name":"is busy"}}
                """);

    assertThatThrownBy(() -> client().call("POST", "/databases/userdb", null))
        .isInstanceOfSatisfying(
            CommandFailure.class,
            it -> {
              assertThat(it.exitCode()).isEqualTo(1);
              assertThat(it.message()).isEqualTo("main is busy");
              assertThat(it.code()).isEqualTo("instance-busy");
              assertThat(it.requestId()).isEqualTo("r-9");
              assertThat(it.fields()).containsEntry("Name", "is busy");
              assertThat(it.next()).contains("slipway ops show iop_1");
            });
  }

  @Test
  void aServerWithAnotherAuthorityIsNotTrusted() throws Exception {
    credentials(folder.resolve(".dbos/credentials"), token(3600), null, "acme");
    Path store = folder.resolve("other.p12");
    keytool(
        "-genkeypair",
        "-alias",
        "b",
        "-keyalg",
        "EC",
        "-groupname",
        "secp256r1",
        "-dname",
        "CN=other",
        "-storetype",
        "PKCS12",
        "-keystore",
        store.toString(),
        "-storepass",
        "secret");
    Path authority = folder.resolve("home/ca/ca.pem");
    Files.delete(authority);
    keytool(
        "-exportcert",
        "-rfc",
        "-alias",
        "b",
        "-keystore",
        store.toString(),
        "-storepass",
        "secret",
        "-file",
        authority.toString());

    assertThatThrownBy(() -> client().call("GET", "/databases", null))
        .isInstanceOfSatisfying(
            CommandFailure.class, it -> assertThat(it.code()).isEqualTo("untrusted"));
    assertThat(CALLS).isEmpty();
  }

  @Test
  void anOperationIsFollowedToItsEndWithLongPolls() throws Exception {
    credentials(folder.resolve(".dbos/credentials"), token(3600), null, "acme");
    String view = "{\"id\":\"iop_1\",\"phase\":\"%s\",\"outcome\":%s,\"version\":%d,\"steps\":[]}";
    answers =
        call ->
            call.line().contains("version=1")
                ? Map.entry(200, view.formatted("ENDED", "\"SUCCEEDED\"", 2))
                : Map.entry(200, view.formatted("RUNNING", "null", 1));
    List<Long> seen = new ArrayList<>();

    OperationView end = new Operations(client()).follow("iop_1", it -> seen.add(it.version()));

    assertThat(end.succeeded()).isTrue();
    assertThat(seen).containsExactly(1L, 2L);
  }

  private ApiClient client() {
    Surroundings surroundings =
        new Surroundings(
            Map.of("SLIPWAY_HOME", folder.resolve("home").toString()),
            folder,
            InputStream.nullInputStream(),
            System.out,
            System.err,
            Set.of(),
            folder);
    assertThat(PlatformHome.of(surroundings).path()).isEqualTo(folder.resolve("home"));
    return ApiClient.of(surroundings);
  }

  private static void credentials(
      Path file, String token, @Nullable String refresh, String organization) throws IOException {
    Files.createDirectories(file.toAbsolutePath().resolveSibling("."));
    Files.writeString(file, new Credentials(token, refresh, "demo", organization, null).asJson());
  }

  private final Instant now = Instant.now();

  private String token(long secondsLeft) {
    String claims = "{\"exp\":" + now.plusSeconds(secondsLeft).getEpochSecond() + "}";
    return "e30."
        + Base64.getUrlEncoder().withoutPadding().encodeToString(claims.getBytes(UTF_8))
        + ".s";
  }

  private static void answer(HttpExchange exchange) throws IOException {
    try (exchange) {
      Call call =
          new Call(
              exchange.getRequestMethod() + " " + exchange.getRequestURI(),
              exchange.getRequestHeaders().getFirst("Authorization"),
              new String(exchange.getRequestBody().readAllBytes(), UTF_8));
      CALLS.add(call);
      Map.Entry<Integer, String> answer = answers.to(call);
      byte[] body = answer.getValue().getBytes(UTF_8);
      exchange.sendResponseHeaders(answer.getKey(), body.length);
      exchange.getResponseBody().write(body);
    }
  }

  private static void keytool(String... arguments) throws IOException, InterruptedException {
    List<String> command =
        new ArrayList<>(
            List.of(Path.of(System.getProperty("java.home"), "bin", "keytool").toString()));
    command.addAll(List.of(arguments));
    Process process =
        new ProcessBuilder(command)
            .redirectErrorStream(true)
            .redirectOutput(shared.resolve("keytool.log").toFile())
            .start();
    assertThat(process.waitFor(60, TimeUnit.SECONDS)).isTrue();
    assertThat(process.exitValue()).isZero();
  }
}
