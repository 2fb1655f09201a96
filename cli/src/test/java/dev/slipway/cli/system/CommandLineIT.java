package dev.slipway.cli.system;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.fasterxml.jackson.databind.JsonNode;
import dev.slipway.cli.api.DatabaseConnection;
import dev.slipway.cli.api.Databases.Database;
import dev.slipway.cli.console.Json;
import java.io.IOException;
import java.net.URI;
import java.net.URLEncoder;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.file.Files;
import java.nio.file.Path;
import java.sql.Connection;
import java.sql.SQLException;
import java.sql.Statement;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import org.awaitility.Awaitility;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.parallel.Isolated;

/// What people do at a terminal with the `slipway` command and a platform that runs.
@Isolated("holds up what others do to instances, and stops the platform")
final class CommandLineIT {

  private static final String PASSWORD = "typed-in-1";
  private static final Pattern PASSWORD_LINE = Pattern.compile("Password of owner_1: (\\w+)");
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

  /// The operation that runs for somebody. Whoever began it knows long before another command asks.
  private String awaitActive(Path mine) {
    return Awaitility.await("an operation runs")
        .atMost(PlatformUnderTest.PATIENCE)
        .until(
            () ->
                platform
                    .slipway(mine, "ops", "list", "--active", "--json")
                    .succeeded()
                    .json()
                    .path(0)
                    .path("id")
                    .asText(),
            id -> !id.isEmpty());
  }

  private static String passwordIn(String text) {
    Matcher found = PASSWORD_LINE.matcher(text);
    assertThat(found.find()).as(text).isTrue();
    return found.group(1);
  }

  /// With what whoever left was told.
  private void assertSignsIn(Path mine, String password) throws Exception {
    DatabaseConnection.open(found(mine, "main"), password, outside.authority()).close();
  }

  private static String operationIn(String text) {
    Matcher found = OPERATION.matcher(text);
    assertThat(found.find()).as(text).isTrue();
    return found.group();
  }

  private static void awaitText(PlatformUnderTest.Running running, String text) {
    Awaitility.await(text)
        .atMost(PlatformUnderTest.PATIENCE)
        .pollInterval(Duration.ofMillis(20))
        .until(() -> (running.out() + running.err()).contains(text));
  }

  @Test
  void ctrlCLeavesTheOperationRunningAndSaysHowToComeBack() throws Exception {
    Path mine = platform.user("cli_leaves");
    String id;
    String password;
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
      password = passwordIn(result.out());
      assertThat(operation(mine, id).path("phase").asText()).isEqualTo("running");
    }

    PlatformUnderTest.Result watched = platform.slipway(mine, "ops", "watch", id).succeeded();

