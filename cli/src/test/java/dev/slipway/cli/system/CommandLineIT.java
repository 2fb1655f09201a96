package dev.slipway.cli.system;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import java.io.IOException;
import java.net.URI;
import java.net.URLEncoder;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import org.awaitility.Awaitility;
import org.junit.jupiter.api.Test;

/// What people do at a terminal with the `slipway` command and a platform that runs.
final class CommandLineIT {

  private static final String PASSWORD = "typed-in-1";
  private static final Pattern OPERATION = Pattern.compile("iop_[0-9a-z]+");

  private final PlatformFromOutside outside = PlatformFromOutside.shared();
  private final PlatformUnderTest platform = platform();

  private static PlatformUnderTest platform() {
    try {
      return PlatformUnderTest.get();
    } catch (IOException failure) {
      throw new IllegalStateException(failure);
    } catch (InterruptedException stopped) {
      Thread.currentThread().interrupt();
      throw new IllegalStateException(stopped);
    }
  }

  private JsonNode operation(Path mine, String id) throws Exception {
    return platform.slipway(mine, "ops", "show", id, "--json").succeeded().json();
  }

  private JsonNode ended(Path mine, String id) throws Exception {
    platform.slipway(mine, "ops", "watch", id);
    return operation(mine, id);
  }

  private static String operationIn(String text) {
    Matcher found = OPERATION.matcher(text);
    assertThat(found.find()).as(text).isTrue();
    return found.group();
  }

  private static void awaitText(PlatformUnderTest.Running running, String text) {
    Awaitility.await(text)
        .atMost(Duration.ofSeconds(60))
        .pollInterval(Duration.ofMillis(20))
        .until(() -> (running.out() + running.err()).contains(text));
  }

  @Test
  void ctrlCLeavesTheOperationRunningAndSaysHowToComeBack() throws Exception {
    Path mine = platform.user("cli_leaves");
    String id;
    try (AutoCloseable held = outside.holdUp()) {
      assertThat(held).isNotNull();
      PlatformUnderTest.Running provision =
          platform.begin(mine, "db", "provision", "main", "-U", "owner_1", "--generate-password");
      awaitText(provision, "reserve");
      provision.send("INT");
      PlatformUnderTest.Result result = provision.end();
      assertThat(result.exitCode()).isEqualTo(130);
      assertThat(result.err()).contains("goes on without you").contains("slipway ops watch iop_");
      id = operationIn(result.err());
      assertThat(operation(mine, id).path("phase").asText()).isEqualTo("running");
    }

    PlatformUnderTest.Result watched = platform.slipway(mine, "ops", "watch", id).succeeded();

    assertThat(watched.err()).contains("announce").contains("succeeded");
    platform.slipway(mine, "db", "destroy", "main", "--yes").succeeded();
  }

  @Test
  void cancelledOperationLeavesNothing() throws Exception {
    Path mine = platform.user("cli_cancel");
    String id;
    try (AutoCloseable held = outside.holdUp()) {
      assertThat(held).isNotNull();
      PlatformUnderTest.Running provision =
          platform.begin(mine, "db", "provision", "main", "-U", "owner_1", "--generate-password");
      awaitText(provision, "reserve");
      id =
          platform
              .slipway(mine, "ops", "list", "--active", "--json")
              .succeeded()
              .json()
              .get(0)
              .path("id")
              .asText();

      assertThat(platform.slipway(mine, "ops", "cancel", id).succeeded().out()).contains(id);

      provision.send("INT");
      provision.end();
    }
    JsonNode end = ended(mine, id);
    assertThat(end.path("outcome").asText()).isEqualTo("cancelled");
    String instance = end.path("subject").asText();
    assertThat(outside.openLedger()).noneMatch(row -> row.contains(instance));
    assertThat(outside.home().resolve("data/instances").resolve(instance)).doesNotExist();
    // What it asks for has come about.
    platform.slipway(mine, "ops", "cancel", id).succeeded();
    assertThat(platform.slipway(mine, "ops", "retry", id).err()).contains("is not stuck");
  }

