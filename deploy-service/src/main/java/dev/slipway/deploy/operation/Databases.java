package dev.slipway.deploy.operation;

import dev.slipway.common.contract.instance.DatabaseOperations;
import dev.slipway.common.crypto.InstallationKeys;
import dev.slipway.common.driver.Endpoint;
import dev.slipway.common.driver.ScramVerifier;
import dev.slipway.common.id.Identifiers;
import dev.slipway.common.operation.Cause;
import dev.slipway.common.operation.Child;
import dev.slipway.common.operation.ChildEnd;
import dev.slipway.common.operation.DriverFailure;
import dev.slipway.common.operation.Outcome;
import dev.slipway.common.operation.StepContext;
import dev.slipway.common.operation.StepOutcome;
import dev.slipway.common.operation.UndoOutcome;
import dev.slipway.common.outbox.Json;
import dev.slipway.deploy.domain.Application;
import dev.slipway.deploy.domain.Applications;
import dev.slipway.deploy.domain.Bindings;
import dev.slipway.deploy.domain.DatabaseAccess;
import dev.slipway.deploy.domain.DatabaseAccesses;
import dev.slipway.deploy.driver.ApplicationRuntime;
import jakarta.inject.Inject;
import jakarta.inject.Singleton;
import java.nio.charset.StandardCharsets;
import java.util.Base64;
import java.util.List;
import java.util.Objects;
import java.util.Optional;

/// An application's databases on an instance, which instance-service makes and drops.
///
/// The role's password follows from the installation's keys, so that whoever asks twice, also a
/// runner that was overtaken, asks for the same one. It stays here; its verifier travels.
@Singleton
final class Databases {

  private final Applications applications;
  private final Bindings bindings;
  private final DatabaseAccesses accesses;
  private final InstallationKeys keys;
  private final ApplicationRuntime runtime;

  @Inject
  Databases(
      Applications applications,
      Bindings bindings,
      DatabaseAccesses accesses,
      InstallationKeys keys,
      ApplicationRuntime runtime) {
    this.applications = applications;
    this.bindings = bindings;
    this.accesses = accesses;
    this.keys = keys;
    this.runtime = runtime;
  }

  /// Has the databases and the role made, unless they are known to be there, with the guard against
  /// breaking migrations.
  ///
  /// Until then a version's configuration may name them. Later it can only agree: what it means by
  /// another name would be empty databases.
  <S extends Record> StepOutcome<S> ensure(
      StepContext<?, S> context, Candidate candidate, String instance, String instanceName)
      throws DriverFailure, InterruptedException {
    String id = candidate.application().id();
    Optional<StepOutcome<S>> refused = refused(candidate, instance, instanceName);
    if (refused.isPresent()) {
      return refused.get();
    }
    Application application =
        applications
            .byId(id)
            .orElseThrow(() -> new IllegalStateException("There is no application " + id));
    Optional<DatabaseAccess> known = accesses.find(id, instance);
    if (known.isPresent() && known.get().ensured() && accesses.guarded(id, instance)) {
      return StepOutcome.done(context.state());
    }
    Optional<ChildEnd> end = context.child();
    if (end.isPresent()) {
      return end.get().outcome() == Outcome.SUCCEEDED
          ? StepOutcome.done(context.state()).also(() -> accesses.ensured(id, instance))
          : failed(end.get(), "made");
    }
    char[] password = keys.derive("role of an application", id + " on " + instance);
    if (known.isEmpty()) {
      Bindings.Bound bound =
          bindings.bind(application.organization(), instanceName, id, application.name());
      var published = new Endpoint(bound.host(), bound.port());
      Endpoint reached =
          bound.linked() ? published : runtime.databaseForPlatform(instance, published);
      accesses.put(
          new DatabaseAccess(
              id,
              instance,
              reached.host(),
              reached.port(),
              application.role(),
              seal(password, DatabaseAccess.purpose(id, instance)),
              false,
              bound.linked()));
    }
    var input =
        new DatabaseOperations.Ensure(
            instance,
            id,
            application.role(),
            ScramVerifier.of(password).value(),
            List.of(application.database(), application.systemDatabase()));
    return StepOutcome.await(
        ask(context, DatabaseOperations.ENSURE, instance, id, input),
        "instance-service to make the databases");
  }