    assertThat(watched.err()).contains("announce").contains("succeeded");
    assertSignsIn(mine, password);
    platform.slipway(mine, "db", "destroy", "main", "--yes").succeeded();
  }

  @Test
  void ctrlCTellsAProgramTheSameInOneDocument() throws Exception {
    Path mine = platform.user("cli_leaves_json");
    String id;
    String password;
    try (AutoCloseable held = outside.holdUp()) {
      assertThat(held).isNotNull();
      PlatformUnderTest.Running provision =
          platform.begin(
              mine, "db", "provision", "main", "-U", "owner_1", "--generate-password", "--json");
      id = awaitActive(mine);
      provision.send("INT");
      PlatformUnderTest.Result result = provision.end();
      assertThat(result.exitCode()).isEqualTo(130);
      JsonNode said = result.json();
      assertThat(said.path("code").asText()).isEqualTo("interrupted");
      assertThat(said.path("operationId").asText()).isEqualTo(id);
      assertThat(said.path("next").asText()).contains("slipway ops watch " + id);
      password = said.path("Password").asText();
      assertThat(operation(mine, id).path("phase").asText()).isEqualTo("running");
    }

    assertThat(ended(mine, id).path("outcome").asText()).isEqualTo("succeeded");

    assertSignsIn(mine, password);
    // The same for a new password.
    JsonNode reset;
    try (AutoCloseable held = outside.holdUp()) {
      assertThat(held).isNotNull();
      PlatformUnderTest.Running running =
          platform.begin(mine, "db", "reset-password", "main", "--generate-password", "--json");
      id = awaitActive(mine);
      running.send("INT");
      reset = running.end().json();
    }
    assertThat(ended(mine, id).path("outcome").asText()).isEqualTo("succeeded");
    assertThat(reset.path("Password").asText()).isNotEqualTo(password);
    assertSignsIn(mine, reset.path("Password").asText());
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
      id = awaitActive(mine);

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

  @Test
  void anOrganizationFromInviteToRemove() throws Exception {
    Path boss = platform.user("cli_boss");
    Path guest = platform.user("cli_guest");

    String secret = platform.slipway(boss, "org", "invite").succeeded().out().strip();
    assertThat(platform.slipway(boss, "org", "invite", "--json").succeeded().json().asText())
        .isNotBlank()
        .isNotEqualTo(secret);
    assertThat(platform.slipway(boss, "org", "list").succeeded().out())
        .contains("MEMBER OF cli_boss")
        .contains("cli_boss")
        .doesNotContain("cli_guest");
    assertThat(
            platform
                .slipwayWith(guest, secret + "\n", "org", "join", "cli_boss", "-")
                .succeeded()
                .out())
        .contains("Joined cli_boss.");
    assertThat(names(boss)).containsExactlyInAnyOrder("cli_boss", "cli_guest");
    assertThat(names(guest)).containsExactlyInAnyOrder("cli_boss", "cli_guest");
    assertThat(platform.slipway(guest, "org", "join", "cli_boss", secret).exitCode())
        .as("a secret works once")
        .isEqualTo(1);

    assertThat(platform.slipway(guest, "org", "rename", "cli_boss", "cli_mine").exitCode())
        .as("only who administers it")
        .isEqualTo(1);
    assertThat(platform.slipway(boss, "org", "rename", "cli_others", "cli_firm").err())
        .contains("cli_others is not your organization")
        .contains("Yours is cli_boss");
    assertThat(platform.slipway(boss, "org", "rename", "cli_boss", "cli_firm").succeeded().out())
        .contains("cli_boss is called cli_firm now.");
    assertThat(platform.slipway(boss, "profile").succeeded().out()).contains("cli_firm");

    assertThat(platform.slipway(boss, "org", "remove", "cli_guest").exitCode())
        .as("nobody is there to be asked")
        .isEqualTo(2);
    assertThat(platform.slipway(boss, "org", "remove", "cli_guest", "--yes").succeeded().out())
        .contains("cli_guest is no member any more.");
    assertThat(names(boss)).containsExactly("cli_boss");
    assertThat(platform.slipway(guest, "org", "list").out()).doesNotContain("cli_boss");
  }

  private List<String> names(Path mine) throws Exception {
    return platform
        .slipway(mine, "org", "list", "--json")
        .succeeded()
        .json()
        .path("UserNames")
        .valueStream()
        .map(JsonNode::asText)
        .toList();
  }

  @Test
  void aServerOfOnesOwnFromLinkToUnlink() throws Exception {
    Path mine = platform.user("cli_link");
    provision(mine);
    Database own = found(mine, "main");
    String port = Integer.toString(own.port());
    String[] link = {
      "db", "link", "other", "-H", "localhost", "-p", port, "-U", "linker", "--password-stdin"
    };
    execute(own, "create role linker login password 'linked-pass-1'");
    execute(own, "grant connect on database postgres to linker");

    assertThat(platform.slipwayWith(mine, "linked-pass-1\n", link).err())
        .contains("may not create databases");
    execute(own, "alter role linker createdb");
    assertThat(platform.slipwayWith(mine, "linked-pass-1\n", link).succeeded().out())
        .contains("other is linked.");

    Database other = found(mine, "other");
    assertThat(other.linked()).isTrue();
    assertThat(other.port()).isEqualTo(own.port());
    assertThat(other.user()).isEqualTo("linker");
    assertThat(platform.slipway(mine, "db", "list").succeeded().out()).contains("linked");
    assertThat(platform.slipway(mine, "db", "destroy", "other", "--yes").err())
        .contains("unlink it instead");
    assertThat(platform.slipway(mine, "db", "unlink", "main").err()).contains("destroy it instead");

    assertThat(platform.slipway(mine, "db", "unlink", "other").succeeded().out())
        .contains("other is not linked any more.");

    assertThat(platform.slipway(mine, "db", "list").succeeded().out()).doesNotContain("other");
    // Nothing was done to the server itself.
    DatabaseConnection.open(other, "linked-pass-1", outside.authority()).close();
    platform.slipway(mine, "db", "destroy", "main", "--yes").succeeded();
  }

  private void provision(Path mine) throws Exception {
    platform
        .slipwayWith(
            mine, PASSWORD + "\n", "db", "provision", "main", "-U", "owner_1", "--password-stdin")
        .succeeded();
  }

  private Database found(Path mine, String name) throws Exception {
    return Database.of(platform.slipway(mine, "db", "status", name, "--json").succeeded().json());
  }

  private void execute(Database database, String sql) throws Exception {
    try (Connection connection = DatabaseConnection.open(database, PASSWORD, outside.authority());
        Statement statement = connection.createStatement()) {
      statement.execute(sql);
    }
  }

  @Test
  void signedInByPasswordOrRefreshTokenUntilLogout() throws Exception {
    platform.user("cli_signs");
    Path one = platform.workFolder("cli_signs_one");
    Path two = platform.workFolder("cli_signs_two");
    String[] login = {"login", "-u", "cli_signs", "--password-stdin"};

    assertThat(platform.slipwayWith(one, "password-of-nobody\n", login).exitCode()).isEqualTo(1);
    assertThat(one.resolve(".dbos/credentials")).doesNotExist();
    assertThat(platform.slipwayWith(one, "password-of-cli_signs\n", login).succeeded().out())
        .contains("Signed in as cli_signs, organization cli_signs.");
    String refreshToken = refreshToken(one);
    assertThat(
            platform
                .slipwayWith(two, refreshToken + "\n", "login", "--with-refresh-token", "-")
                .succeeded()
                .out())
        .contains("Signed in as cli_signs, organization cli_signs.");

    assertThat(platform.slipway(one, "logout").succeeded().out()).contains("Signed out.");

    assertThat(one.resolve(".dbos/credentials")).doesNotExist();
    assertThat(platform.slipway(one, "profile").exitCode()).isEqualTo(1);
    assertThat(platform.slipway(one, "logout").succeeded().out()).contains("Nobody was signed in.");
    assertThat(platform.slipway(two, "profile").succeeded().out()).contains("cli_signs");
    String last = refreshToken(two);
    platform.slipway(two, "logout", "--revoke").succeeded();
    assertThat(platform.slipway(two, "profile").exitCode()).isEqualTo(1);
    assertThat(
            platform.slipwayWith(two, last + "\n", "login", "--with-refresh-token", "-").exitCode())
        .as("it was ended too")
        .isEqualTo(1);
  }

  private static String refreshToken(Path folder) throws IOException {
    String token =
        Json.MAPPER
            .readTree(folder.resolve(".dbos/credentials").toFile())
            .path("refreshToken")
            .asText();
    assertThat(token).isNotBlank();
    return token;
  }

  @Test
  void whatIsInAnInstanceOutlivesDownAndUp() throws Exception {
    Path mine = platform.user("cli_downs");
    provision(mine);
    Database before = found(mine, "main");
    execute(before, "create table kept (word text)");
    execute(before, "insert into kept values ('written before')");

    platform.slipway(platform.folder(), "down").succeeded();
    assertThatThrownBy(() -> execute(before, "select 1")).isInstanceOf(SQLException.class);
    platform.slipway(platform.folder(), "up", "--detach").succeeded();

    Awaitility.await("it is up again")
        .atMost(PlatformUnderTest.PATIENCE)
        .ignoreExceptions()
        .until(() -> found(mine, "main").status().equals("available"));
    Database after = found(mine, "main");
    assertThat(after.port()).isEqualTo(before.port());
    try (Connection connection = DatabaseConnection.open(after, PASSWORD, outside.authority())) {
      assertThat(User.query(connection, "select word from kept")).isEqualTo("written before");
    }
    platform.slipway(mine, "db", "destroy", "main", "--yes").succeeded();
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
        .atMost(PlatformUnderTest.PATIENCE)
        .pollInterval(Duration.ofMillis(10))
        .until(() -> outside.ready("account-service"));
    long ready = System.nanoTime();

    String operation = ann.provision("after", PASSWORD);

    Awaitility.await("the event is in the feed")
        .atMost(PlatformUnderTest.PATIENCE)
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
