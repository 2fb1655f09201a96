package dev.slipway.cli.chaos;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.tuple;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.MissingNode;
import com.fasterxml.jackson.databind.node.TextNode;
import dev.slipway.cli.api.OperationView;
import dev.slipway.cli.chaos.Calls.Told;
import dev.slipway.cli.chaos.Expectations.Presence;
import dev.slipway.cli.chaos.Fault.Target;
import dev.slipway.cli.chaos.Finding.Kind;
import dev.slipway.cli.chaos.GatewayWatch.Away;
import dev.slipway.cli.chaos.Journal.Call;
import dev.slipway.cli.chaos.Journal.Done;
import dev.slipway.cli.chaos.Journal.FailedRequest;
import dev.slipway.cli.chaos.Observations.Belonging;
import dev.slipway.cli.chaos.Observations.Role;
import dev.slipway.cli.console.Json;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import org.junit.jupiter.api.Test;

/// A checker that cannot fail is worthless: everything it looks for is planted here once, beside a
/// platform in which nothing is wrong.
class CheckerTest {

  private final Expectations expected = new Expectations();
  private final List<Call> calls = new ArrayList<>();
  private final List<Done> faults = new ArrayList<>();

  // What is seen: one instance with one application on it, and all is well.
  private final List<Observations.Instance> instances = new ArrayList<>();
  private final List<Observations.Application> applications = new ArrayList<>();
  private final List<Observations.Operation> operations = new ArrayList<>();
  private final List<Belonging> belongings = new ArrayList<>();
  private final List<Observations.Run> runs = new ArrayList<>();
  private final Map<String, Set<String>> versionFolders =
      new HashMap<>(Map.of("app_1", Set.of("11", "12")));
  private final Set<String> accepted = new HashSet<>(Set.of("new"));
  private final Set<String> rows = new HashSet<>(Set.of("a", "b"));
  private final Set<String> databases =
      new HashSet<>(Set.of("postgres", "template0", "template1", "shop", "shop_dbos_sys"));
  private final Set<String> roles = new HashSet<>(Set.of("slipway", "owner", "shop", "pg_monitor"));
  private final Map<Integer, Integer> notes = new HashMap<>(Map.of(1, 1, 2, 1));
  private final Map<Integer, Integer> effects = new HashMap<>(Map.of(1, 1, 2, 1));
  private final Map<String, Integer> begun = new HashMap<>(Map.of("11", 1, "12", 1));
  private String problem = "";
  private String answer = "12";

  CheckerTest() {
    expected.put(
        new Expectations.Instance(
            "ann",
            "main",
            Presence.THERE,
            false,
            "owner",
            Set.of("new"),
            Set.of("old"),
            Set.of("a", "b"),
            Set.of("c")));
    expected.put(
        new Expectations.Application(
            "ann",
            "shop",
            Presence.THERE,
            "main",
            "12",
            true,
            Map.of("11", 1, "12", 2),
            Map.of("11", 1, "12", 1),
            0));
    instances.add(instance("ins_1", "main", "available"));
    applications.add(application("app_1", "shop", "12"));
    operations.add(operation("iop_1", "instance.provision", "ended", "succeeded"));
    calls.add(call("iop_1"));
    belong("ins_1", Role.SERVER, "process 100");
    belong("ins_1", Role.OTHER, "process 101");
    belong("ins_1", Role.DATA, "ins_1");
    belong("app_1", Role.OTHER, "process 200");
    belong("app_1", Role.OTHER, "app_1");
    runs.add(new Observations.Run("app_1", "12", "executor", "process 200"));
    belong("app_1", Role.OTHER, "process 201");
  }

  @Test
  void nothingIsFoundWhereNothingIsWrong() {
    assertThat(check()).isEmpty();
  }

  // ---- Operations

  @Test
  void anOperationThatDidNotEndIsFound() {
    operations.add(operation("iop_2", "instance.repair", "running", ""));
    finds(Kind.NOT_ENDED, "iop_2");
  }

  @Test
  void anOperationThatARetryHasNotEndedIsFound() {
    operations.add(operation("dop_2", "application.restore", "stuck", ""));
    finds(Kind.STUCK, "dop_2");
  }

