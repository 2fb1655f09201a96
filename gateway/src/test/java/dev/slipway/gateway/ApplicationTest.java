package dev.slipway.gateway;

import static java.util.Objects.requireNonNull;
import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import dev.slipway.localstack.TestStack;
import io.vertx.core.Context;
import io.vertx.core.Future;
import io.vertx.core.MultiMap;
import io.vertx.core.Promise;
import io.vertx.core.Vertx;
import io.vertx.core.buffer.Buffer;
import io.vertx.core.http.HttpClient;
import io.vertx.core.http.HttpClientOptions;
import io.vertx.core.http.HttpClientResponse;
import io.vertx.core.http.HttpConnection;
import io.vertx.core.http.HttpMethod;
import io.vertx.core.http.HttpServer;
import io.vertx.core.http.HttpServerRequest;
import io.vertx.core.http.HttpVersion;
import io.vertx.core.http.PoolOptions;
import io.vertx.core.http.RequestOptions;
import io.vertx.core.http.WebSocket;
import io.vertx.core.http.WebSocketClientOptions;
import io.vertx.core.http.WebSocketConnectOptions;
import io.vertx.core.json.JsonArray;
import io.vertx.core.json.JsonObject;
import io.vertx.core.net.HostAndPort;
import io.vertx.core.net.PemTrustOptions;
import io.vertx.core.net.SocketAddress;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Collections;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.CopyOnWriteArraySet;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicReference;
import java.util.function.Consumer;
import java.util.function.Supplier;
import org.apache.kafka.clients.producer.KafkaProducer;
import org.apache.kafka.clients.producer.ProducerRecord;
import org.apache.kafka.common.serialization.StringSerializer;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.Assumptions;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.ValueSource;

class ApplicationTest {

  @RegisterExtension
  static final RunningGateway gateway =
      new RunningGateway()
          .with("public-url", "https://localhost:8443")
          .with("connection-patience", "2s")
          .with("application-patience", "2s")
          .with("retry-for", "5s")
          .withKafka(kafka());

  private static final Vertx vertx = Vertx.vertx();
  private static final Context loop = vertx.getOrCreateContext();
  private static final AtomicInteger applications = new AtomicInteger();
  private static KafkaProducer<String, String> producer = producer();
  private static HttpClient client = vertx.createHttpClient();

  private final String application = "app_" + applications.incrementAndGet();
  private String organization = "demo";
  private String name = "shop-" + applications.get();
  private String host = "demo-" + name + ".localhost";
  private HostAndPort authority = HostAndPort.create(host, gateway.port());
  private final List<Executor> executors = new ArrayList<>();
  private long revision;

  @BeforeAll
  static void connect() {
    client = client(HttpVersion.HTTP_1_1);
  }

  @AfterAll
  static void disconnect() {
    producer.close();
    FakeService.await(vertx.close());
  }

  @ParameterizedTest
  @EnumSource(
      value = HttpVersion.class,
      names = {"HTTP_1_1", "HTTP_2"})
  void aRequestReachesTheExecutorAsItWasSent(HttpVersion version) {
    var seen = new CopyOnWriteArrayList<HttpServerRequest>();
    Executor executor =
        executor(
            request -> {
              if (request.method().equals(HttpMethod.POST)) {
                seen.add(request);
              }
              request.body(
                  read ->
                      request
                          .response()
                          .setStatusCode(201)
                          .putHeader("Set-Cookie", (Iterable<String>) List.of("a=1", "b=2"))
                          .putHeader("X-Slipway-Secret", "of the platform")
                          .end(read.result()));
            });
    route(executor);
    HttpClient versioned = client(version);

    Answer answer =
        FakeService.await(
            send(
                versioned,
                HttpMethod.POST,
                "/a%2Fb//c?d=%20&e=%zz",
                request ->
                    request
                        .putHeader("Authorization", "Bearer of.the.application")
                        .putHeader("X-Slipway-Internal", "guessed")
                        .putHeader("X-Forwarded-For", "1.2.3.4"),
                "hello"));

    assertThat(answer.status()).isEqualTo(201);
    assertThat(answer.body()).isEqualTo("hello");
    assertThat(answer.headers().getAll("Set-Cookie")).containsExactly("a=1", "b=2");
    assertThat(answer.headers().names())
        .doesNotContain("X-Slipway-Secret", "x-slipway-secret", "X-Frame-Options");
    HttpServerRequest request = seen.getFirst();
    assertThat(request.uri()).isEqualTo("/a%2Fb//c?d=%20&e=%zz");
    assertThat(request.headers().getAll("Host")).containsExactly(host + ":" + gateway.port());
    assertThat(request.getHeader("Authorization")).isEqualTo("Bearer of.the.application");
    assertThat(request.getHeader("X-Slipway-Internal")).isNull();
    assertThat(request.headers().getAll("X-Forwarded-For")).containsExactly("127.0.0.1");
    assertThat(request.getHeader("X-Forwarded-Proto")).isEqualTo("https");
    assertThat(request.getHeader("X-Forwarded-Host")).isEqualTo(host + ":" + gateway.port());
    assertThat(gateway.account().calls).isEmpty();
  }