  @Test
  void stuckOperationSaysWhatToTypeAndSucceedsWhenTheCauseIsGone() throws Exception {
    Path mine = platform.user("cli_stuck");
    platform
        .slipway(mine, "db", "provision", "main", "-U", "owner_1", "--generate-password")
        .succeeded();
    String instance =
        platform.slipway(mine, "db", "status", "main", "--json").json().path("ID").asText();
    Path owner = outside.home().resolve("data/instances").resolve(instance).resolve("owner");
    String ours = Files.readString(owner);
    Files.writeString(owner, "somebody else\n");

    PlatformUnderTest.Result refused = platform.slipway(mine, "db", "destroy", "main", "--yes");

    assertThat(refused.exitCode()).isEqualTo(1);
    assertThat(refused.err())
        .contains("stuck")
        .contains("another installation")
        .contains("slipway ops retry iop_");
    String id = operationIn(refused.err());
    assertThat(Files.exists(owner)).isTrue();
    // As the answer to a plain cancel says, one can give it up; a new destroy takes its place.
    assertThat(platform.slipway(mine, "ops", "cancel", id).err()).contains("--abandon " + id);
    platform.slipway(mine, "ops", "cancel", "--abandon", id).succeeded();
    assertThat(operation(mine, id).path("outcome").asText()).isEqualTo("abandoned");
    id = operationIn(platform.slipway(mine, "db", "destroy", "main", "--yes").err());
    Files.writeString(owner, ours);
    platform.slipway(mine, "ops", "retry", id).succeeded();
    assertThat(ended(mine, id).path("outcome").asText()).isEqualTo("succeeded");
    assertThat(owner.getParent()).doesNotExist();
  }

  @Test
  void browserSignsTheTerminalIn() throws Exception {
    platform.user("cli_device");
    Path elsewhere = platform.workFolder("cli_device_terminal");
    PlatformUnderTest.Running login = platform.begin(elsewhere, "login", "--device");
    awaitText(login, "user_code=");
    String address =
        (login.err() + login.out())
            .lines()
            .map(String::strip)
            .filter(line -> line.startsWith("https://"))
            .findFirst()
            .orElseThrow();
    HttpClient browser =
        HttpClient.newBuilder().sslContext(Tls.trusting(outside.authority())).build();
    HttpResponse<String> page =
        browser.send(
            HttpRequest.newBuilder(URI.create(address)).build(),
            HttpResponse.BodyHandlers.ofString());
    assertThat(page.statusCode()).isEqualTo(200);
    String cookie = page.headers().firstValue("Set-Cookie").orElseThrow().split(";", -1)[0].strip();

    HttpResponse<String> approved =
        browser.send(
            HttpRequest.newBuilder(URI.create("https://" + outside.domain() + "/activate"))
                .header("Cookie", cookie)
                .header("Content-Type", "application/x-www-form-urlencoded")
                .POST(
                    HttpRequest.BodyPublishers.ofString(
                        form(
                            Map.of(
                                "form_token",
                                cookie.substring(cookie.indexOf('=') + 1),
                                "action",
                                "approve",
                                "user_code",
                                address.substring(address.indexOf("user_code=") + 10),
                                "name",
                                "cli_device",
                                "password",
                                "password-of-cli_device"))))
                .build(),
            HttpResponse.BodyHandlers.ofString());

    assertThat(approved.statusCode()).as(approved.body()).isEqualTo(200);
    assertThat(login.end().succeeded().out()).contains("Signed in as cli_device");
    assertThat(platform.slipway(elsewhere, "profile").succeeded().out()).contains("cli_device");
  }

  private static String form(Map<String, String> fields) {
    return fields.entrySet().stream()
        .map(it -> it.getKey() + "=" + URLEncoder.encode(it.getValue(), UTF_8))
        .collect(Collectors.joining("&"));
  }

  /// A killed consumer is in its group again at once and not after a session that has to run out.
  @Test
  void killedServiceHandlesItsNextMessageWithinTwoSeconds() throws Exception {
    User ann = outside.register("cli_killed");
    ann.provision("before", PASSWORD);
    ann.awaitAvailable("before");
    assertThat(outside.process("account-service").destroyForcibly()).isTrue();
    Awaitility.await("account-service is ready again")
        .atMost(Duration.ofSeconds(60))
        .pollInterval(Duration.ofMillis(10))
        .until(() -> outside.ready("account-service"));
    long ready = System.nanoTime();

    String operation = ann.provision("after", PASSWORD);

    Awaitility.await("the event is in the feed")
        .atMost(Duration.ofSeconds(30))
        .pollInterval(Duration.ofMillis(20))
        .until(() -> !fed(operation).isEmpty());
    Duration took = Duration.ofNanos(System.nanoTime() - ready);
    System.out.println("The next message was handled " + took.toMillis() + " ms after ready");
    assertThat(took).isLessThan(Duration.ofSeconds(2));
    ann.awaitAvailable("after");
    ann.destroy("after");
    ann.destroy("before");
  }

  private List<String> fed(String operation) {
    return outside.query(
        "account-service",
        "select number::text from event_feed where event::text like '%" + operation + "%'");
  }
}