  @Test
  void whatIsStuckAndDoesNotSayWhyOrWhatToDoIsFoundAlsoWhenARetryEndsIt() {
    assertThat(Checker.untold(stuck("", "slipway ops retry dop_2")).orElseThrow().what())
        .endsWith("without a cause");
    assertThat(Checker.untold(stuck("disk-full", "")).orElseThrow().what())
        .endsWith("without a next step");
    assertThat(Checker.untold(stuck("disk-full", "slipway ops retry dop_2"))).isEmpty();
  }

  @Test
  void whatWasStuckAndEndedAfterARetryIsNotFound() {
    operations.add(operation("dop_2", "application.restore", "ended", "succeeded"));
    assertThat(check()).isEmpty();
  }

  private static Observations.Operation stuck(String cause, String next) {
    return new Observations.Operation(
        "dop_2",
        "application.restore",
        "app_1",
        "shop",
        "stuck",
        "",
        "start",
        cause,
        "",
        next,
        "",
        "ann",
        0,
        Optional.empty());
  }

  @Test
  void oneKeyWithTwoOperationsIsFound() {
    operations.add(operation("iop_2", "instance.provision", "ended", "succeeded"));
    calls.set(0, call("iop_1", "iop_2"));
    finds(Kind.DOUBLED_OPERATION, "ann: provision main");
  }

  @Test
  void anOperationThatNoCallHasBegunIsFound() {
    operations.add(operation("iop_2", "instance.provision", "ended", "succeeded"));
    finds(Kind.DOUBLED_OPERATION, "iop_2");
  }

  @Test
  void operationsOfThePlatformsOwnNeedNoCall() {
    operations.add(operation("iop_2", "instance.repair", "ended", "succeeded"));
    assertThat(check()).isEmpty();
  }

  @Test
  void aCallWithoutAnswerIsFound() {
    calls.add(answered(0, "connection-lost"));
    finds(Kind.UNANSWERED, "ann: provision main");
  }

  @Test
  void anInternalErrorIsFound() {
    calls.add(answered(500, "internal-error"));
    finds(Kind.WRONG_ANSWER, "ann: provision main");
  }

  @Test
  void aKeyThatIsNotKnownAgainIsFound() {
    calls.add(answered(422, "idempotency-key-reused"));
    finds(Kind.WRONG_ANSWER, "ann: provision main");
  }

  @Test
  void aRepeatThatIsAnsweredInAnotherWayIsFound() {
    assertThat(repeated(false, accepted(202, "a"), accepted(200, "a"))).isPresent();
    assertThat(repeated(false, accepted(202, "a"), accepted(202, "b"))).isPresent();
    assertThat(repeated(true, accepted(202, "a"), accepted(200, "b"))).isPresent();
    assertThat(repeated(true, accepted(200, "a"), accepted(202, "a"))).isPresent();
    assertThat(repeated(true, accepted(204, ""), told(422, "undone", "iop_1"))).isPresent();
    assertThat(repeated(true, accepted(202, ""), told(409, "instance-busy", ""))).isPresent();
    assertThat(repeated(false, accepted(202, "a"), told(422, "idempotency-key-reused", "")))
        .contains(
            new Finding(
                Kind.WRONG_ANSWER,
                "ann: provision main",
                "was answered 202 \"a\", and with the same key again 422 idempotency-key-reused"));
  }

  @Test
  void aRepeatThatIsToldMoreOfTheSameOperationIsNotFound() {
    assertThat(repeated(false, accepted(202, "a"), accepted(202, "a"))).isEmpty();
    assertThat(repeated(true, accepted(202, "a"), accepted(200, "a"))).isEmpty();
    assertThat(repeated(true, accepted(202, ""), accepted(204, ""))).isEmpty();
    assertThat(repeated(true, accepted(202, ""), told(422, "undone", "iop_1"))).isEmpty();
    assertThat(repeated(true, told(409, "instance-busy", ""), accepted(204, ""))).isEmpty();
  }

  private static Optional<Finding> repeated(boolean waits, Told first, Told second) {
    return Checker.repeated("ann: provision main", waits, first, second);
  }