  @Test
  void aHostThatIsNobodysIsNotFound() {
    Answer answer = get("/");

    assertThat(answer.status()).isEqualTo(404);
    assertThat(new JsonObject(answer.body()).getString("code")).isEqualTo("not-found");
  }

  @Test
  void anApplicationThatNobodyServesSaysWhenToTryAgain() {
    publish(false);
    await().until(() -> get("/").status() == 503);

    Answer answer = get("/");

    assertThat(answer.headers().get("Retry-After")).isEqualTo("2");
    assertThat(new JsonObject(answer.body()).getString("code")).isEqualTo("unavailable");
  }

  @Test
  void aBrowserGetsAPage() {
    called("demo-%s<b>.localhost");
    Answer unknown = page();

    assertThat(unknown.status()).isEqualTo(404);
    assertThat(unknown.headers().get("Content-Type")).isEqualTo("text/html; charset=utf-8");
    assertThat(unknown.headers().get("Content-Security-Policy")).startsWith("default-src 'none'");
    assertThat(unknown.body())
        .contains(
            "<h1>404</h1>", "There is no application at " + host.replace("<b>.localhost", "&lt;b"))
        .doesNotContain("<b>", "http-equiv");

    called("demo-%s.localhost");
    publish(false);
    await().until(() -> get("/").status() == 503);
    assertThat(page().body()).contains("<h1>503</h1>", "http-equiv=\"refresh\" content=\"2\"");
  }

  @Test
  void anApplicationThatIsGoneIsForgotten() {
    route(executor(request -> request.response().end("here")));
    publish(true);

    await().until(() -> get("/").status() == 404);
  }

  @Test
  void aLowerRevisionChangesNothing() {
    Executor first = executor(request -> request.response().end("first"));
    Executor second = executor(request -> request.response().end("second"));
    revision = 10;
    route(first);
    revision = 4;
    publish(false, second);
    revision = 20;
    Executor third = executor(request -> request.response().end("third"));
    publish(false, third);

    await()
        .until(
            () -> {
              String body = get("/").body();
              assertThat(body).isNotEqualTo("second");
              return body.equals("third");
            });
  }

  @Test
  void deployServiceIsToldOfEveryRevision() {
    revision = 41;
    route(executor(request -> request.response().end()));

    await().untilAsserted(() -> assertThat(acknowledged()).containsEntry(application, 42));
    FakeService.Call call = acknowledgements().getLast();
    assertThat(call.method()).isEqualTo("PUT");
    assertThat(call.header("X-Slipway-Internal")).isEqualTo(RunningGateway.SECRET);
    int before = acknowledgements().size();
    await().until(() -> acknowledgements().size() > before);
  }

  @Test
  void aRevisionIsServedOnceNothingIsUnderWayToTheOldExecutor() {
    var waiting = new CopyOnWriteArrayList<HttpServerRequest>();
    Executor old = executor(waiting::add);
    Executor fresh = executor(request -> request.response().end("fresh"));
    publish(false, old);
    await().until(() -> acknowledged().containsKey(application));
    Future<Answer> slow = send(client, HttpMethod.POST, "/slow", request -> {}, "x");
    await().until(() -> !waiting.isEmpty());

    publish(false, fresh);
    await().until(() -> get("/").body().equals("fresh"));
    assertThat(acknowledged()).containsEntry(application, 1);
    waiting.getFirst().response().end("slow");

    assertThat(FakeService.await(slow).body()).isEqualTo("slow");
    await().until(() -> Integer.valueOf(2).equals(acknowledged().get(application)));
  }

