package dev.slipway.cli.chaos;

import dev.slipway.cli.api.OperationView;
import dev.slipway.cli.chaos.Calls.Told;
import dev.slipway.cli.chaos.Fault.Target;
import dev.slipway.cli.chaos.Finding.Kind;
import dev.slipway.cli.chaos.Observations.Belonging;
import dev.slipway.cli.chaos.Observations.Role;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.TreeSet;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;

/// Compares what was promised with what is there. Pure: the same input, the same findings.
///
/// It believes the platform's answers only as promises. What is there it knows from the outside:
/// see [Observations].
final class Checker {

  /// The kinds of operations that people ask for. Others are the platform's own, or parts of these.
  static final Set<String> ASKED =
      Set.of(
          "instance.provision",
          "instance.reset-password",
          "instance.destroy",
          "instance.link",
          "instance.unlink",
          "application.register",
          "application.deploy",
          "application.roll-back",
          "application.change-instance",
          "application.delete");

  private static final Set<String> SERVERS_OWN = Set.of("postgres", "template0", "template1");
  private static final String SYSTEM_DATABASE = "_dbos_sys";

  /// The status of an answer that comes before the end of the operation.
  private static final int EARLY = 202;

  private final Expectations expected;
  private final List<Journal.Call> calls;
  private final List<Journal.Done> faults;
  private final Observations seen;
  private final List<Finding> findings = new ArrayList<>();

  private Checker(
      Expectations expected,
      List<Journal.Call> calls,
      List<Journal.Done> faults,
      Observations seen) {
    this.expected = expected;
    this.calls = calls;
    this.faults = faults;
    this.seen = seen;
  }

  /// What is wrong with a platform that has come to rest.
  static List<Finding> rest(
      Expectations expected,
      List<Journal.Call> calls,
      List<Journal.Done> faults,
      Observations seen) {
    Checker checker = new Checker(expected, calls, faults, seen);
    checker.operations();
    checker.belongings();
    checker.runs();
    checker.versionFolders();
    checker.instances();
    checker.applications();
    return List.copyOf(checker.findings);
  }

  /// What a stuck operation fails to say: why, or what to do next. That it says both is promised
  /// also of one that a retry ends.
  static Optional<Finding> untold(Observations.Operation operation) {
    return operation.cause().isEmpty() || operation.next().isEmpty()
        ? Optional.of(
            new Finding(
                Kind.STUCK,
                operation.id(),
                "%s of %s at the step %s, without %s"
                    .formatted(
                        operation.kind(),
                        operation.subjectName(),
                        operation.step(),
                        operation.cause().isEmpty() ? "a cause" : "a next step")))
        : Optional.empty();
  }

  /// What is wrong with the answer to a call that was accepted, and made again with its key. One
  /// that was refused has not used it, and may be carried out the second time.
  ///
  /// @param waits whether the answer is to come when the operation has ended
  static Optional<Finding> repeated(String subject, boolean waits, Told first, Told second) {
    // Who was answered too early to be told the end may be told it now.
    boolean early = waits && first.status() == EARLY;
    boolean failed = early && !second.accepted() && second.operation().isPresent();
    boolean same =
        (second.status() == first.status() || (early && second.accepted()))
            && second.body().equals(first.body());
    return !first.accepted() || failed || same
        ? Optional.empty()
        : Optional.of(
            new Finding(
                Kind.WRONG_ANSWER,
                subject,
                "was answered %s, and with the same key again %s"
                    .formatted(words(first), words(second))));
  }

  private static String words(Told told) {
    return "%d %s"
        .formatted(told.status(), told.accepted() ? told.body().toString() : told.code())
        .strip();
  }

