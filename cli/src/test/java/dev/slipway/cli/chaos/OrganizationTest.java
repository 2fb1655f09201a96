package dev.slipway.cli.chaos;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.tuple;

import dev.slipway.cli.api.ApiClient;
import dev.slipway.cli.api.FakePlatform;
import dev.slipway.cli.api.FakePlatform.Reply;
import dev.slipway.cli.chaos.Schedule.Step;
import dev.slipway.cli.console.Surroundings;
import java.io.InputStream;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;
import org.junit.jupiter.api.io.TempDir;

/// What the one who asks sees to be wrong, against a platform that answers as a test says.
class OrganizationTest {

  private static final String ON_MAIN = "[{\"Name\":\"shop\",\"PostgresInstanceName\":\"main\"}]";
  private static final String ON_ANOTHER =
      "[{\"Name\":\"shop\",\"PostgresInstanceName\":\"other\"}]";
  private static final Reply IN_USE =
      refusal(409, "instance-in-use", "database main is used by shop");

  @TempDir private Path folder;

  @RegisterExtension private static final FakePlatform platform = FakePlatform.started();

  private final Journal journal = new Journal();

  @BeforeEach
  void home() throws Exception {
    platform.signIn(folder, "ann");
  }

  @Test
  void anInstanceThatIsInUseByNothingThatIsListedIsFound() throws Exception {
    destroysAreRefused(ON_ANOTHER, "ended");

    organization().act(destroy(false));

    assertThat(journal.findings())
        .extracting(Finding::kind, Finding::subject, Finding::what)
        .containsExactly(
            tuple(
                Finding.Kind.ORPHAN,
                "ann/main",
                "cannot be destroyed (database main is used by shop), and no application is listed"
                    + " on it"));
  }

  @Test
  void anInstanceThatAnApplicationUsesIsNotFound() throws Exception {
    destroysAreRefused(ON_MAIN, "ended");

    organization().act(destroy(false));

    assertThat(journal.calls()).extracting(Journal.Call::code).containsExactly("instance-in-use");
    assertThat(journal.findings()).isEmpty();
  }

  @Test
  void anInstanceThatAStuckOperationMayHoldIsNotFound() throws Exception {
    destroysAreRefused("[]", "stuck");
    Organization organization = organization();

    organization.act(step(new Action.Register("shop", "main"), false));
    organization.act(destroy(false));

    assertThat(journal.calls()).hasSize(2);
    assertThat(journal.findings()).isEmpty();
  }

  @Test
  void aRepeatThatIsRefusedAlthoughTheCallWasAcceptedIsFound() throws Exception {
    AtomicInteger destroys = new AtomicInteger();
    platform.answers(
        call ->
            call.line().startsWith("GET")
                ? operation("ended")
                : destroys.incrementAndGet() == 1
                    ? Reply.begun("", "iop_1")
                    : refusal(404, "instance-not-found", "database main not found"));

    organization().act(destroy(true));

    assertThat(journal.findings())
        .extracting(Finding::kind, Finding::subject, Finding::what)
        .containsExactly(
            tuple(
                Finding.Kind.WRONG_ANSWER,
                "ann: destroy main",
                "was answered 202, and with the same key again 404 instance-not-found"));
  }

  @Test
  void aRepeatThatIsAcceptedAfterARefusalHasBegunTheOperation() throws Exception {
    AtomicInteger destroys = new AtomicInteger();
    platform.answers(
        call ->
            call.line().startsWith("GET")
                ? operation("ended")
                : destroys.incrementAndGet() == 1
                    ? refusal(409, "instance-busy", "database main is busy")
                    : Reply.begun("", "iop_1"));

    organization().act(destroy(true));

    assertThat(platform.lines()).contains("GET /v1alpha1/ann/operations/iop_1");
    assertThat(journal.calls()).extracting(Journal.Call::status).containsExactly(202);
    assertThat(journal.findings()).isEmpty();
  }

  private static void destroysAreRefused(String applications, String phase) {
    platform.answers(
        call -> {
          if (call.line().equals("GET /v1alpha1/ann/applications")) {
            return Reply.of(200, applications);
          }
          return switch (call.line().substring(0, call.line().indexOf(' '))) {
            case "DELETE" -> IN_USE;
            case "PUT" -> Reply.begun("app_1", "dop_1");
            default -> operation(phase);
          };
        });
  }

  private static Reply operation(String phase) {
    return Reply.of(200, "{\"id\":\"iop_1\",\"phase\":\"%s\",\"steps\":[]}".formatted(phase));
  }

  private static Reply refusal(int status, String code, String message) {
    return Reply.of(status, "{\"message\":\"%s\",\"code\":\"%s\"}".formatted(message, code));
  }

  private static Step destroy(boolean repeat) {
    return step(new Action.Destroy("main"), repeat);
  }

  private static Step step(Action action, boolean repeat) {
    return new Step(1, Duration.ZERO, action, false, repeat);
  }

  private Organization organization() {
    Surroundings surroundings =
        new Surroundings(
            Map.of("SLIPWAY_HOME", folder.resolve("home").toString()),
            folder,
            InputStream.nullInputStream(),
            System.out,
            System.err,
            Set.of(),
            folder);
    return new Organization(
        new Calls("ann", ApiClient.of(surroundings), journal, () -> false),
        new Expectations(),
        journal,
        new People(surroundings, journal, () -> false),
        folder);
  }
}