  private <S extends Record> Optional<StepOutcome<S>> refused(
      Candidate candidate, String instance, String instanceName) throws DriverFailure {
    Application application = candidate.application();
    String registered = application.database();
    String wanted = Objects.requireNonNullElse(candidate.manifest().database(), registered);
    if (!wanted.equals(registered)
        && (accesses.find(application.id(), application.instance()).isPresent()
            || accesses.find(application.id(), instance).isPresent())) {
      return Optional.of(
          StepOutcome.failed(
              "database-name-fixed",
              "application %s has the database %s since its first deploy; database.app_db_name says %s"
                  .formatted(application.name(), registered, wanted)));
    }
    Optional<Application> other =
        applications.list(application.organization()).stream()
            .filter(it -> !it.id().equals(application.id()))
            .filter(it -> it.instance().equals(instance))
            .filter(it -> it.database().equals(wanted))
            .findFirst();
    if (other.isPresent()) {
      return Optional.of(
          StepOutcome.failed(
              "database-taken",
              "application %s uses the database %s on %s already"
                  .formatted(other.get().name(), wanted, instanceName)));
    }
    if (!wanted.equals(registered) && !applications.named(application.id(), wanted)) {
      return Optional.of(
          StepOutcome.failed(
              "database-taken",
              "another application uses the database %s on %s already"
                  .formatted(wanted, application.instanceName())));
    }
    return Optional.empty();
  }

  /// Has the databases and the role dropped, on one instance after the other, wherever there are
  /// any.
  ///
  /// Who was overtaken may add an instance at any time, which then may be passed over: nothing was
  /// made there, and nothing will be.
  <S extends Record> StepOutcome<S> drop(StepContext<?, S> context, Application application) {
    Optional<ChildEnd> end = context.child();
    if (end.isPresent() && end.get().outcome() != Outcome.SUCCEEDED) {
      return failed(end.get(), "dropped");
    }
    List<Child> drops =
        accesses.everywhere(application.id()).stream()
            .map(instance -> dropOn(instance, context, application))
            .toList();
    int last = end.map(it -> drops.stream().map(Child::id).toList().indexOf(it.id())).orElse(-1);
    return last + 1 == drops.size()
        ? StepOutcome.done(context.state())
        : StepOutcome.await(drops.get(last + 1), "instance-service to drop the databases");
  }

  private static Child dropOn(String instance, StepContext<?, ?> context, Application application) {
    var input =
        new DatabaseOperations.Drop(
            instance,
            application.id(),
            application.role(),
            List.of(application.database(), application.systemDatabase()));
    Child one = ask(context, DatabaseOperations.DROP, instance, application.id(), input);
    // A step has one child, unless it tells them apart.
    return new Child(
        Identifiers.derived(DatabaseOperations.PREFIX, one.id(), instance),
        one.topic(),
        one.kind(),
        one.subject(),
        one.input());
  }

  /// Releases what a binding step may have bound, also when nobody has noted what that was.
  UndoOutcome unbind(
      String organization, String instanceName, String application, String applicationName)
      throws DriverFailure, InterruptedException {
    try {
      Bindings.Bound bound =
          bindings.bind(organization, instanceName, application, applicationName);
      bindings.release(bound.instance(), application);
      accesses.remove(application, bound.instance());
    } catch (DriverFailure.Permanent nothingToBindTo) {
      return UndoOutcome.undone(
          "Nothing can be bound: " + Objects.requireNonNull(nothingToBindTo.getMessage()));
    }
    return UndoOutcome.undone("The binding is released");
  }

  private static Child ask(
      StepContext<?, ?> context, String kind, String instance, String application, Record input) {
    return context.child(
        DatabaseOperations.PREFIX,
        DatabaseOperations.TOPIC,
        kind,
        DatabaseOperations.subject(instance, application),
        Json.write(input));
  }

  private static <S> StepOutcome<S> failed(ChildEnd end, String participle) {
    Cause cause = end.cause();
    return cause == null
        ? StepOutcome.failed(
            "databases-failed",
            "The databases were not %s: operation %s has ended as %s"
                .formatted(participle, end.id(), end.outcome()))
        : new StepOutcome.Failed<>(cause);
  }

  private String seal(char[] password, String purpose) {
    byte[] plain = String.valueOf(password).getBytes(StandardCharsets.US_ASCII);
    return Base64.getEncoder().encodeToString(keys.encrypt(plain, purpose));
  }
}
