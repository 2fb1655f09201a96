package dev.slipway.cli.chaos;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.slipway.cli.api.ApiClient;
import dev.slipway.cli.api.DatabaseConnection;
import dev.slipway.cli.api.Databases.Database;
import dev.slipway.cli.api.OperationView;
import dev.slipway.cli.chaos.Calls.Change;
import dev.slipway.cli.chaos.Calls.Told;
import dev.slipway.cli.chaos.Expectations.Application;
import dev.slipway.cli.chaos.Expectations.Instance;
import dev.slipway.cli.chaos.Expectations.Presence;
import dev.slipway.cli.chaos.Schedule.Step;
import dev.slipway.cli.console.Json;
import java.nio.file.Path;
import java.sql.Connection;
import java.sql.PreparedStatement;
import java.sql.SQLException;
import java.sql.Statement;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;

/// Does what a walk says, as the users of one organization would, and keeps what the answers have
/// promised.
final class Organization {

  /// The name of the application and, with `_db`, of the instance that users call all the time.
  static final String STEADY = "steady";

  private static final String PROVISIONED = "/databases/userdb";
  private static final String ADMINISTRATOR = "owner";

  private final Calls calls;
  private final Expectations expectations;
  private final Journal journal;
  private final People people;
  private final Path authority;
  private final String name;
  private int passwords;

  /// Whether an operation may still go on, whose end was not told or that was stuck.
  private boolean untold;

  /// @param people    signs others up
  /// @param authority vouches for the instances
  Organization(
      Calls calls, Expectations expectations, Journal journal, People people, Path authority) {
    this.calls = calls;
    this.expectations = expectations;
    this.journal = journal;
    this.people = people;
    this.authority = authority;
    this.name = calls.organization();
  }

  String name() {
    return name;
  }

  void act(Step step) throws InterruptedException {
    String words = step.action().words();
    switch (step.action()) {
      case Action.Provision it -> {
        Optional<Instance> before = expectations.findInstance(name, it.instance());
        provisioned(it.instance(), before, provision(it.instance(), step));
      }
      case Action.ProvisionAndCancel it -> {
        Optional<String> operation = provision(it.instance(), step).operation();
        TimeUnit.MILLISECONDS.sleep(it.afterMillis());
        operation.ifPresent(this::cancel);
        provisioned(it.instance(), operation);
      }
      case Action.ProvisionAndDestroy it -> {
        Optional<Instance> before = expectations.findInstance(name, it.instance());
        Told told = provision(it.instance(), step);
        refused(it.instance(), before, told);
        Optional<String> operation = told.operation();
        TimeUnit.MILLISECONDS.sleep(it.afterMillis());
        destroy(it.instance(), step);
        // It may have ended before the destroy took over, or be superseded.
        if (operation.isPresent()) {
          end(operation.get());
        }
      }
      case Action.WriteRows it -> write(it.instance(), it.count(), step.number());
      case Action.ResetPassword it -> resetPassword(it.instance(), step);
      case Action.Destroy it -> destroy(it.instance(), step);
      case Action.Link it -> link(it.name(), it.instance(), step);
      case Action.Unlink it -> unlink(it.name(), step);
      case Action.Register it -> register(it.application(), it.instance(), step);
      case Action.Deploy it -> deploy(it.application(), it.step(), false, -1, step);
      case Action.DeployBroken it -> deploy(it.application(), it.step(), true, -1, step);
      case Action.DeployAndCancel it ->
          deploy(it.application(), it.step(), false, it.afterMillis(), step);
      case Action.DeployAndDelete it -> {
        Step atOnce = new Step(step.number(), step.pause(), step.action(), false, step.repeat());
        Told told = deploy(it.application(), it.step(), false, atOnce);
        TimeUnit.MILLISECONDS.sleep(it.afterMillis());
        delete(it.application(), true, step);
        if (told.operation().isPresent()) {
          end(told.operation().get());
        }
      }
      case Action.Redeploy it -> redeploy(it.application(), step);
      case Action.RollBack it -> rollBack(it.application(), step);
      case Action.ChangeInstance it ->
          changeInstance(it.application(), it.instance(), it.step(), step);
      case Action.Secrets it -> secrets(it.application(), it.name(), words);
      case Action.Delete it -> delete(it.application(), it.dropDatabases(), step);
      case Action.SignUp it -> people.signUp(name + it.user());
      case Action.Invalid it -> invalid(it.mistake(), words);
    }
  }