  /// The requests that had to be answered and were not.
  ///
  /// A request had to be, unless there was no gateway at some time between its beginning and its
  /// end. The executors of the application are never a fault's victims, so that nothing else
  /// excuses.
  static List<Finding> requests(List<Journal.FailedRequest> failed, List<GatewayWatch.Away> away) {
    return failed.stream()
        .filter(it -> away.stream().noneMatch(time -> time.touches(it.began(), it.ended())))
        .map(
            it ->
                new Finding(
                    Kind.FAILED_REQUEST,
                    "at %s".formatted(words(it.began())),
                    "failed after %d ms: %s"
                        .formatted(it.ended().minus(it.began()).toMillis(), it.what())))
        .toList();
  }

  /// What a subscriber of an organization's events has missed, heard twice or in another order.
  ///
  /// @param heard      by one who has listened from the beginning, over every loss of connection
  /// @param complete   what a reading from the beginning gives in the end
  /// @param operations that the API lists
  static List<Finding> events(
      String organization,
      List<Heard> heard,
      List<Heard> complete,
      List<Observations.Operation> operations) {
    List<Finding> findings = new ArrayList<>();
    long next = 1;
    for (Heard event : heard) {
      if (event.number() != next) {
        findings.add(
            new Finding(
                Kind.EVENT,
                organization,
                "the event %s came where number %d was due".formatted(event.words(), next)));
      }
      next = event.number() + 1;
    }
    if (findings.isEmpty()) {
      compare(organization, heard, complete, findings);
    }
    rising(organization, complete, findings);
    Map<String, List<String>> told =
        complete.stream()
            .filter(it -> !it.operation().isEmpty())
            .collect(
                Collectors.groupingBy(
                    Heard::operation, Collectors.mapping(Heard::type, Collectors.toList())));
    for (Observations.Operation operation : operations) {
      List<String> types = told.getOrDefault(operation.id(), List.of());
      boolean ended = operation.phase().equals("ended");
      long begun = types.stream().filter(Heard.BEGUN::equals).count();
      long ends = types.stream().filter(Heard.ENDED::equals).count();
      if (begun != 1 || ends != (ended ? 1 : 0)) {
        findings.add(
            new Finding(
                Kind.EVENT,
                operation.id(),
                "%s has begun %d times and ended %d times, as the events tell"
                    .formatted(operation.kind(), begun, ends)));
      } else if (ended && !types.getLast().equals(Heard.ENDED)) {
        findings.add(
            new Finding(
                Kind.EVENT,
                operation.id(),
                "%s goes on after its end: %s".formatted(operation.kind(), types.getLast())));
      }
    }
    return findings;
  }

  /// What one service tells of one subject has rising numbers. They have gaps: messages that are
  /// no events have some, and so has an end that is said again, which the feed leaves out.
  private static void rising(String organization, List<Heard> complete, List<Finding> findings) {
    Map<String, Heard> last = new HashMap<>();
    for (Heard event : complete) {
      @Nullable Heard before = last.put(event.source() + " " + event.subject(), event);
      if (before != null && event.seq() <= before.seq()) {
        findings.add(
            new Finding(
                Kind.EVENT,
                organization,
                "the event %s has the seq %d of %s, after %s with the seq %d"
                    .formatted(
                        event.words(), event.seq(), event.source(), before.words(), before.seq())));
      }
    }
  }

  /// The steps that the API calls done, of operations that have ended, and of which no event says
  /// so. That event is committed with the step, and so before the operation's end.
  ///
  /// @param operations read before the feed
  static List<Finding> steps(List<OperationView> operations, List<Heard> complete) {
    Map<String, Set<String>> told =
        complete.stream()
            .filter(it -> !it.done().isEmpty())
            .collect(
                Collectors.groupingBy(
                    Heard::operation, Collectors.mapping(Heard::done, Collectors.toSet())));
    List<Finding> findings = new ArrayList<>();
    for (OperationView operation : operations) {
      Set<String> known = told.getOrDefault(operation.id(), Set.of());
      for (OperationView.Step step : operation.steps()) {
        boolean done = step.state().equals("done") || step.state().equals("kept");
        if (operation.ended() && done && !known.contains(step.name())) {
          findings.add(
              new Finding(
                  Kind.EVENT,
                  operation.id(),
                  "the step %s of %s is done, and no event tells of it"
                      .formatted(step.name(), operation.kind())));
        }
      }
    }
    return findings;
  }

