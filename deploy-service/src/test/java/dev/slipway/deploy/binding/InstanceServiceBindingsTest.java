package dev.slipway.deploy.binding;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.sun.net.httpserver.HttpExchange;
import com.sun.net.httpserver.HttpServer;
import dev.slipway.common.crypto.InstallationKeys;
import dev.slipway.common.operation.DriverFailure;
import dev.slipway.common.security.InternalToken;
import dev.slipway.deploy.domain.Bindings;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/// What is asked of instance-service, and what its answers mean.
final class InstanceServiceBindingsTest {

  @TempDir Path folder;

  private final List<String> asked = new ArrayList<>();
  private HttpServer server;
  private InstallationKeys keys;
  private Bindings bindings;
  private int status = 200;
  private String body = "";

  @BeforeEach
  void start() throws IOException {
    keys = InstallationKeys.open(folder);
    server = HttpServer.create(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0), 0);
    server.createContext("/", this::answer);
    server.start();
    bindings =
        new InstanceServiceBindings("http://localhost:" + server.getAddress().getPort(), keys);
  }

  @AfterEach
  void stop() {
    server.stop(0);
  }

  private void answer(HttpExchange exchange) throws IOException {
    asked.add(
        "%s %s %s %s"
            .formatted(
                exchange.getRequestMethod(),
                exchange.getRequestURI(),
                keys.internalSecret()
                    .equals(exchange.getRequestHeaders().getFirst(InternalToken.SECRET_HEADER)),
                new String(exchange.getRequestBody().readAllBytes(), StandardCharsets.UTF_8)));
    byte[] bytes = body.getBytes(StandardCharsets.UTF_8);
    exchange.sendResponseHeaders(status, bytes.length == 0 ? -1 : bytes.length);
    exchange.getResponseBody().write(bytes);
    exchange.close();
  }

  @Test
  void anInstanceIsBound() throws Exception {
    body =
        """
        {"instance":"ins_1","name":"main","host":"localhost","port":21000,"linked":true}""";

    Bindings.Bound bound = bindings.bind("org_1", "main", "app_1", "shop");

    assertThat(bound).isEqualTo(new Bindings.Bound("ins_1", "main", "localhost", 21000, true));
    assertThat(asked)
        .containsExactly(
            "PUT /internal/bindings/app_1 true"
                + " {\"organization\":\"org_1\",\"instanceName\":\"main\",\"applicationName\":\"shop\"}");
  }

  @Test
  void anInstanceThatIsNotThereIsSaidInItsWords() {
    status = 404;
    body = "{\"message\":\"database main not found\",\"code\":\"instance-not-found\"}";

    assertThatThrownBy(() -> bindings.bind("org_1", "main", "app_1", "shop"))
        .isInstanceOf(DriverFailure.Permanent.class)
        .hasMessage("database main not found")
        .extracting(failure -> ((DriverFailure) failure).code())
        .isEqualTo("instance-not-found");
  }

  @Test
  void whatIsNoAnswerIsWorthAnotherTry() {
    for (int answered : new int[] {404, 409, 500, 503, 200}) {
      status = answered;
      body = "<html>proxy</html>";

      assertThatThrownBy(() -> bindings.bind("org_1", "main", "app_1", "shop"))
          .as("status %d", answered)
          .isInstanceOf(DriverFailure.Transient.class);
    }
    server.stop(0);
    assertThatThrownBy(() -> bindings.bind("org_1", "main", "app_1", "shop"))
        .isInstanceOf(DriverFailure.Transient.class);
  }

  @Test
  void aBindingIsReleased() throws Exception {
    status = 204;

    bindings.release("ins_1", "app_1");

    assertThat(asked).containsExactly("DELETE /internal/bindings/app_1?instance=ins_1 true ");
  }

  @Test
  void everyBindingOfADeletedApplicationIsReleased() throws Exception {
    status = 204;

    bindings.releaseForGood("app_1");

    assertThat(asked).containsExactly("DELETE /internal/bindings/app_1 true ");
  }

  @Test
  void nothingIsBoundForADeletedApplication() {
    status = 404;
    body = "{\"message\":\"application shop is deleted\",\"code\":\"application-not-found\"}";

    assertThatThrownBy(() -> bindings.bind("org_1", "main", "app_1", "shop"))
        .isInstanceOf(DriverFailure.Permanent.class)
        .hasMessage("application shop is deleted");
  }
}