  // ---- Instances

  private Told provision(String instance, Step step) throws InterruptedException {
    String password = password();
    expectations.put(
        new Instance(
            name,
            instance,
            Presence.UNKNOWN,
            false,
            ADMINISTRATOR,
            Set.of(password),
            Set.of(),
            Set.of(),
            Set.of()));
    return calls.change(
        change(
            step,
            "POST",
            PROVISIONED,
            Json.object()
                .put("Name", instance)
                .put("AdminName", ADMINISTRATOR)
                .put("AdminPassword", password)));
  }

  private void provisioned(String instance, Optional<Instance> before, Told told)
      throws InterruptedException {
    refused(instance, before, told);
    provisioned(instance, told.operation());
  }

  /// What was refused has changed nothing: whatever had the name before has it still.
  private void refused(String instance, Optional<Instance> before, Told told) {
    if (told.operation().isEmpty() && told.status() >= 400) {
      expectations.instance(name, instance, it -> before.orElseGet(() -> it.is(Presence.GONE)));
    }
  }

  private void provisioned(String instance, Optional<String> operation)
      throws InterruptedException {
    if (operation.isEmpty()) {
      return;
    }
    Optional<OperationView> end = end(operation.get());
    if (end.isEmpty() || end.get().stuck()) {
      return;
    }
    boolean there = end.get().succeeded();
    expectations.instance(name, instance, it -> it.is(there ? Presence.THERE : Presence.FAILED));
    if (there) {
      write(instance, 2, 0);
    }
  }

  private void resetPassword(String instance, Step step) throws InterruptedException {
    String password = password();
    Told told =
        calls.change(
            change(
                step,
                "POST",
                PROVISIONED + "/" + instance + "/credentials",
                Json.object().put("Password", password)));
    if (told.operation().isEmpty()) {
      if (told.status() == 0) {
        expectations.instance(name, instance, it -> it.mayHave(password));
      }
      return;
    }
    Optional<OperationView> end = end(told.operation().get());
    if (end.isEmpty() || end.get().stuck()) {
      expectations.instance(name, instance, it -> it.mayHave(password));
    } else if (end.get().succeeded()) {
      expectations.instance(name, instance, it -> it.has(password));
    } else if (!"refused".equals(end.get().outcome())) {
      // Undone or superseded: which of the two works is not promised.
      expectations.instance(name, instance, it -> it.mayHave(password));
    }
  }

  private void destroy(String instance, Step step) throws InterruptedException {
    Told told = calls.change(change(step, "DELETE", PROVISIONED + "/" + instance, null));
    if (told.operation().isPresent()) {
      Optional<OperationView> end = end(told.operation().get());
      if (end.isPresent() && end.get().succeeded()) {
        expectations.instance(name, instance, it -> it.is(Presence.GONE));
        expectations.nothingStays(name, instance);
      } else {
        expectations.instance(name, instance, it -> it.is(Presence.UNKNOWN));
      }
    } else if (told.status() == 404) {
      expectations.instance(
          name,
          instance,
          it -> it.presence() == Presence.THERE ? missing(it) : it.is(Presence.GONE));
    } else if (told.status() == 0) {
      expectations.instance(name, instance, it -> it.is(Presence.UNKNOWN));
    } else if (told.code().equals("instance-in-use")) {
      inUse(instance, told);
    }
  }

  /// Only what is asked for here binds an application to an instance or releases it. So when all of
  /// that has ended, whatever uses an instance is listed as an application on it.
  private void inUse(String instance, Told told) throws InterruptedException {
    Optional<JsonNode> applications = calls.look("/applications");
    boolean unanswered =
        journal.calls().stream().anyMatch(it -> it.organization().equals(name) && it.status() == 0);
    if (untold || unanswered || applications.isEmpty()) {
      return;
    }
    for (JsonNode application : applications.get()) {
      if (application.path("PostgresInstanceName").asText().equals(instance)) {
        return;
      }
    }
    journal.found(
        new Finding(
            Finding.Kind.ORPHAN,
            name + "/" + instance,
            "cannot be destroyed (%s), and no application is listed on it"
                .formatted(told.body().path("message").asText())));
  }

