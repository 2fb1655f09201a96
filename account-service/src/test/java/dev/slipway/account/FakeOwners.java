package dev.slipway.account;

import com.sun.net.httpserver.HttpExchange;
import com.sun.net.httpserver.HttpServer;
import dev.slipway.common.security.InternalToken;
import io.quarkus.test.common.QuarkusTestResourceLifecycleManager;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/// Stands in for the services that own something of an organization: says how many of it there are.
///
/// What it is to say is kept in system properties, because the test and this resource are loaded by
/// different class loaders.
public final class FakeOwners implements QuarkusTestResourceLifecycleManager {

  private static final String SECRET = "test.usage.secret";

  /// A service, by what it owns.
  public enum Owner {
    INSTANCES("slipway.instance.url", "POST", "departure"),
    APPLICATIONS("slipway.deploy.url", "GET", "usage");

    private final String setting;
    private final String method;
    private final String question;

    Owner(String setting, String method, String question) {
      this.setting = setting;
      this.method = method;
      this.question = question;
    }

    private String word() {
      return name().toLowerCase(Locale.ROOT);
    }

    private String countOf(String organization) {
      return "test.usage." + word() + '.' + organization;
    }

    private String down() {
      return "test.usage." + word() + ".down";
    }

    public void has(String organization, int number) {
      System.setProperty(countOf(organization), Integer.toString(number));
    }

    public void isDown(boolean down) {
      System.setProperty(down(), Boolean.toString(down));
    }
  }

  private final List<HttpServer> servers = new ArrayList<>();

  /// The shared secret that the last request showed.
  public static @Nullable String secretShown() {
    return System.getProperty(SECRET);
  }

  @Override
  public Map<String, String> start() {
    Map<String, String> urls = new HashMap<>();
    for (Owner owner : Owner.values()) {
      HttpServer server = open();
      servers.add(server);
      server.createContext("/internal/organizations/", exchange -> answer(owner, exchange));
      server.start();
      urls.put(owner.setting, "http://127.0.0.1:" + server.getAddress().getPort());
    }
    return urls;
  }

  private static HttpServer open() {
    try {
      return HttpServer.create(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0), 0);
    } catch (IOException problem) {
      throw new UncheckedIOException(problem);
    }
  }

  private static void answer(Owner owner, HttpExchange exchange) throws IOException {
    String secret = exchange.getRequestHeaders().getFirst(InternalToken.SECRET_HEADER);
    System.setProperty(SECRET, String.valueOf(secret));
    String[] path = exchange.getRequestURI().getPath().split("/", -1);
    String organization = path[3];
    boolean asked =
        exchange.getRequestMethod().equals(owner.method) && path[4].equals(owner.question);
    byte[] body =
        "{\"%s\":%s}"
            .formatted(owner.word(), System.getProperty(owner.countOf(organization), "0"))
            .getBytes(StandardCharsets.UTF_8);
    boolean down = Boolean.getBoolean(owner.down());
    exchange.sendResponseHeaders(down ? 500 : asked ? 200 : 404, body.length);
    exchange.getResponseBody().write(body);
    exchange.close();
  }

  @Override
  public void stop() {
    servers.forEach(server -> server.stop(0));
  }
}
