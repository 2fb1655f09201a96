package dev.slipway.cli.api;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;

import com.sun.net.httpserver.HttpExchange;
import com.sun.net.httpserver.HttpsConfigurator;
import com.sun.net.httpserver.HttpsServer;
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
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.TimeUnit;
import java.util.stream.Stream;
import javax.net.ssl.KeyManagerFactory;
import javax.net.ssl.SSLContext;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.extension.AfterAllCallback;
import org.junit.jupiter.api.extension.ExtensionContext;

/// A platform that is an HTTPS server of the JDK with a certificate of its own, and answers what a
/// test has told it to. Registered as an extension it lives as long as the tests of a class.
public final class FakePlatform implements AfterAllCallback, AutoCloseable {

  public record Call(
      String line,
      @Nullable String authorization,
      @Nullable String prefer,
      @Nullable String lastEventId,
      String body) {}

  /// @param headers beside the usual
  public record Reply(int status, String body, Map<String, String> headers) {

    public static Reply of(int status, String body) {
      return new Reply(status, body, Map.of());
    }

    /// One that has begun an operation.
    public static Reply begun(String body, String operation) {
      return new Reply(202, body, Map.of("Operation-Id", operation));
    }
  }

  /// Gives an answer to a call.
  @FunctionalInterface
  public interface Answers {
    Reply to(Call call);
  }

  private final Path folder;
  private final HttpsServer server;
  private final List<Call> calls = new CopyOnWriteArrayList<>();
  private volatile Answers answers = call -> Reply.of(200, "{}");

  /// @param folder where its certificate is kept
  public FakePlatform(Path folder) throws Exception {
    this.folder = folder;
    Path store = folder.resolve("store.p12");
    keytool(
        folder,
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
        folder,
        "-exportcert",
        "-rfc",
        "-alias",
        "a",
        "-keystore",
        store.toString(),
        "-storepass",
        "secret",
        "-file",
        folder.resolve("ca.pem").toString());
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
    server.createContext("/", this::answer);
    server.start();
  }

  /// One whose certificate is kept in a folder of its own.
  public static FakePlatform started() {
    try {
      return new FakePlatform(Files.createTempDirectory("fake-platform-"));
    } catch (Exception failure) {
      throw new IllegalStateException("There is no platform to test against", failure);
    }
  }

  @Override
  public void afterAll(ExtensionContext tests) throws IOException {
    close();
    try (Stream<Path> kept = Files.list(folder)) {
      for (Path file : kept.toList()) {
        Files.delete(file);
      }
    }
    Files.delete(folder);
  }

  /// Makes a home that belongs to it in a folder where somebody is signed in.
  public void signIn(Path place, String organization) throws IOException {
    home(place.resolve("home"));
    credentials(
        place.resolve(".dbos/credentials"),
        token(Instant.now().plusSeconds(3600)),
        null,
        organization);
  }

  /// Makes a home that belongs to it, and forgets what was.
  public void home(Path home) throws IOException {
    calls.clear();
    answers = call -> Reply.of(200, "{}");
    Files.createDirectories(home.resolve("ca"));
    Files.copy(folder.resolve("ca.pem"), home.resolve("ca/ca.pem"));
    Files.writeString(
        home.resolve("platform.json"),
        "{\"installation\":\"i\",\"publicPort\":%d,\"ports\":{}}"
            .formatted(server.getAddress().getPort()));
  }

  public void answers(Answers given) {
    answers = given;
  }

  public List<Call> calls() {
    return calls;
  }

  public List<String> lines() {
    return calls.stream().map(Call::line).toList();
  }

  @Override
  public void close() {
    server.stop(0);
  }

  /// Signs somebody in.
  public static void credentials(
      Path file, String token, @Nullable String refresh, String organization) throws IOException {
    Files.createDirectories(file.toAbsolutePath().resolveSibling("."));
    Files.writeString(file, new Credentials(token, refresh, "demo", organization, null).asJson());
  }

  public static String token(Instant expires) {
    String claims = "{\"exp\":" + expires.getEpochSecond() + "}";
    return "e30."
        + Base64.getUrlEncoder().withoutPadding().encodeToString(claims.getBytes(UTF_8))
        + ".s";
  }

  private void answer(HttpExchange exchange) throws IOException {
    try (exchange) {
      Call call =
          new Call(
              exchange.getRequestMethod() + " " + exchange.getRequestURI(),
              exchange.getRequestHeaders().getFirst("Authorization"),
              exchange.getRequestHeaders().getFirst("Prefer"),
              exchange.getRequestHeaders().getFirst("Last-Event-ID"),
              new String(exchange.getRequestBody().readAllBytes(), UTF_8));
      calls.add(call);
      Reply reply = answers.to(call);
      byte[] body = reply.body().getBytes(UTF_8);
      reply.headers().forEach(exchange.getResponseHeaders()::set);
      exchange.sendResponseHeaders(reply.status(), body.length == 0 ? -1 : body.length);
      exchange.getResponseBody().write(body);
    }
  }

  static void keytool(Path folder, String... arguments) throws IOException, InterruptedException {
    List<String> command =
        new ArrayList<>(
            List.of(Path.of(System.getProperty("java.home"), "bin", "keytool").toString()));
    command.addAll(List.of(arguments));
    Process process =
        new ProcessBuilder(command)
            .redirectErrorStream(true)
            .redirectOutput(folder.resolve("keytool.log").toFile())
            .start();
    assertThat(process.waitFor(60, TimeUnit.SECONDS)).isTrue();
    assertThat(process.exitValue()).isZero();
  }
}