  private Instance missing(Instance instance) {
    journal.found(
        new Finding(
            Finding.Kind.MISSING,
            name + "/" + instance.name(),
            "asked to be destroyed, it is not known"));
    return instance.is(Presence.UNKNOWN);
  }

  private void link(String link, String instance, Step step) throws InterruptedException {
    Optional<Instance> known = expectations.findInstance(name, instance);
    Optional<Database> there = info(instance);
    if (known.isEmpty() || known.get().passwords().size() != 1 || there.isEmpty()) {
      return;
    }
    expectations.put(
        new Instance(
            name,
            link,
            Presence.UNKNOWN,
            true,
            ADMINISTRATOR,
            known.get().passwords(),
            Set.of(),
            Set.of(),
            Set.of()));
    Told told =
        calls.change(
            change(
                step,
                "POST",
                "/databases/byod",
                Json.object()
                    .put("Name", link)
                    .put("HostName", there.get().host())
                    .put("Port", there.get().port())
                    .put("Password", known.get().passwords().iterator().next())
                    .put("captureProvenance", false)
                    .put("dbosAdminName", ADMINISTRATOR)));
    if (told.operation().isEmpty()) {
      return;
    }
    Optional<OperationView> end = end(told.operation().get());
    if (end.isPresent() && end.get().ended()) {
      boolean linked = end.get().succeeded();
      expectations.instance(name, link, it -> it.is(linked ? Presence.THERE : Presence.FAILED));
    }
  }

  private void unlink(String link, Step step) throws InterruptedException {
    Told told = calls.change(change(step, "DELETE", "/databases/byod/" + link, null));
    if (told.operation().isPresent()) {
      Optional<OperationView> end = end(told.operation().get());
      boolean gone = end.isPresent() && end.get().succeeded();
      expectations.instance(name, link, it -> it.is(gone ? Presence.GONE : Presence.UNKNOWN));
    }
  }

  /// Commits rows one by one, and stops at the first that cannot be.
  private void write(String instance, int count, int step) throws InterruptedException {
    Optional<Instance> known = expectations.findInstance(name, instance);
    Optional<Database> there = info(instance);
    if (known.isEmpty() || known.get().presence() != Presence.THERE || there.isEmpty()) {
      return;
    }
    for (String password : known.get().passwords()) {
      try (Connection connection = DatabaseConnection.open(there.get(), password, authority);
          Statement table = connection.createStatement();
          PreparedStatement insert = connection.prepareStatement("insert into kept values (?)")) {
        table.execute("create table if not exists kept (id text primary key)");
        for (int i = 0; i < count; i++) {
          String row = "%s/%d/%d".formatted(instance, step, i);
          expectations.instance(name, instance, it -> it.mayHold(row));
          insert.setString(1, row);
          insert.executeUpdate();
          expectations.instance(name, instance, it -> it.holds(row));
        }
        return;
      } catch (SQLException refusedOrLost) {
        // A fault in between; what was not answered may be there or not.
      }
    }
  }

  private Optional<Database> info(String instance) throws InterruptedException {
    return calls
        .look(PROVISIONED + "/info/" + instance)
        .map(Database::of)
        .filter(it -> it.port() > 0);
  }

  // ---- Applications

  private void register(String application, String instance, Step step)
      throws InterruptedException {
    expectations.put(
        new Application(
            name, application, Presence.UNKNOWN, instance, "", true, Map.of(), Map.of(), 0));
    Told told =
        calls.change(
            change(
                step,
                "PUT",
                "/applications",
                Json.object()
                    .put("name", application)
                    .put("database", instance)
                    .put("language", "node")
                    .put("provenancedb", "")
                    .put("executors_memory_mib", "512")));
    if (told.operation().isEmpty()) {
      if (told.status() >= 400) {
        expectations.application(name, application, it -> it.is(Presence.GONE));
      }
      return;
    }
    Optional<OperationView> end = end(told.operation().get());
    if (end.isPresent() && end.get().ended()) {
      boolean there = end.get().succeeded();
      expectations.application(
          name, application, it -> it.is(there ? Presence.THERE : Presence.GONE));
    }
  }

