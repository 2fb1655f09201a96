package dev.slipway.gateway;

import io.vertx.core.Future;
import io.vertx.core.MultiMap;
import io.vertx.core.Vertx;
import io.vertx.core.http.HttpServer;
import io.vertx.core.http.HttpServerRequest;
import io.vertx.core.json.JsonObject;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.Socket;
import java.util.List;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.TimeUnit;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/// A service behind the gateway that remembers what it was asked and answers as it is told. It can
/// be stopped, which breaks its connections, and started again at the same port.
final class FakeService {

  /// What it was asked.
  record Call(String method, String uri, MultiMap headers, String body) {

    String header(String name) {
      return String.valueOf(headers.get(name));
    }
  }

  /// How it answers.
  interface Behaviour {
    void answer(HttpServerRequest request, Call call);
  }

  final List<Call> calls = new CopyOnWriteArrayList<>();

  private final String name;
  private final Vertx vertx;
  private volatile Behaviour behaviour = this::echo;
  private final Socket port = held();
  private volatile @Nullable Consumer<HttpServerRequest> stream;
  private HttpServer server;

  FakeService(String name, Vertx vertx) {
    this.name = name;
    this.vertx = vertx;
    this.server = vertx.createHttpServer();
    start();
  }

  /// A port that the kernel gives to nobody else, whether this service is there or not: who
  /// connects to a socket that does not listen is refused.
  private static Socket held() {
    try {
      Socket socket = new Socket();
      socket.setReuseAddress(true);
      socket.bind(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0));
      return socket;
    } catch (IOException none) {
      throw new UncheckedIOException(none);
    }
  }

  String url() {
    return "http://127.0.0.1:" + port.getLocalPort();
  }

  void answers(Behaviour behaviour) {
    this.behaviour = behaviour;
  }

  void answersJson(int status, String json) {
    answers((request, call) -> json(request, status, json));
  }

  /// Hands over requests before their bodies are read.
  void streams(Consumer<HttpServerRequest> stream) {
    this.stream = stream;
  }

  /// Only what came from outside, and not the question who may.
  List<Call> forwarded() {
    return calls.stream().filter(call -> !call.uri().startsWith("/internal/")).toList();
  }

  /// As if it were new.
  void forget() {
    calls.clear();
    behaviour = this::echo;
    stream = null;
  }

  void start() {
    server = vertx.createHttpServer().requestHandler(this::serve);
    await(server.listen(port.getLocalPort(), "127.0.0.1"));
  }

  void stop() {
    await(server.close());
  }

  static void json(HttpServerRequest request, int status, String json) {
    request
        .response()
        .setStatusCode(status)
        .putHeader("Content-Type", "application/json")
        .end(json);
  }

  static <T> T await(Future<T> future) {
    try {
      return future.toCompletionStage().toCompletableFuture().get(10, TimeUnit.SECONDS);
    } catch (Exception failed) {
      throw new IllegalStateException(failed);
    }
  }

  private void serve(HttpServerRequest request) {
    @Nullable Consumer<HttpServerRequest> streaming = stream;
    if (streaming != null && !request.uri().startsWith("/internal/")) {
      streaming.accept(request);
      return;
    }
    request.body(
        read -> {
          if (read.failed()) {
            return;
          }
          var call =
              new Call(
                  request.method().name(),
                  request.uri(),
                  MultiMap.caseInsensitiveMultiMap().addAll(request.headers()),
                  read.result().toString());
          calls.add(call);
          behaviour.answer(request, call);
        });
  }

  /// Lets everybody in, who is of the organization in the path, and says who answered otherwise.
  void echo(HttpServerRequest request, Call call) {
    if (call.uri().equals("/internal/authorize")) {
      var asked = new JsonObject(call.body());
      json(
          request,
          200,
          new JsonObject()
              .put("token", "internal-for-" + asked.getString("token"))
              .put("organization", asked.getString("organization"))
              .encode());
    } else {
      json(request, 200, new JsonObject().put("from", name).encode());
    }
  }
}
