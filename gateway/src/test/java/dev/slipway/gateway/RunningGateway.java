package dev.slipway.gateway;

import dev.slipway.gateway.application.KafkaConnection;
import io.quarkus.runtime.ShutdownEvent;
import io.quarkus.runtime.StartupEvent;
import io.smallrye.config.SmallRyeConfigBuilder;
import io.vertx.core.Vertx;
import io.vertx.core.json.JsonObject;
import java.io.File;
import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.net.InetAddress;
import java.net.Socket;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.GeneralSecurityException;
import java.security.KeyStore;
import java.security.cert.CertificateFactory;
import java.time.Duration;
import java.util.Comparator;
import java.util.HashMap;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.stream.Stream;
import javax.net.ssl.SSLContext;
import javax.net.ssl.TrustManagerFactory;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.extension.AfterAllCallback;
import org.junit.jupiter.api.extension.AfterEachCallback;
import org.junit.jupiter.api.extension.BeforeAllCallback;
import org.junit.jupiter.api.extension.BeforeEachCallback;
import org.junit.jupiter.api.extension.ExtensionContext;

/// A gateway between three fakes; its clients check its certificate. Registered as a static
/// field it serves all tests of a class, with fakes that have forgotten; otherwise each test has
/// its own.
final class RunningGateway
    implements BeforeAllCallback, BeforeEachCallback, AfterEachCallback, AfterAllCallback {

  static final String SECRET = "a secret between the gateway and account-service";

  private final Map<String, String> settings = new HashMap<>();
  private final Vertx vertx = Vertx.vertx();
  private final FakeService account = new FakeService("account-service", vertx);
  private final FakeService instance = new FakeService("instance-service", vertx);
  private final FakeService deploy = new FakeService("deploy-service", vertx);
  private Map<String, String> kafka = Map.of();
  private @Nullable String snapshot;
  private Path folder = Path.of("");
  private @Nullable Gateway gateway;
  private int port;
  private boolean shared;
  private HttpClient client = HttpClient.newHttpClient();

  RunningGateway with(String key, String value) {
    settings.put("slipway.gateway." + key, value);
    return this;
  }

  RunningGateway withKafka(Map<String, String> kafka) {
    this.kafka = kafka;
    return this;
  }

  /// Starts with what an earlier one kept.
  RunningGateway withSnapshot(String snapshot) {
    this.snapshot = snapshot;
    return this;
  }

  /// The folder of its authority, its keys and its snapshot.
  Path folder() {
    return folder;
  }

  int port() {
    return port;
  }

  FakeService account() {
    return account;
  }

  FakeService instance() {
    return instance;
  }

  FakeService deploy() {
    return deploy;
  }

  @Override
  public void beforeAll(ExtensionContext context) throws Exception {
    shared = true;
    start();
  }

  @Override
  public void beforeEach(@Nullable ExtensionContext context) throws Exception {
    if (shared) {
      account.forget();
      instance.forget();
      deploy.forget();
    } else {
      start();
    }
  }

  @Override
  public void afterEach(@Nullable ExtensionContext context) {
    if (!shared) {
      stop();
    }
  }

  @Override
  public void afterAll(ExtensionContext context) {
    stop();
  }

  private void start() throws IOException {
    folder = Files.createTempDirectory("gateway");
    Files.writeString(
        Files.createDirectory(folder.resolve("keys")).resolve("internal.secret"), SECRET + "\n");
    if (snapshot != null) {
      Files.writeString(
          Files.createDirectory(folder.resolve("run")).resolve("routes.json"), snapshot);
    }
    var all = new HashMap<>(settings);
    all.putIfAbsent("slipway.gateway.port", "0");
    all.put("slipway.gateway.hosts", "127.0.0.1");
    all.put("slipway.gateway.account-url", account.url());
    all.put("slipway.gateway.instance-url", instance.url());
    all.put("slipway.gateway.deploy-url", deploy.url());
    all.putIfAbsent("slipway.gateway.public-url", "https://slipway.test:8443");
    all.put("slipway.gateway.keys-directory", folder.resolve("keys").toString());
    all.put("slipway.gateway.ca-directory", folder.resolve("ca").toString());
    all.put("slipway.gateway.certificate-directory", folder.resolve("ca").toString());
    all.put("slipway.gateway.snapshot", folder.resolve("run/routes.json").toString());
    gateway = new Gateway(settings(all), vertx, new KafkaConnection(kafka));
    gateway.open(new StartupEvent());
    port = gateway.port();
    client = client(HttpClient.Version.HTTP_1_1);
  }

  private void stop() {
    client.close();
    if (gateway != null) {
      gateway.close(new ShutdownEvent());
    }
    FakeService.await(vertx.close());
    try (Stream<Path> files = Files.walk(folder)) {
      files.sorted(Comparator.reverseOrder()).map(Path::toFile).forEach(File::delete);
    } catch (IOException problem) {
      throw new UncheckedIOException(problem);
    }
  }

  static GatewaySettings settings(Map<String, String> values) {
    return new SmallRyeConfigBuilder()
        .addDiscoveredConverters()
        .withMapping(GatewaySettings.class)
        .withDefaultValues(values)
        .build()
        .getConfigMapping(GatewaySettings.class);
  }

  HttpClient client(HttpClient.Version version) {
    return HttpClient.newBuilder()
        .version(version)
        .sslContext(trust())
        .connectTimeout(Duration.ofSeconds(5))
        .build();
  }

  /// A request with a token.
  HttpRequest.Builder request(String method, String path, String body) {
    return HttpRequest.newBuilder(URI.create("https://localhost:" + port + path))
        .timeout(Duration.ofSeconds(30))
        .header("Authorization", "Bearer of.the.caller")
        .method(method, HttpRequest.BodyPublishers.ofString(body));
  }

  Answer get(String path) {
    return send(request("GET", path, ""));
  }

  Answer post(String path, String body) {
    return send(request("POST", path, body));
  }

  Answer send(HttpRequest.Builder request) {
    return sendLater(request).join();
  }

  CompletableFuture<Answer> sendLater(HttpRequest.Builder request) {
    return client
        .sendAsync(request.build(), HttpResponse.BodyHandlers.ofString())
        .thenApply(Answer::of);
  }

  /// Writes these very bytes, and reads whatever comes until the connection ends.
  String raw(String text) throws IOException {
    try (Socket socket = trust().getSocketFactory().createSocket("127.0.0.1", port)) {
      socket.setSoTimeout(10_000);
      socket.getOutputStream().write(text.getBytes(StandardCharsets.ISO_8859_1));
      socket.getOutputStream().flush();
      return new String(socket.getInputStream().readAllBytes(), StandardCharsets.ISO_8859_1);
    }
  }

  /// A connection of its own, to write to and read from by hand.
  Socket connect() throws IOException {
    return connect("127.0.0.1");
  }

  /// From another address of this machine, such as `127.0.0.2`.
  Socket connect(String from) throws IOException {
    Socket socket =
        trust().getSocketFactory().createSocket("127.0.0.1", port, InetAddress.ofLiteral(from), 0);
    socket.setSoTimeout(30_000);
    return socket;
  }

  private SSLContext trust() {
    try (InputStream authority = Files.newInputStream(folder.resolve("ca/ca.pem"))) {
      KeyStore trusted = KeyStore.getInstance(KeyStore.getDefaultType());
      trusted.load(null, null);
      trusted.setCertificateEntry(
          "ca", CertificateFactory.getInstance("X.509").generateCertificate(authority));
      var factory = TrustManagerFactory.getInstance(TrustManagerFactory.getDefaultAlgorithm());
      factory.init(trusted);
      SSLContext context = SSLContext.getInstance("TLS");
      context.init(null, factory.getTrustManagers(), null);
      return context;
    } catch (IOException problem) {
      throw new UncheckedIOException(problem);
    } catch (GeneralSecurityException problem) {
      throw new IllegalStateException(problem);
    }
  }

  /// What the caller got.
  record Answer(int status, Map<String, String> headers, String body) {

    static Answer of(HttpResponse<String> response) {
      var headers = new HashMap<String, String>();
      response
          .headers()
          .map()
          .forEach((name, values) -> headers.put(name, String.join(";", values)));
      return new Answer(response.statusCode(), headers, response.body());
    }

    String header(String name) {
      return String.valueOf(headers.get(name));
    }

    JsonObject json() {
      return new JsonObject(body);
    }
  }
}