  /// @param cancelAfter milliseconds; negative to let it end
  private void deploy(String application, int step, boolean broken, int cancelAfter, Step of)
      throws InterruptedException {
    Step how =
        cancelAfter < 0 ? of : new Step(of.number(), of.pause(), of.action(), false, of.repeat());
    Told told = deploy(application, step, broken, how);
    if (cancelAfter >= 0) {
      TimeUnit.MILLISECONDS.sleep(cancelAfter);
      told.operation().ifPresent(this::cancel);
    }
    brought(application, step, told);
  }

  private Told deploy(String application, int step, boolean broken, Step of)
      throws InterruptedException {
    return calls.change(
        change(
            of,
            "POST",
            "/applications/" + application,
            Json.object().put("application_archive", ChaosApplication.archive(step, broken))));
  }

  private void redeploy(String application, Step step) throws InterruptedException {
    Optional<Application> known = expectations.findApplication(name, application);
    Optional<JsonNode> versions = calls.look("/applications/" + application + "/versions");
    if (known.isEmpty() || versions.isEmpty()) {
      return;
    }
    for (JsonNode version : versions.get()) {
      String id = version.path("Version").asText();
      if (!id.equals(known.get().serving())) {
        int migrations = known.get().steps().getOrDefault(id, 0);
        Told told =
            calls.change(
                change(
                    step,
                    "POST",
                    "/applications/" + application,
                    Json.object().put("previous_version", id)));
        if (brought(application, migrations, told)) {
          // What later versions have applied is not undone by that.
          expectations.application(name, application, Application::mayBeAhead);
        }
        return;
      }
    }
  }

  private void rollBack(String application, Step step) throws InterruptedException {
    Told told =
        calls.change(
            change(step, "POST", "/applications/" + application + "/rollback", Json.object()));
    if (brought(application, 0, told)) {
      // Everything after the target is undone, that of deploys which failed included.
      expectations.application(name, application, it -> it.unfinished(-1));
    }
  }

  private void changeInstance(String application, String instance, int migrations, Step step)
      throws InterruptedException {
    Optional<Application> known = expectations.findApplication(name, application);
    if (known.isEmpty()) {
      return;
    }
    String database = database(application);
    expectations.mayStay(name, instance, database);
    expectations.mayStay(name, known.get().instance(), database);
    Told told =
        calls.change(
            change(
                step,
                "POST",
                "/applications/" + application + "/changedbinstance",
                Json.object()
                    .put("application_archive", ChaosApplication.archive(migrations, false))
                    .put("target_database_name", instance)));
    if (brought(application, migrations, told)) {
      expectations.application(name, application, it -> it.on(instance));
    }
  }

  /// Notes what a deploy, a roll back or a change of instance has brought.
  ///
  /// @param step how many migrations the version has; 0 for one that is known
  /// @return whether it succeeded
  private boolean brought(String application, int step, Told told) throws InterruptedException {
    String version = told.body().path("ApplicationVersion").asText("");
    if (!version.isEmpty() && step > 0) {
      expectations.application(name, application, it -> it.brings(version, step));
    }
    if (told.operation().isEmpty()) {
      if (told.status() == 0) {
        expectations.application(name, application, Application::uncertain);
      }
      return false;
    }
    Optional<OperationView> end = end(told.operation().get());
    if (end.isEmpty() || end.get().stuck()) {
      expectations.application(name, application, Application::uncertain);
      return false;
    }
    if (!end.get().succeeded()) {
      // What its migrations have changed may stay.
      expectations.application(name, application, it -> it.unfinished(step));
      return false;
    }
    if (version.isEmpty()) {
      expectations.application(name, application, Application::uncertain);
    } else {
      expectations.application(name, application, it -> it.serves(version));
    }
    return true;
  }