  @Test
  void whatGoesOnForeverHoldsNoRevisionUp() {
    Executor old =
        executor(
            request -> {
              request.response().putHeader("Content-Type", "text/event-stream");
              if (request.uri().equals("/events")) {
                request.response().setChunked(true).write("data: 1\n\n");
              } else {
                request.response().end();
              }
            });
    old.webSocket(socket -> socket.textMessageHandler(text -> socket.writeTextMessage(text)));
    route(old);
    await().until(() -> acknowledged().containsKey(application));
    var messages = new CopyOnWriteArrayList<String>();
    WebSocket socket = webSocket();
    socket.textMessageHandler(messages::add);
    socket.writeTextMessage("here");
    assertThat(FakeService.await(events(messages)).statusCode()).isEqualTo(200);
    await().until(() -> messages.contains("here") && messages.contains("data: 1\n\n"));

    publish(false, executor(request -> request.response().end()));

    // Less than what is under way is waited for.
    await()
        .atMost(Duration.ofSeconds(2))
        .until(() -> Integer.valueOf(2).equals(acknowledged().get(application)));
    assertThat(socket.isClosed()).isFalse();
    FakeService.await(socket.close());
  }

  @Test
  void manyChangesTravelOnFewConnections() {
    var connections = new CopyOnWriteArraySet<HttpConnection>();
    Executor executor =
        executor(
            request -> {
              connections.add(request.connection());
              request.bodyHandler(body -> request.response().end("done"));
            });
    route(executor);

    for (int i = 0; i < 100; i++) {
      assertThat(FakeService.await(send(client, HttpMethod.POST, "/", request -> {}, "x")).body())
          .isEqualTo("done");
    }

    assertThat(connections).hasSizeLessThan(5);
  }

  /// As executors do that close what was idle, just when the next request comes in.
  @Test
  void aChangeIsNotLostToAConnectionThatIsBeingClosed() {
    var lastUsed = new ConcurrentHashMap<HttpConnection, Long>();
    Executor impatient =
        executor(
            request -> {
              long now = System.nanoTime();
              Long before = lastUsed.put(request.connection(), now);
              if (before != null && now - before > Duration.ofMillis(1_100).toNanos()) {
                request.connection().close();
              } else {
                request.bodyHandler(body -> request.response().end("done"));
              }
            });
    route(impatient);
    for (int i = 0; i < 3; i++) {
      long asked = System.nanoTime();
      Answer answer = FakeService.await(send(client, HttpMethod.POST, "/", request -> {}, "x"));
      assertThat(answer.body()).isEqualTo("done");
      await().until(() -> System.nanoTime() - asked > Duration.ofMillis(1_200).toNanos());
    }
  }

  /// What an executor refuses without reading it must not come out of the connection later.
  @Test
  void whatFollowsAnEarlyAnswerIsServed() {
    Executor executor =
        executor(
            request -> {
              if (request.uri().equals("/large")) {
                request.response().setStatusCode(413).end("too large");
              } else {
                request.bodyHandler(body -> request.response().end(body.length() + " bytes"));
              }
            });
    route(executor);
    String large = "x".repeat(2 * 1024 * 1024);

    for (int i = 0; i < 5; i++) {
      int status =
          send(client, HttpMethod.POST, "/large", request -> {}, large)
              .map(Answer::status)
              .otherwise(413)
              .toCompletionStage()
              .toCompletableFuture()
              .join();
      assertThat(status).isEqualTo(413);
      assertThat(FakeService.await(send(client, HttpMethod.POST, "/", r -> {}, "abc")).body())
          .isEqualTo("3 bytes");
    }
  }

