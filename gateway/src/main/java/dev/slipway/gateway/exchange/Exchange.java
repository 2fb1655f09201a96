package dev.slipway.gateway.exchange;

import dev.slipway.common.error.ErrorCode;
import io.vertx.core.Future;
import io.vertx.core.MultiMap;
import io.vertx.core.buffer.Buffer;
import io.vertx.core.http.HttpServerRequest;
import io.vertx.core.http.HttpServerResponse;
import io.vertx.core.http.HttpVersion;
import io.vertx.core.net.impl.ConnectionBase;
import java.security.SecureRandom;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.concurrent.TimeUnit;
import java.util.function.Supplier;
import java.util.regex.Pattern;
import org.jboss.logging.Logger;
import org.jspecify.annotations.Nullable;

/// One request and its answer.
///
/// Every exchange ends with exactly one line in the log, answered or not. The line has no query and
/// no header, since secrets travel in both.
public final class Exchange {

  /// Carries the identifier, from the caller, to the services, and back.
  public static final String REQUEST_IDENTIFIER = "X-Request-Id";

  private static final Logger LOG = Logger.getLogger("access");
  private static final Pattern ACCEPTED_IDENTIFIER = Pattern.compile("[A-Za-z0-9_-]{1,64}");
  private static final String ALPHABET = "0123456789abcdefghjkmnpqrstvwxyz";
  private static final int IDENTIFIER_LENGTH = 20;

  /// As long as the identifiers that services make.
  private static final int ENTRY_LENGTH = 26;

  /// As other proxies write it: the caller went away before there was an answer.
  private static final int NOBODY_WAITED = 499;

  private static final int LONGEST_LOGGED_PATH = 200;
  private static final SecureRandom RANDOM = new SecureRandom();

  private final HttpServerRequest request;
  private final String identifier;
  private final Connections connections;
  private final long began = System.nanoTime();
  private final List<Runnable> whenOver = new ArrayList<>();
  private boolean over;
  private @Nullable Runnable whenGone;
  private @Nullable String entry;
  private @Nullable Ended whenEnded;

  /// Is told when an answer has left whole.
  @FunctionalInterface
  public interface Ended {
    void ended(int status, @Nullable String operation, long tookMillis);
  }

  private Exchange(HttpServerRequest request, String identifier, Connections connections) {
    this.request = request;
    this.identifier = identifier;
    this.connections = connections;
  }

  /// Takes a request that has just come in.
  public static Exchange begin(HttpServerRequest request, Connections connections) {
    String brought = request.getHeader(REQUEST_IDENTIFIER);
    boolean accepted = brought != null && ACCEPTED_IDENTIFIER.matcher(brought).matches();
    String identifier =
        brought != null && accepted ? brought : newIdentifier("req_", IDENTIFIER_LENGTH);
    var exchange = new Exchange(request, identifier, connections);
    connections.began(request);
    request.response().endHandler(ended -> exchange.answered());
    request.response().closeHandler(closed -> exchange.gone());
    exchange.putOwnHeaders(request.response().headers());
    return exchange;
  }

  public HttpServerRequest request() {
    return request;
  }

  public String identifier() {
    return identifier;
  }

  /// Names this exchange in the audit log, however often it is asked about.
  public String entry() {
    String known = entry;
    if (known == null) {
      known = newIdentifier("aud_", ENTRY_LENGTH);
      entry = known;
    }
    return known;
  }

  /// Has somebody told what came of it, unless the caller goes away before the answer: then nobody
  /// knows.
  public void whenEnded(Ended listener) {
    whenEnded = listener;
  }

  /// Whether nobody waits for the answer any more.
  public boolean abandoned() {
    return request.response().closed() || request.response().ended();
  }

  /// Has something done when the caller goes away without an answer. The last one that is given
  /// counts.
  public void whenGone(Runnable action) {
    whenGone = action;
  }

  /// Has something done when it is over, with an answer or without.
  void whenOver(Runnable action) {
    if (over) {
      action.run();
    } else {
      whenOver.add(action);
    }
  }

  /// Puts on an answer what every answer of the gateway has.
  public void putOwnHeaders(MultiMap headers) {
    headers.set(REQUEST_IDENTIFIER, identifier);
    headers.set("X-Content-Type-Options", "nosniff");
    headers.set("Referrer-Policy", "no-referrer");
    headers.set("X-Frame-Options", "DENY");
    if (!headers.contains("Cache-Control")) {
      headers.set("Cache-Control", "no-store");
    }
  }

  /// Answers with JSON that is the gateway's own.
  public void answer(int status, String json) {
    answer(status, "application/json", json);
  }

  private void answer(int status, String type, String text) {
    HttpServerResponse response = request.response();
    if (abandoned() || response.headWritten()) {
      return;
    }
    response.setStatusCode(status).putHeader("Content-Type", type);
    Buffer body = Buffer.buffer(text);
    Future<Void> sent;
    if (request.method().name().equals("HEAD")) {
      sent = response.putHeader("Content-Length", String.valueOf(body.length())).end();
    } else {
      sent = response.end(body);
    }
    sent.onFailure(gone -> LOG.debugf("%s was not answered: %s", identifier, gone.getMessage()));
  }

