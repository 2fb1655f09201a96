package dev.slipway.cli.api;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.slipway.cli.api.FakePlatform.Reply;
import dev.slipway.cli.console.CommandFailure;
import dev.slipway.cli.console.Surroundings;
import dev.slipway.cli.platform.PlatformHome;
import java.io.IOException;
import java.io.InputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.Supplier;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/// Against a platform that is an HTTPS server of the JDK with a certificate of its own.
class ApiClientTest {

  @TempDir private Path folder;

  @RegisterExtension private static final FakePlatform platform = FakePlatform.started();

  @BeforeEach
  void home() throws IOException {
    platform.home(folder.resolve("home"));
  }

  @Test
  void callsAsWhoeverIsSignedInInThisFolder() throws Exception {
    FakePlatform.credentials(folder.resolve("home/credentials"), token(3600), null, "elsewhere");
    FakePlatform.credentials(folder.resolve(".dbos/credentials"), token(3600), null, "acme");
    platform.answers(call -> Reply.of(200, "[]"));

    client().call("GET", "/databases", null);

    assertThat(platform.calls())
        .singleElement()
        .satisfies(
            it -> {
              assertThat(it.line()).isEqualTo("GET /v1alpha1/acme/databases");
              assertThat(it.authorization()).isEqualTo("Bearer " + token(3600));
            });
  }

  @Test
  void anExpiredTokenIsRenewedAndKept() throws Exception {
    String fresh = token(7200);
    FakePlatform.credentials(folder.resolve(".dbos/credentials"), token(-10), "refresh-1", "acme");
    platform.answers(
        call ->
            call.line().startsWith("POST /oauth/token")
                ? Reply.of(200, "{\"access_token\":\"" + fresh + "\"}")
                : Reply.of(200, "[]"));

    client().call("GET", "/databases", null);

    assertThat(platform.calls().getFirst().body()).contains("refresh_token=refresh-1");
    assertThat(platform.calls().getLast().authorization()).isEqualTo("Bearer " + fresh);
    assertThat(folder.resolve(".dbos/credentials")).content().contains(fresh).contains("refresh-1");
  }

  /// As on a full disk.
  @Test
  void aRenewedTokenThatCannotBeKeptIsUsedAllTheSame() throws Exception {
    Path deep = CredentialStoreTest.withoutRoomBesideTheCredentials(folder);
    String fresh = token(7200);
    FakePlatform.credentials(deep.resolve(".dbos/credentials"), token(-10), "refresh-1", "acme");
    platform.answers(
        call ->
            call.line().startsWith("POST /oauth/token")
                ? Reply.of(200, "{\"access_token\":\"" + fresh + "\"}")
                : Reply.of(200, "[]"));
    ApiClient client = client(deep);

    client.call("GET", "/databases", null);
    client.call("GET", "/databases", null);

    assertThat(platform.lines()).filteredOn(it -> it.contains("/oauth/")).hasSize(1);
    assertThat(platform.calls().getLast().authorization()).isEqualTo("Bearer " + fresh);
  }

  @ParameterizedTest
  @CsvSource({"400, true", "401, true", "429, false", "500, false", "503, false"})
  void aSignInIsOverOnlyWhenThePlatformSaysSo(int status, boolean over) throws Exception {
    FakePlatform.credentials(folder.resolve(".dbos/credentials"), token(-10), "refresh-1", "acme");
    platform.answers(call -> Reply.of(status, "{\"message\":\"no\"}"));

    assertThatThrownBy(() -> client().call("GET", "/databases", null))
        .isInstanceOfSatisfying(
            CommandFailure.class,
            it -> {
              assertThat(it.code().equals("not-signed-in")).isEqualTo(over);
              assertThat(ApiClient.lasts(it)).isEqualTo(over);
            });
  }

  @Test
  void anExpiredTokenWithoutRefreshTokenSaysHowToSignIn() throws Exception {
    FakePlatform.credentials(folder.resolve(".dbos/credentials"), token(-10), null, "acme");

    assertThatThrownBy(() -> client().call("GET", "/databases", null))
        .isInstanceOfSatisfying(
            CommandFailure.class, it -> assertThat(it.next()).contains("slipway login"));
    assertThat(platform.calls()).isEmpty();
  }

