package dev.slipway.cli.command;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import com.sun.net.httpserver.HttpExchange;
import com.sun.net.httpserver.HttpServer;
import dev.slipway.cli.platform.RunningHome;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Instant;
import java.util.List;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/// What `messages` and `status` ask the services, and what they make of the answers.
class MessagesCommandTest {

  @TempDir private Path folder;

  private final List<HttpServer> services = new CopyOnWriteArrayList<>();

  private final List<String> asked = new CopyOnWriteArrayList<>();
  private String listed = "[]";
  private String retried = "[]";
  private Shell shell;

  @BeforeEach
  void run() throws IOException {
    shell = new Shell(folder);
    RunningHome.make(shell.home(), service("account"), service("instance"), service("deploy"));
  }

  @AfterEach
  void stop() {
    services.forEach(service -> service.stop(0));
  }

  @Test
  void withNothingParkedItSaysSo() throws Exception {
    Shell.Result result = shell.run("messages", "list");

    assertThat(result.exitCode()).isZero();
    assertThat(result.out()).isEqualTo("No message is parked.\n");
    assertThat(shell.run("messages", "list", "--json").json()).isEmpty();
    assertThat(shell.run("messages", "retry").out()).isEqualTo("No message is parked.\n");
    assertThat(asked).contains("account GET /internal/messages s3cret ");
  }

  @Test
  void whatIsParkedIsShownWithItsServiceAndWhatToType() throws Exception {
    listed = parked();

    Shell.Result result = shell.run("messages", "list");

    assertThat(result.out())
        .contains("SERVICE", "WHY")
        .containsPattern("deploy-service +slipway.x.event.v1 +app_1 +3 +just now +It cannot be")
        .contains("(no key)");
    assertThat(result.err()).contains("slipway messages retry");
    JsonNode json = shell.run("messages", "list", "--json").json();
    assertThat(json.findValuesAsText("service")).containsOnly("deploy-service").hasSize(2);
    assertThat(json.findValuesAsText("messages")).containsExactly("3", "1");
  }

  @Test
  void aRetryOfAllEndsWithOneWhenSomethingStays() throws Exception {
    retried =
        """
        [{"topic":"slipway.x.event.v1","key":"app_1","taken":2,"left":0,"cause":null},
         {"topic":"slipway.x.event.v1","key":"","taken":0,"left":1,"cause":"It cannot be read"}]""";

    Shell.Result result = shell.run("messages", "retry");

    assertThat(result.exitCode()).isEqualTo(1);
    assertThat(result.out())
        .contains("deploy-service, app_1 of slipway.x.event.v1: 2 taken in.\n")
        .contains("(no key) of slipway.x.event.v1: 0 taken in, 1 left: It cannot be read.\n");
    assertThat(asked).contains("instance POST /internal/messages/retry s3cret {}");
    Shell.Result json = shell.run("messages", "retry", "--json");
    assertThat(json.exitCode()).isEqualTo(1);
    assertThat(json.json().findValuesAsText("left")).containsExactly("0", "1");
  }

  @Test
  void aRetryOfOneKeyEndsWithZeroWhenNothingOfItStays() {
    retried = "[{\"topic\":\"t\",\"key\":\"app_1\",\"taken\":2,\"left\":0,\"cause\":null}]";

    assertThat(shell.run("messages", "retry", "app_1").exitCode()).isZero();
    assertThat(asked).contains("deploy POST /internal/messages/retry s3cret {\"key\":\"app_1\"}");
  }

  @Test
  void aKeyOfWhichNothingIsParkedIsAFailure() {
    Shell.Result result = shell.run("messages", "retry", "app_2");

    assertThat(result.exitCode()).isEqualTo(1);
    assertThat(result.err()).contains("no message of app_2 is parked").contains("messages list");
  }

  @Test
  void whoMayNotReadTheKeysIsTold() throws Exception {
    Files.delete(shell.home().resolve("keys/internal.secret"));

    Shell.Result result = shell.run("messages", "list");

    assertThat(result.exitCode()).isEqualTo(1);
    assertThat(result.err()).contains("whoever runs the platform");
  }

  /// Another program may have its port by now.
  @Test
  void aServiceThatDoesNotLiveIsNotAsked() throws Exception {
    Files.delete(shell.home().resolve("run/account-service.json"));

    Shell.Result result = shell.run("messages", "list");

    assertThat(result.exitCode()).isEqualTo(1);
    assertThat(result.err())
        .contains("account-service does not answer")
        .doesNotContain("no platform");
    assertThat(asked).isEmpty();
  }

  @Test
  void wherePlatformAndServicesAreGoneThatIsSaid() throws Exception {
    try (Stream<Path> files = Files.list(shell.home().resolve("run"))) {
      for (Path file : files.toList()) {
        Files.delete(file);
      }
    }

    assertThat(shell.run("messages", "list").err()).contains("no platform runs in");
    assertThat(asked).isEmpty();
  }

  @Test
  void aServiceThatLivesAndDoesNotAnswerIsNamed() {
    services.removeLast().stop(0);

    assertThat(shell.run("messages", "list").err()).contains("deploy-service does not answer");
  }

  @Test
  void anAnswerThatIsNoJsonIsAFailureInWords() {
    listed = "<html>";

    Shell.Result result = shell.run("messages", "list");

    assertThat(result.exitCode()).isEqualTo(1);
    assertThat(result.err()).contains("deploy-service gave an answer that is no JSON");
  }

  @Test
  void statusNamesTheCommandWhenMessagesAreParked() throws Exception {
    assertThat(shell.run("status").out()).contains("Memory").doesNotContain("Parked");
    listed = parked();

    assertThat(shell.run("status").out())
        .contains("Parked      4 messages that could not be understood: `slipway messages list`");
    assertThat(shell.run("status", "--json").json().path("parkedMessages").asLong()).isEqualTo(4);
  }

  private static String parked() {
    return """
    [{"topic":"slipway.x.event.v1","key":"app_1","messages":3,"cause":"It cannot be read","since":"%1$s"},
     {"topic":"slipway.x.event.v1","key":"","messages":1,"cause":"It breaks","since":"%1$s"}]"""
        .formatted(Instant.now());
  }

  /// Only one of them has anything parked.
  private int service(String name) throws IOException {
    HttpServer server =
        HttpServer.create(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0), 0);
    server.createContext(
        "/internal/messages",
        exchange -> {
          asked.add(name + ' ' + line(exchange));
          String all = exchange.getRequestMethod().equals("GET") ? listed : retried;
          byte[] answer = (name.equals("deploy") ? all : "[]").getBytes(UTF_8);
          exchange.sendResponseHeaders(200, answer.length);
          exchange.getResponseBody().write(answer);
          exchange.close();
        });
    server.start();
    services.add(server);
    return server.getAddress().getPort();
  }

  private static String line(HttpExchange exchange) throws IOException {
    return "%s %s %s %s"
        .formatted(
            exchange.getRequestMethod(),
            exchange.getRequestURI(),
            exchange.getRequestHeaders().getFirst("X-Slipway-Internal"),
            new String(exchange.getRequestBody().readAllBytes(), UTF_8));
  }
}