  private static void compare(
      String organization, List<Heard> heard, List<Heard> complete, List<Finding> findings) {
    for (int i = 0; i < Math.max(heard.size(), complete.size()); i++) {
      if (i >= heard.size()) {
        findings.add(
            new Finding(
                Kind.EVENT,
                organization,
                "the subscriber has not heard %s and what followed"
                    .formatted(complete.get(i).words())));
        return;
      }
      if (i >= complete.size()) {
        findings.add(
            new Finding(
                Kind.EVENT,
                organization,
                "the subscriber has heard %s, which is not in the feed"
                    .formatted(heard.get(i).words())));
        return;
      }
      if (!heard.get(i).equals(complete.get(i))) {
        findings.add(
            new Finding(
                Kind.EVENT,
                organization,
                "the subscriber has heard %s, and the feed has %s"
                    .formatted(heard.get(i).words(), complete.get(i).words())));
        return;
      }
    }
  }

  private static String words(Duration time) {
    return "%d:%02d.%03d".formatted(time.toMinutes(), time.toSecondsPart(), time.toMillisPart());
  }

  private void find(Kind kind, String subject, String what) {
    findings.add(new Finding(kind, subject, what));
  }

  // ---- Operations

  private void operations() {
    Set<String> known = new HashSet<>();
    for (Journal.Call call : calls) {
      known.addAll(call.operations());
      if (call.operations().size() > 1) {
        find(
            Kind.DOUBLED_OPERATION,
            call.organization() + ": " + call.words(),
            "the key %s has the operations %s"
                .formatted(call.key(), String.join(" and ", call.operations())));
      }
      if (call.status() == 0) {
        find(
            Kind.UNANSWERED,
            call.organization() + ": " + call.words(),
            "was sent %d times in %d s, and the last answer was %s (%s)"
                .formatted(
                    call.tries(),
                    call.ended().minus(call.began()).toSeconds(),
                    call.code(),
                    call.message()));
      } else if (call.status() >= 500
          || call.status() == 401
          || call.code().equals("idempotency-key-reused")) {
        find(
            Kind.WRONG_ANSWER,
            call.organization() + ": " + call.words(),
            "was answered %d %s: %s".formatted(call.status(), call.code(), call.message()));
      }
    }
    seen.organizations()
        .forEach(
            (organization, listed) -> {
              boolean unanswered =
                  calls.stream()
                      .anyMatch(it -> it.organization().equals(organization) && it.status() == 0);
              for (Observations.Operation operation : listed.operations()) {
                operation(organization, operation);
                if (ASKED.contains(operation.kind())
                    && operation.requestedBy().equals(organization)
                    && !known.contains(operation.id())
                    && !unanswered) {
                  find(
                      Kind.DOUBLED_OPERATION,
                      operation.id(),
                      "%s of %s: no call has begun it"
                          .formatted(operation.kind(), operation.subjectName()));
                }
              }
            });
  }

  private void operation(String organization, Observations.Operation operation) {
    String what =
        "%s of %s/%s at the step %s"
            .formatted(operation.kind(), organization, operation.subjectName(), operation.step());
    if (operation.stuck()) {
      find(
          Kind.STUCK,
          operation.id(),
          "%s: %s, %s".formatted(what, operation.cause(), operation.causeText()));
    } else if (!operation.phase().equals("ended")) {
      find(
          Kind.NOT_ENDED,
          operation.id(),
          "%s is %s, waiting for: %s".formatted(what, operation.phase(), operation.waitingFor()));
    }
  }

  // ---- What belongs to nothing

  /// The instances that have to have a server and data.
  private Map<String, Observations.Instance> listedInstances() {
    return seen.organizations().values().stream()
        .flatMap(it -> it.instances().stream())
        .filter(it -> !it.linked() && !it.status().equals("failed"))
        .collect(Collectors.toMap(Observations.Instance::id, it -> it));
  }