  @Test
  void nothingFailsWhileTheRouteSwitches() {
    Executor one = executor(request -> request.bodyHandler(body -> request.response().end("one")));
    Executor two = executor(request -> request.bodyHandler(body -> request.response().end("two")));
    route(one);
    var failures = new CopyOnWriteArrayList<String>();
    var answers = new CopyOnWriteArrayList<String>();

    var load = load(failures, answers, HttpMethod.POST, HttpMethod.GET);
    for (int i = 0; i < 20; i++) {
      publish(false, i % 2 == 0 ? two : one);
      awaitMore(answers);
    }
    load.end();

    assertThat(failures).isEmpty();
    assertThat(answers).hasSizeGreaterThan(200).contains("one", "two");
  }

  @Test
  void noSafeRequestFailsWhenAnExecutorIsKilled() {
    Executor one = executor(request -> request.response().end("one"));
    Executor two = executor(request -> request.response().end("two"));
    route(one, two);
    var failures = new CopyOnWriteArrayList<String>();
    var answers = new CopyOnWriteArrayList<String>();

    var load = load(failures, answers, HttpMethod.GET, HttpMethod.GET, HttpMethod.HEAD);
    for (int i = 0; i < 5; i++) {
      awaitAnother("two", answers);
      two.stop();
      awaitMore(answers);
      two.start();
      publish(false, i % 2 == 0 ? new Executor[] {two, one} : new Executor[] {one, two});
    }
    awaitAnother("two", answers);
    load.end();

    assertThat(failures).isEmpty();
  }

  @Test
  void whatChangesSomethingIsNotSentTwice() {
    var tries = new AtomicInteger();
    Executor dying =
        executor(
            request -> {
              if (request.method().equals(HttpMethod.POST)) {
                tries.incrementAndGet();
                request.connection().close();
              } else {
                request.response().end();
              }
            });
    route(dying);

    Answer answer = FakeService.await(send(client, HttpMethod.POST, "/", request -> {}, "x"));

    assertThat(answer.status()).isEqualTo(502);
    assertThat(new JsonObject(answer.body()).getString("code")).isEqualTo("outcome-unknown");
    assertThat(tries.get()).isEqualTo(1);
  }

  @Test
  void whatWasNotSentGoesToAnotherExecutor() {
    Executor gone = executor(request -> request.response().end("gone"));
    Executor there = executor(request -> request.bodyHandler(b -> request.response().end("there")));
    route(gone, there);
    gone.stop();

    for (int i = 0; i < 4; i++) {
      Answer answer = FakeService.await(send(client, HttpMethod.POST, "/", request -> {}, "x"));
      assertThat(answer.body()).isEqualTo("there");
    }
  }

  @Test
  void anApplicationThatTakesTooLongIsGivenUp() {
    Executor slow =
        executor(
            request -> {
              if (request.uri().equals("/")) {
                request.response().end();
              }
            });
    route(slow);

    assertThat(get("/slow").status()).isEqualTo(504);
  }

  @Test
  void anAnswerIsStreamedAsItComes() {
    var open = new AtomicReference<HttpServerRequest>();
    Executor executor =
        executor(
            request -> {
              if (request.uri().equals("/")) {
                request.response().end();
                return;
              }
              open.set(request);
              request
                  .response()
                  .putHeader("Content-Type", "text/event-stream")
                  .setChunked(true)
                  .write("data: 1\n\n");
            });
    route(executor);
    var received = new CopyOnWriteArrayList<String>();

    HttpClientResponse response = FakeService.await(events(received));

    assertThat(response.statusCode()).isEqualTo(200);
    await().until(() -> received.contains("data: 1\n\n"));
    requireNonNull(open.get()).response().write("data: 2\n\n");
    await().until(() -> received.contains("data: 2\n\n"));
    requireNonNull(open.get()).response().end();
  }

  @Test
  void aLargeBodyIsReadNoFasterThanTheExecutorReadsIt() {
    var paused = new AtomicReference<HttpServerRequest>();
    var received = new AtomicInteger();
    Executor executor =
        executor(
            request -> {
              if (request.method().equals(HttpMethod.GET)) {
                request.response().end();
                return;
              }
              request.pause();
              request.handler(chunk -> received.addAndGet(chunk.length()));
              request.endHandler(end -> request.response().end("all"));
              paused.set(request);
            });
    route(executor);
    Buffer piece = Buffer.buffer(new byte[1024 * 1024]);
    var sent = new AtomicInteger();
    Future<String> answer =
        client
            .request(options(HttpMethod.PUT, "/large"))
            .compose(
                request -> {
                  request.authority(authority).setChunked(true);
                  write(request, piece, sent, 64);
                  return request.response().compose(response -> response.body());
                })
            .map(Buffer::toString);
    await().until(() -> paused.get() != null);
    await().during(Duration.ofMillis(700)).until(() -> sent.get() < 40);
    requireNonNull(paused.get()).resume();

    assertThat(FakeService.await(answer)).isEqualTo("all");
    assertThat(received.get()).isEqualTo(64 * 1024 * 1024);
  }