  /// Answers with a refusal; whatever else it is that failed becomes a 500 that says nothing.
  public void fail(Throwable failure) {
    if (abandoned()) {
      return;
    }
    Refusal refusal = refusal(failure);
    if (!request.response().headWritten()) {
      refusal.headers().forEach(request.response()::putHeader);
    }
    answer(refusal.status(), refusal.body(identifier));
  }

  /// Like [#fail], but a browser that wants a page gets one.
  public void failWithPage(Throwable failure) {
    String accepted = request.getHeader("Accept");
    if (accepted == null || !accepted.toLowerCase(Locale.ROOT).contains("text/html")) {
      fail(failure);
      return;
    }
    if (abandoned() || request.response().headWritten()) {
      return;
    }
    Refusal refusal = refusal(failure);
    MultiMap headers = request.response().headers();
    refusal.headers().forEach(headers::set);
    headers.set("Vary", "Accept").set("Content-Security-Policy", RefusalPage.POLICY);
    answer(refusal.status(), "text/html; charset=utf-8", RefusalPage.of(refusal, this));
  }

  private Refusal refusal(Throwable failure) {
    if (failure instanceof Refusal refusal) {
      return refusal;
    }
    LOG.errorf(failure, "%s failed", identifier);
    return new Refusal(ErrorCode.INTERNAL, "something is wrong in the gateway");
  }

  /// Answers with a refusal at once, although the body has not been read. The answer ends, and
  /// where the protocol can say so the connection with it, when the rest of the body was read.
  ///
  /// @param rest begins to read it
  public Future<Void> failEarly(Throwable failure, Supplier<Future<Void>> rest) {
    HttpServerResponse response = request.response();
    if (abandoned() || response.headWritten()) {
      return Future.succeededFuture();
    }
    Refusal refusal = refusal(failure);
    closeAfterAnswer();
    refusal.headers().forEach(response::putHeader);
    Buffer body = Buffer.buffer(refusal.body(identifier));
    response
        .setStatusCode(refusal.status())
        .putHeader("Content-Type", "application/json")
        .putHeader("Content-Length", String.valueOf(body.length()))
        .write(body);
    return rest.get().compose(over -> end());
  }

  /// Ends an answer whose last byte was written, and the connection with it where the protocol has
  /// one for each answer.
  public Future<Void> end() {
    if (abandoned()) {
      return Future.succeededFuture();
    }
    return request
        .response()
        .end()
        .otherwiseEmpty()
        .compose(
            ended ->
                request.version() == HttpVersion.HTTP_2
                    ? Future.succeededFuture()
                    : request.connection().close().otherwiseEmpty());
  }

  /// Breaks off an answer, whether or not its reader takes what was written: a connection that is
  /// closed in the usual way waits for that.
  public void breakOff() {
    if (request.version() == HttpVersion.HTTP_2) {
      request.response().reset();
    } else {
      var unused = ((ConnectionBase) request.connection()).channelHandlerContext().close();
    }
  }

  /// Ends the connection with the answer, where the protocol can say so.
  public void closeAfterAnswer() {
    if (request.version() != HttpVersion.HTTP_2 && !request.response().headWritten()) {
      request.response().putHeader("Connection", "close");
    }
  }

  /// Is called too when the caller goes away, before [#gone].
  private void answered() {
    if (request.response().ended()) {
      end(request.response().getStatusCode());
    }
  }

  private void gone() {
    boolean answered = request.response().ended();
    end(answered ? request.response().getStatusCode() : NOBODY_WAITED);
    if (!answered && whenGone != null) {
      whenGone.run();
    }
  }

  private void end(int status) {
    if (over) {
      return;
    }
    over = true;
    connections.ended(request);
    whenOver.forEach(Runnable::run);
    long took = TimeUnit.NANOSECONDS.toMillis(System.nanoTime() - began);
    LOG.infof(
        "%s %s %d %dms %s",
        request.method().name(), loggedPath(request.uri()), status, took, identifier);
    if (whenEnded != null && status != NOBODY_WAITED) {
      whenEnded.ended(status, request.response().headers().get("Operation-Id"), took);
    }
  }

  private static String loggedPath(String uri) {
    var path = new StringBuilder();
    for (int i = 0; i < Math.min(uri.length(), LONGEST_LOGGED_PATH); i++) {
      char character = uri.charAt(i);
      if (character == '?' || character == '#') {
        break;
      }
      path.append(character > ' ' && character <= '~' ? character : '?');
    }
    return path.toString();
  }

  private static String newIdentifier(String prefix, int length) {
    var identifier = new StringBuilder(prefix);
    for (int i = 0; i < length; i++) {
      identifier.append(ALPHABET.charAt(RANDOM.nextInt(ALPHABET.length())));
    }
    return identifier.toString();
  }
}