  private static Told accepted(int status, String body) {
    JsonNode json = body.isEmpty() ? MissingNode.getInstance() : TextNode.valueOf(body);
    return new Told(status, json, "", Optional.of("iop_1"));
  }

  private static Told told(int status, String code, String operation) {
    return new Told(
        status, Json.object(), code, Optional.of(operation).filter(it -> !it.isEmpty()));
  }

  // ---- Orphans

  @Test
  void aServerOfNoInstanceIsFound() {
    belong("ins_2", Role.SERVER, "process 300");
    finds(Kind.ORPHAN, "process 300");
  }

  @Test
  void aSecondServerOfOneInstanceIsFound() {
    belong("ins_1", Role.SERVER, "process 300");
    finds(Kind.ORPHAN, "ins_1");
  }

  @Test
  void aProcessOfNoApplicationIsFound() {
    runs.add(new Observations.Run("app_2", "21", "executor", "process 300"));
    belong("app_2", Role.OTHER, "process 300");
    finds(Kind.ORPHAN, "process 300");
  }

  @Test
  void aContainerAVolumeAndANetworkOfNothingAreFound() {
    belong("ins_2", Role.OTHER, "slipway-1-ins_2.7");
    belong("ins_2", Role.DATA, "slipway-1-ins_2");
    belong("org_2", Role.OTHER, "slipway-1-org_2");
    assertThat(check())
        .extracting(Finding::kind, Finding::subject)
        .containsExactly(
            tuple(Kind.ORPHAN, "slipway-1-ins_2.7"),
            tuple(Kind.ORPHAN, "slipway-1-ins_2"),
            tuple(Kind.ORPHAN, "slipway-1-org_2"));
  }

  @Test
  void anExecutorOfAReplacedVersionIsFound() {
    runs.add(new Observations.Run("app_1", "11", "executor", "process 300"));
    finds(Kind.ORPHAN, "process 300");
  }

  @Test
  void aSecondExecutorOfTheServingVersionIsFound() {
    runs.add(new Observations.Run("app_1", "12", "executor", "process 300"));
    finds(Kind.ORPHAN, "ann/shop");
  }

  @Test
  void aCommandThatStillRunsIsFound() {
    runs.add(new Observations.Run("app_1", "12", "command", "process 300"));
    finds(Kind.ORPHAN, "process 300");
  }

  @Test
  void foldersOfNothingAreFound() {
    belong("ins_2", Role.DATA, "ins_2");
    belong("app_2", Role.OTHER, "app_2");
    versionFolders.put("app_2", Set.of("21"));
    assertThat(check())
        .extracting(Finding::kind, Finding::subject)
        .containsExactlyInAnyOrder(tuple(Kind.ORPHAN, "ins_2"), tuple(Kind.ORPHAN, "app_2"));
  }

  @Test
  void theFolderOfAVersionThatIsNotKeptIsFound() {
    versionFolders.put("app_1", Set.of("11", "12", "13"));
    finds(Kind.ORPHAN, "version 13 of shop");
  }

  @Test
  void whatAFailedProvisionLeavesBehindIsFound() {
    expected.put(
        new Expectations.Instance(
            "ann",
            "never",
            Presence.FAILED,
            false,
            "owner",
            Set.of("it"),
            Set.of(),
            Set.of(),
            Set.of()));
    instances.add(instance("ins_2", "never", "failed"));
    assertThat(check()).isEmpty();
    belong("ins_2", Role.DATA, "ins_2");
    finds(Kind.ORPHAN, "ins_2");
  }

  @Test
  void aDestroyedInstanceThatIsListedIsFound() {
    expected.instance("ann", "main", it -> it.is(Presence.GONE));
    finds(Kind.ORPHAN, "ann/main");
  }

  @Test
  void aDatabaseAndARoleOfNoApplicationAreFound() {
    databases.add("other");
    roles.add("other");
    assertThat(check()).extracting(Finding::kind).containsExactly(Kind.ORPHAN, Kind.ORPHAN);
  }

  @Test
  void databasesThatWereToStayMayStay() {
    databases.addAll(Set.of("other", "other_dbos_sys"));
    roles.add("other");
    expected.mayStay("ann", "main", "other");
    assertThat(check()).isEmpty();
  }