  private Map<String, Observations.Application> listedApplications() {
    return seen.organizations().values().stream()
        .flatMap(it -> it.applications().stream())
        .collect(Collectors.toMap(Observations.Application::id, it -> it));
  }

  /// Whatever says whose it is has to be of something that is listed, and an instance that is
  /// listed has one of what it cannot be without.
  private void belongings() {
    Map<String, Observations.Instance> instances = listedInstances();
    Set<String> owners = new HashSet<>(instances.keySet());
    owners.addAll(listedApplications().keySet());
    for (Belonging belonging : seen.belongings()) {
      if (!owners.contains(belonging.owner())) {
        find(
            Kind.ORPHAN,
            belonging.name(),
            "%s of %s, which is not listed".formatted(belonging.what(), belonging.owner()));
      }
    }
    for (Observations.Instance instance : instances.values()) {
      long servers = belongings(instance, Role.SERVER);
      if (servers > 1) {
        find(Kind.ORPHAN, instance.id(), "has %d servers".formatted(servers));
      }
      if (belongings(instance, Role.DATA) == 0) {
        find(Kind.MISSING, instance.name(), "%s has no data".formatted(instance.id()));
      }
    }
  }

  private long belongings(Observations.Instance of, Role role) {
    return seen.belongings().stream()
        .filter(it -> it.role() == role && it.owner().equals(of.id()))
        .count();
  }

  private void runs() {
    Map<String, Observations.Application> applications = listedApplications();
    for (Observations.Run run : seen.runs()) {
      Observations.Application application = applications.get(run.application());
      if (application == null) {
        continue;
      }
      if (run.kind().equals("command")) {
        find(
            Kind.ORPHAN,
            run.name(),
            "a command of version %s of %s still runs"
                .formatted(run.version(), application.name()));
      } else if (!run.version().equals(application.version())) {
        find(
            Kind.ORPHAN,
            run.name(),
            "an executor of version %s of %s, of which version %s serves"
                .formatted(run.version(), application.name(), application.version()));
      }
    }
  }

  private void versionFolders() {
    for (Observations.Application application : listedApplications().values()) {
      for (String version : seen.versionFolders().getOrDefault(application.id(), Set.of())) {
        if (!application.versions().contains(version)) {
          find(
              Kind.ORPHAN,
              "version %s of %s".formatted(version, application.name()),
              "has a folder or an image, and is not kept");
        }
      }
    }
  }

  // ---- Instances

  private void instances() {
    for (Expectations.Instance promised : expected.instances()) {
      String subject = promised.organization() + "/" + promised.name();
      Observations.Listed listed = seen.organizations().get(promised.organization());
      if (listed == null) {
        continue;
      }
      Optional<Observations.Instance> there =
          listed.instances().stream().filter(it -> it.name().equals(promised.name())).findFirst();
      switch (promised.presence()) {
        case UNKNOWN -> {
          // There is a finding about the operation that left it so.
        }
        case GONE -> {
          if (there.isPresent()) {
            find(Kind.ORPHAN, subject, "is listed, although its end was told");
          }
        }
        case FAILED -> {
          if (there.isPresent() && !there.get().status().equals("failed")) {
            find(
                Kind.WRONG_ANSWER,
                subject,
                "could not be provisioned, and is listed as " + there.get().status());
          }
        }
        case THERE -> {
          if (there.isEmpty()) {
            find(Kind.MISSING, subject, "is not listed");
          } else if (!promised.linked()) {
            instance(subject, promised, there.get(), listed);
          }
        }
      }
    }
    seen.organizations()
        .forEach(
            (organization, listed) ->
                listed.instances().stream()
                    .filter(it -> expected.findInstance(organization, it.name()).isEmpty())
                    .forEach(
                        it ->
                            find(
                                Kind.ORPHAN,
                                organization + "/" + it.name(),
                                "is listed, and nobody has asked for it")));
  }