  @Test
  void webSocketsTalkForAsLongAsTheyLike() {
    Executor executor = executor(request -> request.response().end());
    executor.webSocket(socket -> socket.textMessageHandler(text -> socket.writeTextMessage(text)));
    route(executor);
    var messages = new CopyOnWriteArrayList<String>();

    WebSocket socket = webSocket();
    socket.textMessageHandler(messages::add);
    socket.writeTextMessage("first");
    await().until(() -> messages.contains("first"));
    // Longer than a connection without a request is kept.
    await().during(Duration.ofSeconds(3)).until(() -> !socket.isClosed());
    socket.writeTextMessage("second");

    await().until(() -> messages.contains("second"));
    FakeService.await(socket.close());
  }

  /// A server name with an underscore is no host name to the letter of the standard.
  @ParameterizedTest
  @CsvSource({
    "demo-%s.localhost, --http1.1, 1.3",
    "my_org-my_%s.localhost, --http1.1, 1.3",
    "my_org-my_%s.localhost, --http2, 1.3",
    "my_org-my_%s.localhost, --http2, 1.2"
  })
  void curlTakesTheCertificateOfAnApplication(String pattern, String http, String tls)
      throws Exception {
    called(pattern);
    route(executor(request -> request.response().end("trusted")));

    assertThat(
            run(
                "curl",
                "-sS",
                http,
                "--tls-max",
                tls,
                "--noproxy",
                "*",
                "--max-time",
                "10",
                "--resolve",
                host + ":" + gateway.port() + ":127.0.0.1",
                "--cacert",
                authority().toString(),
                "https://" + host + ":" + gateway.port() + "/"))
        .isEqualTo("trusted");
  }

  @ParameterizedTest
  @ValueSource(strings = {"demo-%s.localhost", "my_org-my_%s.localhost"})
  void nodeTakesTheCertificateOfAnApplication(String pattern) throws Exception {
    called(pattern);
    route(executor(request -> request.response().end("trusted")));

    assertThat(
            run(
                "node",
                "-e",
                """
                require('https').get('https://%s:%d/', {
                    lookup: (host, options, found) => options.all
                        ? found(null, [{address: '127.0.0.1', family: 4}])
                        : found(null, '127.0.0.1', 4),
                    ca: require('fs').readFileSync('%s')},
                  answer => answer.on('data', data => process.stdout.write(data)))
                  .on('error', problem => console.log(problem.message));
                """
                    .formatted(host, gateway.port(), authority())))
        .isEqualTo("trusted");
  }

  @Test
  void theRoutesOutliveTheGatewayWithoutKafka() throws Exception {
    Executor executor = executor(request -> request.response().end("still"));
    route(executor);
    Path snapshot = gateway.folder().resolve("run/routes.json");
    await().until(() -> Files.exists(snapshot) && Files.readString(snapshot).contains(name));

    var alone =
        new RunningGateway()
            .with("public-url", "https://localhost:8443")
            .withSnapshot(Files.readString(snapshot))
            .withKafka(Map.of("bootstrap.servers", "127.0.0.1:1"));
    alone.beforeEach(null);
    try {
      String answer =
          alone.raw("GET / HTTP/1.1\r\nHost: " + host + "\r\nConnection: close\r\n\r\n");
      assertThat(answer).startsWith("HTTP/1.1 200").endsWith("still");
      assertThat(alone.get("/v1alpha1/demo/applications").status()).isEqualTo(200);
    } finally {
      alone.afterEach(null);
    }
  }

  private static void write(
      io.vertx.core.http.HttpClientRequest request, Buffer piece, AtomicInteger sent, int most) {
    while (sent.get() < most) {
      if (request.writeQueueFull()) {
        request.drainHandler(room -> write(request, piece, sent, most));
        return;
      }
      request.write(piece);
      sent.incrementAndGet();
    }
    request.end();
  }