  // ---- What must be there

  @Test
  void anInstanceThatIsNotListedIsFound() {
    instances.clear();
    belongings.removeIf(it -> it.owner().equals("ins_1"));
    finds(Kind.MISSING, "ann/main");
  }

  @Test
  void anInstanceWithoutDataIsFound() {
    belongings.removeIf(it -> it.role() == Role.DATA);
    finds(Kind.MISSING, "main");
  }

  @Test
  void anInstanceThatIsNotAvailableIsFound() {
    instances.set(0, instance("ins_1", "main", "unavailable"));
    finds(Kind.MISSING, "ann/main");
  }

  @Test
  void anInstanceThatLetsNobodyInIsFound() {
    problem = "connection refused";
    finds(Kind.MISSING, "ann/main");
  }

  @Test
  void aLostRowIsFound() {
    rows.remove("b");
    finds(Kind.LOST_ROW, "ann/main");
  }

  @Test
  void aRowThatNobodyWroteIsFound() {
    rows.add("d");
    finds(Kind.LOST_ROW, "ann/main");
  }

  @Test
  void aRowWhoseCommitWasNotAnsweredMayBeThereOrNot() {
    rows.add("c");
    assertThat(check()).isEmpty();
  }

  @Test
  void anOldPasswordThatStillWorksIsFound() {
    accepted.add("old");
    finds(Kind.PASSWORD, "ann/main");
  }

  @Test
  void aNewPasswordThatDoesNotWorkIsFound() {
    accepted.clear();
    finds(Kind.PASSWORD, "ann/main");
  }

  @Test
  void afterAResetThatDidNotEndOneOfTheTwoWorks() {
    expected.instance("ann", "main", it -> it.mayHave("newer"));
    assertThat(check()).isEmpty();
    accepted.add("newer");
    finds(Kind.PASSWORD, "ann/main");
  }

  // ---- Applications

  @Test
  void anotherVersionThanTheOneDeployedIsFound() {
    applications.set(0, application("app_1", "shop", "11"));
    runs.set(0, new Observations.Run("app_1", "11", "executor", "process 200"));
    finds(Kind.WRONG_VERSION, "ann/shop");
  }

  @Test
  void anApplicationThatAnswersAsAnotherVersionIsFound() {
    answer = "11";
    finds(Kind.WRONG_VERSION, "ann/shop");
  }

  @Test
  void anApplicationWithoutExecutorIsFound() {
    runs.clear();
    finds(Kind.MISSING, "ann/shop");
  }

  @Test
  void anApplicationThatIsNotListedIsFound() {
    applications.clear();
    runs.clear();
    versionFolders.clear();
    belongings.removeIf(it -> it.owner().equals("app_1"));
    expected.mayStay("ann", "main", "shop");
    finds(Kind.MISSING, "ann/shop");
  }

  // ---- Migrations

  @Test
  void aLostMigrationIsFound() {
    effects.remove(2);
    notes.remove(2);
    finds(Kind.MIGRATION, "ann/shop");
  }

  @Test
  void aDoubledMigrationIsFound() {
    effects.put(2, 2);
    notes.put(2, 2);
    finds(Kind.MIGRATION, "ann/shop");
  }

  @Test
  void aMigrationThatWasNotUndoneIsFound() {
    effects.put(3, 1);
    notes.put(3, 1);
    finds(Kind.MIGRATION, "ann/shop");
  }

  @Test
  void whatADeployThatFailedHasMigratedMayStay() {
    effects.put(3, 1);
    notes.put(3, 1);
    expected.application("ann", "shop", it -> it.unfinished(3));
    assertThat(check()).isEmpty();
  }

  @Test
  void migrationsThatWereBegunTwiceAreFoundUnlessTheirProcessWasKilled() {
    begun.put("12", 2);
    finds(Kind.MIGRATION, "ann/shop");
    Fault fault = new Fault(Duration.ZERO, Fault.Kind.KILL, Target.COMMAND, 0, Duration.ZERO);
    faults.add(new Done(fault, "command of app_1", "app_1", 1, Duration.ZERO, Duration.ZERO));
    assertThat(check()).isEmpty();
  }