  private void instance(
      String subject,
      Expectations.Instance promised,
      Observations.Instance there,
      Observations.Listed listed) {
    if (!there.status().equals("available")) {
      find(
          Kind.MISSING,
          subject,
          "is %s%s"
              .formatted(there.status(), there.reason().isEmpty() ? "" : ": " + there.reason()));
    }
    Observations.Contents contents = seen.databases().get(subject);
    if (contents == null) {
      find(Kind.MISSING, subject, "was not looked into");
      return;
    }
    if (!contents.problem().isEmpty()) {
      find(Kind.MISSING, subject, "does not let its developer in: " + contents.problem());
      return;
    }
    passwords(subject, promised, contents);
    if (contents.accepted().stream().noneMatch(promised.passwords()::contains)) {
      return;
    }
    for (String row : sorted(promised.rows())) {
      if (!contents.rows().contains(row)) {
        find(Kind.LOST_ROW, subject, "the row %s was committed, and is not there".formatted(row));
      }
    }
    for (String row : sorted(contents.rows())) {
      if (!promised.rows().contains(row) && !promised.perhaps().contains(row)) {
        find(Kind.LOST_ROW, subject, "the row %s is there, and nobody wrote it".formatted(row));
      }
    }
    leftovers(subject, promised, there, listed, contents);
  }

  private void passwords(
      String subject, Expectations.Instance promised, Observations.Contents contents) {
    long working = promised.passwords().stream().filter(contents.accepted()::contains).count();
    if (working != 1) {
      find(
          Kind.PASSWORD,
          subject,
          "of the %d passwords that may work, %d do"
              .formatted(promised.passwords().size(), working));
    }
    for (String old : sorted(promised.retired())) {
      if (contents.accepted().contains(old)) {
        find(
            Kind.PASSWORD, subject, "the password %s was replaced, and still works".formatted(old));
      }
    }
  }

  private void leftovers(
      String subject,
      Expectations.Instance promised,
      Observations.Instance there,
      Observations.Listed listed,
      Observations.Contents contents) {
    Set<String> may = new TreeSet<>(expected.mayStay(promised.organization(), promised.name()));
    listed.applications().stream()
        .filter(it -> it.instance().equals(there.name()))
        .map(it -> Organization.database(it.name()))
        .forEach(may::add);
    for (String database : contents.databases()) {
      String of =
          database.endsWith(SYSTEM_DATABASE)
              ? database.substring(0, database.length() - SYSTEM_DATABASE.length())
              : database;
      if (!SERVERS_OWN.contains(database) && !may.contains(of)) {
        find(Kind.ORPHAN, subject, "the database %s belongs to nothing".formatted(database));
      }
    }
    for (String role : contents.roles()) {
      if (!role.startsWith("pg_")
          && !role.equals("slipway")
          && !role.equals(promised.administrator())
          && !may.contains(role)) {
        find(Kind.ORPHAN, subject, "the role %s belongs to nothing".formatted(role));
      }
    }
  }

  // ---- Applications

  private void applications() {
    for (Expectations.Application promised : expected.applications()) {
      String subject = promised.organization() + "/" + promised.name();
      Observations.Listed listed = seen.organizations().get(promised.organization());
      if (listed == null) {
        continue;
      }
      Optional<Observations.Application> there =
          listed.applications().stream()
              .filter(it -> it.name().equals(promised.name()))
              .findFirst();
      switch (promised.presence()) {
        case UNKNOWN -> {
          // There is a finding about the operation that left it so.
        }
        case GONE, FAILED -> {
          if (there.isPresent()) {
            find(Kind.ORPHAN, subject, "is listed, although its end was told");
          }
        }
        case THERE -> {
          if (there.isEmpty()) {
            find(Kind.MISSING, subject, "is not listed");
          } else if (promised.certain()) {
            application(subject, promised, there.get());
          }
        }
      }
    }
    seen.organizations()
        .forEach(
            (organization, listed) ->
                listed.applications().stream()
                    .filter(it -> expected.findApplication(organization, it.name()).isEmpty())
                    .forEach(
                        it ->
                            find(
                                Kind.ORPHAN,
                                organization + "/" + it.name(),
                                "is listed, and nobody has asked for it")));
  }