  private Load load(List<String> failures, List<String> answers, HttpMethod... methods) {
    var count = new AtomicInteger();
    var open = new AtomicInteger();
    long timer =
        vertx.setPeriodic(
            7,
            due -> {
              HttpMethod method = methods[count.getAndIncrement() % methods.length];
              open.incrementAndGet();
              send(client, method, "/", request -> {}, method.equals(HttpMethod.POST) ? "x" : "")
                  .onComplete(
                      done -> {
                        open.decrementAndGet();
                        if (done.failed()) {
                          failures.add(method + " " + done.cause());
                        } else if (done.result().status() != 200) {
                          failures.add(method + " " + done.result());
                        } else {
                          answers.add(done.result().body());
                        }
                      });
            });
    return () -> {
      vertx.cancelTimer(timer);
      await().until(() -> open.get() == 0);
    };
  }

  /// Waits until some requests more have been answered.
  private static void awaitMore(List<String> answers) {
    int before = answers.size();
    await().until(() -> answers.size() > before + 20);
  }

  /// Waits until one more request has been answered so. An executor that refused is asked again
  /// after a second.
  private static void awaitAnother(String answer, List<String> answers) {
    int before = Collections.frequency(answers, answer);
    await().until(() -> Collections.frequency(answers, answer) > before);
  }

  private interface Load {
    void end();
  }

  private List<FakeService.Call> acknowledgements() {
    return gateway.deploy().calls.stream()
        .filter(call -> call.uri().startsWith("/internal/gateways/"))
        .toList();
  }

  private Map<String, Integer> acknowledged() {
    var revisions = new HashMap<String, Integer>();
    if (!acknowledgements().isEmpty()) {
      new JsonObject(acknowledgements().getLast().body())
          .getJsonObject("revisions")
          .forEach(one -> revisions.put(one.getKey(), (Integer) one.getValue()));
    }
    return revisions;
  }

  /// Gives the application another host.
  ///
  /// @param pattern with a place for what makes it different from all others
  private void called(String pattern) {
    host = pattern.formatted(application.replace('_', '-'));
    organization = host.substring(0, host.indexOf('-'));
    name = host.substring(host.indexOf('-') + 1, host.indexOf('.'));
    authority = HostAndPort.create(host, gateway.port());
  }

  private WebSocket webSocket() {
    return FakeService.await(
        vertx
            .createWebSocketClient(
                new WebSocketClientOptions().setSsl(true).setTrustOptions(trust()))
            .connect(
                new WebSocketConnectOptions()
                    .setServer(SocketAddress.inetSocketAddress(gateway.port(), "127.0.0.1"))
                    .setHost("localhost")
                    .setPort(gateway.port())
                    .putHeader("Host", host)
                    .setSsl(true)
                    .setURI("/talk")));
  }

  private Future<HttpClientResponse> events(List<String> received) {
    return onLoop(
        () ->
            client
                .request(options(HttpMethod.GET, "/events"))
                .compose(request -> request.authority(authority).send())
                .map(answer -> answer.handler(chunk -> received.add(chunk.toString()))));
  }

  private Answer page() {
    return FakeService.await(
        send(
            client,
            HttpMethod.GET,
            "/",
            request -> request.putHeader("Accept", "text/html,application/xml;q=0.9"),
            ""));
  }

  private Answer get(String path) {
    return FakeService.await(send(client, HttpMethod.GET, path, request -> {}, ""));
  }

  private Future<Answer> send(
      HttpClient through,
      HttpMethod method,
      String path,
      Consumer<io.vertx.core.http.HttpClientRequest> prepare,
      String body) {
    return onLoop(
        () ->
            through
                .request(options(method, path))
                .compose(
                    request -> {
                      prepare.accept(request.authority(authority));
                      return body.isEmpty() ? request.send() : request.send(body);
                    })
                .compose(
                    response ->
                        response
                            .body()
                            .map(
                                read ->
                                    new Answer(
                                        response.statusCode(),
                                        response.headers(),
                                        read.toString()))));
  }