  // ---- Requests

  @Test
  void aRequestThatFailedBesideALivingGatewayIsFound() {
    List<Away> away = List.of(new Away(Duration.ofSeconds(10), Duration.ofSeconds(12)));
    FailedRequest during =
        new FailedRequest(Duration.ofSeconds(9), Duration.ofSeconds(10), "reset");
    FailedRequest after =
        new FailedRequest(Duration.ofMillis(12_001), Duration.ofSeconds(13), "503");
    FailedRequest before =
        new FailedRequest(Duration.ofSeconds(8), Duration.ofMillis(9_999), "503");
    assertThat(Checker.requests(List.of(before, during, after), away))
        .extracting(Finding::what)
        .containsExactly("failed after 1999 ms: 503", "failed after 999 ms: 503");
  }

  // ---- Events

  private static final List<Heard> FEED =
      List.of(
          heard(1, "operation.begun", "iop_1", ""),
          heard(2, "operation.step-ended", "iop_1", "start"),
          heard(3, "instance.provisioned", "", ""),
          heard(4, "operation.ended", "iop_1", ""));

  private static Heard heard(long number, String type, String operation, String done) {
    return new Heard(number, "instance-service", type, "ins_1", number, operation, done);
  }

  @Test
  void whoHasHeardTheWholeFeedHasMissedNothing() {
    assertThat(Checker.events("ann", FEED, FEED, operations)).isEmpty();
  }

  @Test
  void aMissedEventIsFound() {
    assertThat(Checker.events("ann", without(FEED, 1), FEED, operations))
        .extracting(Finding::what)
        .containsExactly("the event 3 instance.provisioned of ins_1 came where number 2 was due");
  }

  @Test
  void theLastEventMissedIsFound() {
    assertThat(Checker.events("ann", without(FEED, 3), FEED, operations))
        .extracting(Finding::what)
        .containsExactly(
            "the subscriber has not heard 4 operation.ended of ins_1 and what followed");
  }

  @Test
  void anEventHeardTwiceIsFound() {
    List<Heard> twice = new ArrayList<>(FEED);
    twice.add(2, FEED.get(1));
    assertThat(Checker.events("ann", twice, FEED, operations))
        .extracting(Finding::kind)
        .containsOnly(Kind.EVENT);
  }

  @Test
  void anEventHeardInAnotherPlaceIsFound() {
    List<Heard> other = new ArrayList<>(FEED);
    other.set(2, heard(3, "instance.destroyed", "", ""));
    assertThat(Checker.events("ann", other, FEED, operations)).hasSize(1);
  }

  @Test
  void anOperationOfWhichTheFeedDoesNotTellTheEndIsFound() {
    List<Heard> feed = without(FEED, 3);
    assertThat(Checker.events("ann", feed, feed, operations))
        .extracting(Finding::what)
        .containsExactly(
            "instance.provision has begun 1 times and ended 0 times, as the events tell");
  }

  @Test
  void anOperationThatGoesOnAfterItsEndIsFound() {
    List<Heard> feed = new ArrayList<>(FEED);
    feed.add(heard(5, "operation.step-ended", "iop_1", ""));
    assertThat(Checker.events("ann", feed, feed, operations)).hasSize(1);
  }

  @Test
  void anEventWhoseSeqDoesNotRiseIsFound() {
    List<Heard> feed = new ArrayList<>(FEED);
    feed.add(new Heard(5, "instance-service", "instance.unavailable", "ins_1", 4, "", ""));
    assertThat(Checker.events("ann", feed, feed, operations))
        .extracting(Finding::what)
        .containsExactly(
            "the event 5 instance.unavailable of ins_1 has the seq 4 of instance-service,"
                + " after 4 operation.ended of ins_1 with the seq 4");
  }