  private void secrets(String application, String secret, String words)
      throws InterruptedException {
    calls.change(
        new Change(
            words,
            "POST",
            "/applications/secrets",
            Json.object()
                .put("ApplicationName", application)
                .put("SecretName", secret)
                .put("ClearSecretValue", "value-" + journal.now().toMillis()),
            true,
            false));
    calls.change(
        new Change(
            words,
            "DELETE",
            "/applications/%s/secrets/%s".formatted(application, secret),
            null,
            true,
            false));
  }

  private void delete(String application, boolean dropDatabases, Step step)
      throws InterruptedException {
    ObjectNode body = Json.object();
    if (dropDatabases) {
      body.put("dropdb", true);
    }
    if (!dropDatabases) {
      expectations
          .findApplication(name, application)
          .ifPresent(it -> expectations.mayStay(name, it.instance(), database(application)));
    }
    Told told = calls.change(change(step, "DELETE", "/applications/" + application, body));
    if (told.operation().isPresent()) {
      Optional<OperationView> end = end(told.operation().get());
      boolean gone = end.isPresent() && end.get().succeeded();
      expectations.application(
          name, application, it -> it.is(gone ? Presence.GONE : Presence.UNKNOWN));
    } else if (told.status() == 0) {
      expectations.application(name, application, it -> it.is(Presence.UNKNOWN));
    } else if (told.status() == 404) {
      expectations.application(
          name,
          application,
          it -> {
            if (it.presence() == Presence.THERE) {
              journal.found(
                  new Finding(
                      Finding.Kind.MISSING,
                      name + "/" + application,
                      "asked to be deleted, it is not known"));
            }
            return it.is(Presence.GONE);
          });
    }
  }

  /// The name of an application's database and role.
  static String database(String application) {
    return application.replace('-', '_');
  }

  // ---- Everything else

  private void invalid(Action.Mistake mistake, String words) throws InterruptedException {
    ObjectNode instance =
        Json.object()
            .put("Name", "never")
            .put("AdminName", ADMINISTRATOR)
            .put("AdminPassword", password());
    switch (mistake) {
      case BAD_NAME -> refused(words, "POST", PROVISIONED, instance.put("Name", "No Name!"), 400);
      case SHORT_PASSWORD ->
          refused(words, "POST", PROVISIONED, instance.put("AdminPassword", "short"), 400);
      case UNKNOWN_INSTANCE -> refused(words, "DELETE", PROVISIONED + "/nowhere", null, 404);
      case UNKNOWN_APPLICATION ->
          refused(words, "DELETE", "/applications/nowhere", Json.object(), 404);
      case OTHER_ORGANIZATION -> {
        Told told =
            calls.change(
                new Change(
                    words,
                    "DELETE",
                    "/v1alpha1/" + people.other(name) + PROVISIONED + "/steady_db",
                    null,
                    true,
                    false));
        if (told.accepted()) {
          wrong(words, "accepted, although it is another organization's", told);
        }
      }
    }
  }

  private void refused(
      String words, String method, String path, @Nullable JsonNode body, int status)
      throws InterruptedException {
    Told told = calls.change(new Change(words, method, path, body, true, false));
    if (told.status() != status && told.status() != 0) {
      wrong(words, "had to be refused with %d".formatted(status), told);
    }
  }

  private void wrong(String words, String what, Told told) {
    journal.found(
        new Finding(
            Finding.Kind.WRONG_ANSWER,
            name + ": " + words,
            "%s, and was answered %d %s".formatted(what, told.status(), told.code())));
  }

  private void cancel(String operation) {
    try {
      calls.change(
          new Change(
              "cancel " + operation,
              "POST",
              "/operations/" + ApiClient.encode(operation) + "/cancel",
              null,
              true,
              false));
    } catch (InterruptedException stopped) {
      Thread.currentThread().interrupt();
    }
  }

  private Optional<OperationView> end(String operation) throws InterruptedException {
    Optional<OperationView> end = calls.follow(operation);
    untold |= end.isEmpty() || end.get().stuck();
    return end;
  }

  private Change change(Step step, String method, String path, @Nullable JsonNode body) {
    return new Change(step.action().words(), method, path, body, step.waits(), step.repeat());
  }

  private String password() {
    return "chaos-%s-%d".formatted(name, ++passwords);
  }
}