  /// Everywhere else an answer may come before anybody listens to it.
  private static <T> Future<T> onLoop(Supplier<Future<T>> work) {
    Promise<T> promise = Promise.promise();
    loop.runOnContext(there -> work.get().onComplete(promise));
    return promise.future();
  }

  private record Answer(int status, MultiMap headers, String body) {}

  private RequestOptions options(HttpMethod method, String path) {
    return new RequestOptions()
        .setServer(SocketAddress.inetSocketAddress(gateway.port(), "127.0.0.1"))
        .setHost("localhost")
        .setPort(gateway.port())
        .setMethod(method)
        .setURI(path);
  }

  /// Publishes a route with these executors, and waits until it is served.
  private void route(Executor... serving) {
    publish(false, serving);
    await().until(() -> get("/").status() < 300);
  }

  private void publish(boolean removed, Executor... serving) {
    revision++;
    var targets = new JsonArray();
    for (Executor executor : serving) {
      targets.add(
          new JsonObject()
              .put("executor", "exe_" + executor.port)
              .put("host", "127.0.0.1")
              .put("port", executor.port));
    }
    var data =
        new JsonObject()
            .put("application", application)
            .put("organization", "org_1")
            .put("organizationName", organization)
            .put("name", name)
            .put("revision", revision)
            .put("executors", targets)
            .put("removed", removed);
    var message =
        new JsonObject()
            .put("specversion", "1.0")
            .put("id", "deploy-service/" + application + "/" + revision)
            .put("source", "deploy-service")
            .put("type", "slipway.deploy.route.v1")
            .put("data", data);
    try {
      producer
          .send(new ProducerRecord<>("slipway.deploy.route.v1", application, message.encode()))
          .get(10, TimeUnit.SECONDS);
    } catch (Exception failed) {
      throw new IllegalStateException(failed);
    }
  }

  private Executor executor(Consumer<HttpServerRequest> behaviour) {
    var executor = new Executor(behaviour);
    executor.start();
    executors.add(executor);
    return executor;
  }

  private static Path authority() {
    return gateway.folder().resolve("ca/ca.pem");
  }

  private static PemTrustOptions trust() {
    return new PemTrustOptions().addCertPath(authority().toString());
  }

  private static HttpClient client(HttpVersion version) {
    return vertx.createHttpClient(
        new HttpClientOptions()
            .setSsl(true)
            .setUseAlpn(true)
            .setProtocolVersion(version)
            .setKeepAliveTimeout(1)
            .setTrustOptions(trust()),
        new PoolOptions().setHttp1MaxSize(100));
  }

  private static Map<String, String> kafka() {
    var settings = new HashMap<String, String>();
    var properties = TestStack.shared().kafkaProperties();
    properties.stringPropertyNames().forEach(key -> settings.put(key, properties.getProperty(key)));
    return settings;
  }

  private static KafkaProducer<String, String> producer() {
    return new KafkaProducer<>(
        new HashMap<String, Object>(kafka()), new StringSerializer(), new StringSerializer());
  }

  private static String run(String... command) throws Exception {
    Process process;
    try {
      process = new ProcessBuilder(command).redirectErrorStream(true).start();
    } catch (IOException absent) {
      Assumptions.assumeTrue(System.getenv("CI") != null, command[0] + " is not on this machine");
      throw absent;
    }
    String said =
        new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8).strip();
    process.waitFor();
    return said;
  }

  /// A little application.
  private static final class Executor {

    private final Consumer<HttpServerRequest> behaviour;
    private Consumer<io.vertx.core.http.ServerWebSocket> webSocket = socket -> socket.close();
    private HttpServer server = vertx.createHttpServer();
    private int port;

    Executor(Consumer<HttpServerRequest> behaviour) {
      this.behaviour = behaviour;
    }

    void webSocket(Consumer<io.vertx.core.http.ServerWebSocket> webSocket) {
      this.webSocket = webSocket;
    }

    void start() {
      server =
          vertx
              .createHttpServer()
              .webSocketHandler(socket -> webSocket.accept(socket))
              .requestHandler(behaviour::accept);
      port = FakeService.await(server.listen(port, "127.0.0.1")).actualPort();
    }

    void stop() {
      FakeService.await(server.close());
    }
  }
}