  @Test
  void theSeqsOfOneSubjectMayHaveGapsAndSayNothingOfOthers() {
    List<Heard> feed = new ArrayList<>(FEED);
    feed.add(new Heard(5, "instance-service", "instance.unavailable", "ins_1", 9, "", ""));
    feed.add(new Heard(6, "instance-service", "instance.unavailable", "ins_2", 1, "", ""));
    feed.add(new Heard(7, "deploy-service", "instance.unavailable", "ins_1", 1, "", ""));
    assertThat(Checker.events("ann", feed, feed, operations)).isEmpty();
  }

  @Test
  void aStepThatIsDoneAndOfWhichNoEventTellsIsFound() throws Exception {
    List<OperationView> views = List.of(view("ended"));
    assertThat(Checker.steps(views, without(FEED, 1)))
        .extracting(Finding::subject, Finding::what)
        .containsExactly(
            tuple(
                "iop_1", "the step start of instance.provision is done, and no event tells of it"),
            tuple(
                "iop_1", "the step note of instance.provision is done, and no event tells of it"));
  }

  @Test
  void stepsOfWhichTheFeedTellsOrThatAreNotDoneForGoodAreNotFound() throws Exception {
    List<Heard> feed = new ArrayList<>(FEED);
    feed.add(heard(5, "operation.step-ended", "iop_1", "note"));
    assertThat(Checker.steps(List.of(view("ended")), feed)).isEmpty();
    assertThat(Checker.steps(List.of(view("unwinding")), List.of())).isEmpty();
  }

  private static OperationView view(String phase) throws Exception {
    return OperationView.of(
        Json.MAPPER.readTree(
            """
            {"id":"iop_1","kind":"instance.provision","phase":"%s","steps":[
              {"name":"start","state":"done"},{"name":"note","state":"kept"},
              {"name":"make","state":"undone"},{"name":"check","state":"failed"},
              {"name":"last","state":"pending"}]}"""
                .formatted(phase)));
  }

  private static List<Heard> without(List<Heard> feed, int index) {
    List<Heard> less = new ArrayList<>(feed);
    less.remove(index);
    return less;
  }

  private void belong(String owner, Role role, String name) {
    belongings.add(new Belonging(owner, role, name, "a thing"));
  }

  private void finds(Kind kind, String subject) {
    List<Finding> found = check();
    assertThat(found).hasSize(1);
    assertThat(found.getFirst().kind()).isEqualTo(kind);
    assertThat(found.getFirst().subject()).isEqualTo(subject);
  }

  private List<Finding> check() {
    Set<String> refused = new HashSet<>(Set.of("old", "new", "newer"));
    refused.removeAll(accepted);
    Observations seen =
        new Observations(
            Map.of("ann", new Observations.Listed(instances, applications, operations)),
            belongings,
            runs,
            versionFolders,
            Map.of(
                "ann/main",
                new Observations.Contents(
                    accepted,
                    refused,
                    rows,
                    databases,
                    roles,
                    Map.of("shop", new Observations.Schema(notes, effects, begun)),
                    problem)),
            Map.of("ann/shop", new Observations.Answer(answer, "{}")));
    return Checker.rest(expected, calls, faults, seen);
  }

  private static Call call(String... operations) {
    return new Call(
        "ann",
        "provision main",
        "ann-1",
        Duration.ZERO,
        Duration.ofSeconds(1),
        List.of(operations),
        202,
        "",
        "",
        1);
  }

  private static Call answered(int status, String code) {
    return new Call(
        "ann",
        "provision main",
        "ann-2",
        Duration.ZERO,
        Duration.ofSeconds(1),
        List.of(),
        status,
        code,
        "",
        1);
  }

  private static Observations.Instance instance(String id, String name, String status) {
    return new Observations.Instance(id, name, status, "localhost", 20_000, false, "");
  }

  private static Observations.Application application(String id, String name, String version) {
    return new Observations.Application(
        id,
        name,
        "AVAILABLE",
        version,
        "main",
        "shop",
        "https://ann-shop.localhost",
        1,
        Set.of("11", "12"),
        "");
  }

  private static Observations.Operation operation(
      String id, String kind, String phase, String outcome) {
    return new Observations.Operation(
        id,
        kind,
        "ins_1",
        "main",
        phase,
        outcome,
        "start",
        "",
        "",
        "",
        "",
        "ann",
        0,
        Optional.of(1L));
  }
}