  @Test
  void aRefusalKeepsAllThatWasSaid() throws Exception {
    FakePlatform.credentials(folder.resolve(".dbos/credentials"), token(3600), null, "acme");
    platform.answers(
        call ->
            Reply.of(
                409,
                """
                {"message":"main is busy","statusCode":409,"requestID":"r-9","code":"instance-busy",
                 "operationId":"iop_1","fields":{"Name":"is busy"}}
                """));

    assertThatThrownBy(() -> client().call("POST", "/databases/userdb", null))
        .isInstanceOfSatisfying(
            CommandFailure.class,
            it -> {
              assertThat(it.exitCode()).isEqualTo(1);
              assertThat(it.message()).isEqualTo("main is busy");
              assertThat(it.code()).isEqualTo("instance-busy");
              assertThat(it.requestId()).isEqualTo("r-9");
              assertThat(it.fields()).containsEntry("Name", "is busy");
              assertThat(it.next()).contains("slipway ops show iop_1");
            });
  }

  @Test
  void anAnswerKeepsWhatItWarnsOf() throws Exception {
    FakePlatform.credentials(folder.resolve(".dbos/credentials"), token(3600), null, "acme");
    platform.answers(
        call -> new Reply(200, "[]", Map.of("Warning", "199 slipway \"main did not answer\"")));

    assertThat(client().call("GET", "/operations", null).warning()).contains("main did not answer");
  }

  @Test
  void aServerWithAnotherAuthorityIsNotTrusted() throws Exception {
    FakePlatform.credentials(folder.resolve(".dbos/credentials"), token(3600), null, "acme");
    Path store = folder.resolve("other.p12");
    FakePlatform.keytool(
        folder,
        "-genkeypair",
        "-alias",
        "b",
        "-keyalg",
        "EC",
        "-groupname",
        "secp256r1",
        "-dname",
        "CN=other",
        "-storetype",
        "PKCS12",
        "-keystore",
        store.toString(),
        "-storepass",
        "secret");
    Path authority = folder.resolve("home/ca/ca.pem");
    Files.delete(authority);
    FakePlatform.keytool(
        folder,
        "-exportcert",
        "-rfc",
        "-alias",
        "b",
        "-keystore",
        store.toString(),
        "-storepass",
        "secret",
        "-file",
        authority.toString());

    assertThatThrownBy(() -> client().call("GET", "/databases", null))
        .isInstanceOfSatisfying(
            CommandFailure.class, it -> assertThat(it.code()).isEqualTo("untrusted"));
    assertThat(platform.calls()).isEmpty();
  }

  @Test
  void anOperationIsFollowedWithLongPollsWhereThereAreNoEvents() throws Exception {
    longPolls(() -> VIEW_AT_THE_END);
    List<Long> seen = new ArrayList<>();

    OperationView end = new Operations(client()).follow("iop_1", it -> seen.add(it.version()));

    assertThat(end.succeeded()).isTrue();
    assertThat(seen).containsExactly(1L, 2L);
  }

  @Test
  void whoFollowsAnOperationGoesOnWhenThePlatformIsBack() throws Exception {
    AtomicInteger asked = new AtomicInteger();
    longPolls(
        () ->
            asked.incrementAndGet() == 1
                ? Reply.of(503, "{\"message\":\"not now\",\"code\":\"unavailable\"}")
                : VIEW_AT_THE_END);

    OperationView end = new Operations(client()).follow("iop_1", it -> {});

    assertThat(end.succeeded()).isTrue();
    assertThat(asked).hasValue(2);
  }

  private static final String VIEW =
      "{\"id\":\"iop_1\",\"phase\":\"%s\",\"outcome\":%s,\"version\":%d,\"steps\":[]}";
  private static final Reply VIEW_AT_THE_END =
      Reply.of(200, VIEW.formatted("ENDED", "\"SUCCEEDED\"", 2));

  /// A platform without events, on which an operation runs.
  ///
  /// @param later answers who has seen that it runs
  private void longPolls(Supplier<Reply> later) throws Exception {
    FakePlatform.credentials(folder.resolve(".dbos/credentials"), token(3600), null, "acme");
    platform.answers(
        call -> {
          if (call.line().contains("/events")) {
            return Reply.of(404, "{\"message\":\"no such path\",\"statusCode\":404}");
          }
          return call.line().contains("version=1")
              ? later.get()
              : Reply.of(200, VIEW.formatted("RUNNING", "null", 1));
        });
  }

  private ApiClient client() {
    return client(folder);
  }

  private ApiClient client(Path directory) {
    Surroundings surroundings =
        new Surroundings(
            Map.of("SLIPWAY_HOME", folder.resolve("home").toString()),
            directory,
            InputStream.nullInputStream(),
            System.out,
            System.err,
            Set.of(),
            folder);
    assertThat(PlatformHome.of(surroundings).path()).isEqualTo(folder.resolve("home"));
    return ApiClient.of(surroundings);
  }

  private final Instant now = Instant.now();

  private String token(long secondsLeft) {
    return FakePlatform.token(now.plusSeconds(secondsLeft));
  }
}