  private void application(
      String subject, Expectations.Application promised, Observations.Application there) {
    if (!there.version().equals(promised.serving())) {
      find(
          Kind.WRONG_VERSION,
          subject,
          "version %s has to serve, and %s is said to"
              .formatted(orNone(promised.serving()), orNone(there.version())));
      return;
    }
    if (promised.serving().isEmpty()) {
      return;
    }
    if (!there.status().equals("AVAILABLE") && !there.status().equals("DEPLOY_FAILED")) {
      find(
          Kind.MISSING,
          subject,
          "is %s%s"
              .formatted(there.status(), there.reason().isEmpty() ? "" : ": " + there.reason()));
    }
    Observations.Answer answer = seen.answers().get(subject);
    if (answer == null || !answer.version().equals(promised.serving())) {
      find(
          Kind.WRONG_VERSION,
          subject,
          "version %s has to answer, and there was: %s"
              .formatted(promised.serving(), answer == null ? "nothing" : answer.text()));
    }
    long executors =
        seen.runs().stream()
            .filter(
                it ->
                    it.kind().equals("executor")
                        && it.application().equals(there.id())
                        && it.version().equals(there.version()))
            .count();
    if (executors != there.executors()) {
      find(
          executors > there.executors() ? Kind.ORPHAN : Kind.MISSING,
          subject,
          "has %d executors of version %s instead of %d"
              .formatted(executors, there.version(), there.executors()));
    }
    migrations(subject, promised, there);
  }

  private void migrations(
      String subject, Expectations.Application promised, Observations.Application there) {
    Integer steps = promised.steps().get(promised.serving());
    Observations.Contents contents =
        seen.databases().get(promised.organization() + "/" + promised.instance());
    if (steps == null || contents == null || !contents.problem().isEmpty()) {
      return;
    }
    Observations.Schema schema = contents.schemas().get(there.name());
    if (schema == null) {
      find(Kind.MIGRATION, subject, "has no database on " + promised.instance());
      return;
    }
    for (int step = 1; step <= steps; step++) {
      int effects = schema.effects().getOrDefault(step, 0);
      if (effects == 0) {
        find(Kind.MIGRATION, subject, "migration %d has had no effect".formatted(step));
      }
    }
    schema
        .effects()
        .forEach(
            (step, effects) -> {
              if (effects > 1) {
                find(
                    Kind.MIGRATION,
                    subject,
                    "migration %d has had its effect %d times".formatted(step, effects));
              }
              if (step > steps && step > promised.unfinished()) {
                find(
                    Kind.MIGRATION,
                    subject,
                    "migration %d was applied, and version %s has %d"
                        .formatted(step, promised.serving(), steps));
              }
              if (!schema.notes().getOrDefault(step, 0).equals(effects)) {
                find(
                    Kind.MIGRATION,
                    subject,
                    "migration %d has had its effect %d times, and is noted %d times"
                        .formatted(step, effects, schema.notes().getOrDefault(step, 0)));
              }
            });
    long killed =
        faults.stream()
            .filter(
                it ->
                    it.fault().kind() == Fault.Kind.KILL
                        && it.fault().target() == Target.COMMAND
                        && it.owner().equals(there.id()))
            .count();
    schema
        .runs()
        .forEach(
            (version, runs) -> {
              Integer may = promised.runs().get(version);
              if (may != null && runs > may + killed) {
                find(
                    Kind.MIGRATION,
                    subject,
                    "the migrations of version %s were begun %d times, and %d were asked for"
                        .formatted(version, runs, may));
              }
            });
  }

  private static String orNone(String version) {
    return version.isEmpty() ? "none" : version;
  }

  private static List<String> sorted(Set<String> values) {
    return values.stream().sorted(Comparator.naturalOrder()).toList();
  }
}
