package dev.slipway.deploy.api;

import static dev.slipway.common.operation.api.OperationRequests.OPERATION;

import dev.slipway.common.error.ApiException;
import dev.slipway.common.id.Identifiers;
import dev.slipway.common.operation.BeginRequest;
import dev.slipway.common.operation.Begun;
import dev.slipway.common.operation.OperationEngine;
import dev.slipway.common.operation.OperationView;
import dev.slipway.common.operation.Transactions;
import dev.slipway.common.operation.api.KeyedCalls;
import dev.slipway.common.operation.api.OperationRequests;
import dev.slipway.common.security.Caller;
import dev.slipway.deploy.api.ApplicationsResource.DeleteRequest;
import dev.slipway.deploy.api.ApplicationsResource.RegisterRequest;
import dev.slipway.deploy.api.ApplicationsResource.UpdateRequest;
import dev.slipway.deploy.api.DeploysResource.Deployed;
import dev.slipway.deploy.configuration.DatabaseNames;
import dev.slipway.deploy.domain.Application;
import dev.slipway.deploy.domain.ApplicationStatus;
import dev.slipway.deploy.domain.Applications;
import dev.slipway.deploy.domain.Executors;
import dev.slipway.deploy.domain.Language;
import dev.slipway.deploy.domain.SchemaRecord;
import dev.slipway.deploy.domain.SchemaRecords;
import dev.slipway.deploy.domain.Version;
import dev.slipway.deploy.domain.Versions;
import dev.slipway.deploy.operation.ChangeInstance;
import dev.slipway.deploy.operation.DeleteApplication;
import dev.slipway.deploy.operation.DeployVersion;
import dev.slipway.deploy.operation.RegisterApplication;
import dev.slipway.deploy.operation.RollBackVersion;
import dev.slipway.deploy.persistence.ApplicationViews;
import jakarta.enterprise.context.RequestScoped;
import jakarta.inject.Inject;
import jakarta.ws.rs.core.Response;
import java.sql.SQLException;
import java.time.Duration;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import org.eclipse.microprofile.config.inject.ConfigProperty;
import org.jspecify.annotations.Nullable;

/// Turns requests into operations: the rules that are checked before anything exists, the version
/// and the operation in one transaction, and the answer derived from the operation.
@RequestScoped
class ApplicationRequests {

  private final OperationEngine engine;
  private final OperationRequests requests;
  private final KeyedCalls calls;
  private final Applications applications;
  private final Versions versions;
  private final SchemaRecords records;
  private final Executors executors;
  private final ApplicationViews views;
  private final FailureOutput output;
  private final Caller caller;
  private final Resources resources;
  private final String prefix;
  private final Duration answerWithin;
  private final Duration deployWithin;
  private final long mostApplications;

  @Inject
  ApplicationRequests(
      OperationEngine engine,
      OperationRequests requests,
      KeyedCalls calls,
      Applications applications,
      Versions versions,
      SchemaRecords records,
      Executors executors,
      ApplicationViews views,
      FailureOutput output,
      Caller caller,
      Resources resources,
      @ConfigProperty(name = "slipway.operations.prefix") String prefix,
      @ConfigProperty(name = "slipway.answer.within") Duration answerWithin,
      @ConfigProperty(name = "slipway.answer.deploy-within") Duration deployWithin,
      @ConfigProperty(name = "slipway.applications.per-organization") long mostApplications) {
    this.engine = engine;
    this.requests = requests;
    this.calls = calls;
    this.applications = applications;
    this.versions = versions;
    this.records = records;
    this.executors = executors;
    this.views = views;
    this.output = output;
    this.caller = caller;
    this.resources = resources;
    this.prefix = prefix;
    this.answerWithin = answerWithin;
    this.deployWithin = deployWithin;
    this.mostApplications = mostApplications;
  }

  Application existing(String name) {
    return applications
        .find(caller.organization(), name)
        .orElseThrow(() -> ApplicationErrors.notFound(name));
  }

  Response register(RegisterRequest body, @Nullable String key, @Nullable String prefer)
      throws SQLException, InterruptedException {
    var idempotency = requests.idempotency("PUT applications", key, body);
    String operation = begin(idempotency, connection -> beginRegister(body, idempotency));
    return registered(operation, prefer);
  }

  private Begun beginRegister(RegisterRequest body, BeginRequest.@Nullable Idempotency idempotency)
      throws SQLException {
    String database = DatabaseNames.derived(body.name());
    requireFree(body, database);
    if (applications.countBegun(caller.organization()) >= mostApplications) {
      throw ApplicationErrors.tooMany(caller.organizationName(), mostApplications);
    }
    return engine.begin(
        BeginRequest.of(
            RegisterApplication.KIND,
            Identifiers.next("app"),
            body.name(),
            caller.organization(),
            caller.userName(),
            new RegisterApplication.Input(
                caller.organizationName(),
                body.name(),
                Language.valueOf(body.language().toUpperCase(Locale.ROOT)),
                body.database(),
                database,
                resources.memory(body.executorsMemoryMib()),
                1),
            idempotency));
  }

  private void requireFree(RegisterRequest body, String database) {
    for (Application other : applications.list(caller.organization())) {
      if (other.name().equals(body.name())) {
        throw new ApiException(
            ApplicationErrors.APPLICATION_EXISTS,
            "application %s exists already".formatted(body.name()));
      }
      if (other.instanceName().equals(body.database()) && other.database().equals(database)) {
        throw new ApiException(
            ApplicationErrors.DATABASE_TAKEN,
            "application %s uses the database %s on %s already"
                .formatted(other.name(), database, body.database()));
      }
    }
  }

  private Response registered(String operation, @Nullable String prefer)
      throws SQLException, InterruptedException {
    Optional<OperationView> end = requests.end(operation, prefer, answerWithin);
    if (end.isPresent() && !end.get().succeeded()) {
      throw OperationRequests.refusal(end.get()).build();
    }
    String id =
        engine
            .view(operation)
            .map(OperationView::subject)
            .orElseThrow(() -> new IllegalStateException("There is no operation " + operation));
    return (end.isEmpty() ? Response.accepted(id) : Response.ok(id))
        .header(OPERATION, operation)
        .build();
  }

  /// Answered at once: the official command looks at the list until the application is gone.
  Response delete(String name, DeleteRequest body, @Nullable String key) throws SQLException {
    var idempotency = requests.idempotency("DELETE applications/" + name, key, body);
    String operation =
        begin(
            idempotency,
            connection ->
                engine.begin(
                    request(
                        null,
                        DeleteApplication.KIND,
                        existing(name),
                        new DeleteApplication.Input(name, body.drops()),
                        idempotency)));
    return Response.accepted().header(OPERATION, operation).build();
  }

  /// Changes what the next deploy uses.
  void update(String name, UpdateRequest body, @Nullable String key) throws SQLException {
    calls.change(
        caller.organization(),
        calls.key("PATCH applications/" + name, key, body),
        connection -> {
          Application application = existing(name);
          int memory =
              body.executorsMemoryMib() == null
                  ? application.memoryMib()
                  : resources.memory(body.executorsMemoryMib());
          int minimum =
              resources.executors(
                  Objects.requireNonNullElse(body.minExecutors(), application.minimumExecutors()));
          applications.configure(application.id(), memory, minimum);
          return application.id();
        });
  }

  /// Refuses an archive before it is read, when it is certain that nothing will come of it. A
  /// repeat gets the answer of the first call whatever has become of the application since.
  ///
  /// @param request as its key is claimed
  void ready(String name, String request, @Nullable String key) throws SQLException {
    Optional<Application> application = applications.find(caller.organization(), name);
    Optional<OperationView> active =
        application.isEmpty() ? Optional.empty() : engine.activeOn(application.get().id());
    boolean busy = active.isPresent() && ApplicationStatus.DEPLOYS.contains(active.get().kind());
    // Asked last: what is active may be what the same key has begun in the meantime.
    if ((busy || application.isEmpty())
        && (key == null || !views.begun(caller.organization(), request, key))) {
      throw busy ? ApplicationErrors.busy(active.orElseThrow()) : ApplicationErrors.notFound(name);
    }
  }

  /// Brings a new version up, or one that is kept.
  Response deploy(
      String name,
      Upload upload,
      boolean allowBreaking,
      String request,
      @Nullable String key,
      @Nullable String prefer)
      throws SQLException, InterruptedException {
    return answer(
        name,
        upload,
        requests.idempotency(
            request, key, Map.of("upload", upload, "allowBreaking", allowBreaking)),
        prefer,
        DeployVersion.KIND,
        version ->
            new DeployVersion.Input(
                name, version, DeployVersion.Mode.DEPLOY, allowBreaking, upload.archive() == null));
  }

  /// Brings the application up on another instance, with new code or with a version that is kept.
  Response changeInstance(
      String name, Upload upload, String request, @Nullable String key, @Nullable String prefer)
      throws SQLException, InterruptedException {
    String target = upload.target();
    if (target == null || !target.matches(Rules.INSTANCE)) {
      throw ApplicationErrors.invalid("target_database_name", Rules.INSTANCE_MESSAGE);
    }
    return answer(
        name,
        upload,
        requests.idempotency(request, key, upload),
        prefer,
        ChangeInstance.KIND,
        version -> new ChangeInstance.Input(name, version, target));
  }

  /// Runs the roll-back commands of an uploaded archive, and brings its code up.
  Response rollBackByUpload(
      String name, Upload upload, String request, @Nullable String key, @Nullable String prefer)
      throws SQLException, InterruptedException {
    return answer(
        name,
        upload,
        requests.idempotency(request, key, upload),
        prefer,
        DeployVersion.KIND,
        version ->
            new DeployVersion.Input(
                name,
                version,
                DeployVersion.Mode.ROLL_BACK_UPLOAD,
                /* allowBreaking= */ true,
                /* previous= */ false));
  }

  /// Goes back to a version that is kept; to the one that served before when none is named.
  Response rollBack(
      String name, Upload upload, String request, @Nullable String key, @Nullable String prefer)
      throws SQLException, InterruptedException {
    var idempotency = requests.idempotency(request, key, upload);
    String operation =
        begin(
            idempotency,
            connection -> {
              Application application = existing(name);
              RollBackPlan plan = rollBackPlan(application, upload.version());
              return engine.begin(
                  request(
                      null,
                      RollBackVersion.KIND,
                      application,
                      new RollBackVersion.Input(name, plan.version()),
                      idempotency));
            });
    return deployed(operation, prefer);
  }

  /// What is applied in the application's database.
  SchemaRecord record(Application application) {
    return records.at(application.id(), application.instance());
  }

  /// What a roll back would do.
  ///
  /// @param target absent for the version that served before
  RollBackPlan rollBackPlan(Application application, @Nullable String target) {
    SchemaRecord record = record(application);
    String version = target == null ? earlierThanServing(application, record) : target;
    Version found = kept(application, "version", version);
    if (!found.deployed()) {
      throw new ApiException(
          ApplicationErrors.NOTHING_TO_ROLL_BACK,
          "version %s of application %s has never served".formatted(version, application.name()));
    }
    List<RollBackPlan.Undone> undo =
        record
            .newerThan(version)
            .orElseThrow(() -> notApplied(application, record, version))
            .stream()
            .map(newer -> new RollBackPlan.Undone(newer, record.mayHaveChanged(newer)))
            .toList();
    if (undo.isEmpty() && version.equals(application.serving())) {
      throw new ApiException(
          ApplicationErrors.NOTHING_TO_ROLL_BACK,
          "version %s of application %s serves already".formatted(version, application.name()));
    }
    return new RollBackPlan(version, application.serving(), undo);
  }

  /// Behind a version that is later than all that are applied there is nothing to undo. Of an
  /// earlier one nobody knows whether the schema was ever its: the application came here later, and
  /// what it found was in no record.
  private static ApiException notApplied(
      Application application, SchemaRecord record, String version) {
    return record.versions().stream().anyMatch(applied -> before(version, applied))
        ? new ApiException(
            ApplicationErrors.SCHEMA_UNKNOWN,
            "the schema of application %s is not known to have been that of version %s, deploy that version instead"
                .formatted(application.name(), version))
        : new ApiException(
            ApplicationErrors.NOTHING_TO_ROLL_BACK,
            "the schema of application %s is not ahead of version %s, deploy that version instead"
                .formatted(application.name(), version));
  }

  private String earlierThanServing(Application application, SchemaRecord record) {
    List<String> applied = record.versions();
    String serving = application.serving();
    int position = serving == null ? -1 : applied.indexOf(serving);
    List<String> before = position < 0 ? applied : applied.subList(0, position);
    return before.reversed().stream()
        .filter(
            version ->
                versions.find(application.id(), version).map(Version::deployed).orElse(false))
        .findFirst()
        .orElseThrow(() -> noneEarlier(application, serving));
  }

  private ApiException noneEarlier(Application application, @Nullable String serving) {
    boolean elsewhere =
        serving != null
            && versions.list(application.id()).stream()
                .anyMatch(version -> version.deployed() && before(version.id(), serving));
    return elsewhere
        ? new ApiException(
            ApplicationErrors.SCHEMA_UNKNOWN,
            "the schema of application %s is not known to have been that of a version before %s, deploy the version you want instead"
                .formatted(application.name(), serving))
        : new ApiException(
            ApplicationErrors.NOTHING_TO_ROLL_BACK,
            "application %s has no earlier version to roll back to".formatted(application.name()));
  }

  /// Versions are named after when they came.
  private static boolean before(String version, String other) {
    return Long.parseLong(version) < Long.parseLong(other);
  }

  /// @param field that names the version in the request
  private Version kept(Application application, String field, String version) {
    if (!version.matches(Rules.VERSION)) {
      throw ApplicationErrors.invalid(field, Rules.VERSION_MESSAGE);
    }
    return versions
        .find(application.id(), version)
        .orElseThrow(() -> ApplicationErrors.versionNotFound(application.name(), version));
  }

  /// Makes the input of an operation for a version.
  private interface InputOf {
    Record version(String version);
  }

  private Response answer(
      String name,
      Upload upload,
      BeginRequest.@Nullable Idempotency idempotency,
      @Nullable String prefer,
      String kind,
      InputOf input)
      throws SQLException, InterruptedException {
    String operation =
        begin(idempotency, connection -> begin(existing(name), upload, idempotency, kind, input));
    return deployed(operation, prefer);
  }

  private Begun begin(
      Application application,
      Upload upload,
      BeginRequest.@Nullable Idempotency idempotency,
      String kind,
      InputOf input)
      throws SQLException {
    String archive = upload.archive();
    String previous = upload.previous();
    if ((archive == null) == (previous == null)) {
      throw ApplicationErrors.invalid(
          "application_archive", "or previous_version has to be given, and not both");
    }
    if (archive != null) {
      return beginNew(application, archive, idempotency, kind, input);
    }
    Version version = kept(application, "previous_version", previous);
    return kind.equals(ChangeInstance.KIND) && runs(application, version)
        ? beginNew(application, version.archive(), idempotency, kind, input)
        : engine.begin(request(null, kind, application, input.version(version.id()), idempotency));
  }

  /// The folder of one that runs says where its databases are, so on another instance the same
  /// archive is a version of its own.
  private boolean runs(Application application, Version version) {
    return executors.of(application.id()).stream()
        .anyMatch(executor -> executor.version().equals(version.id()));
  }

  /// A version and the operation that brings it up; whatever is not begun takes the version back
  /// with the caller's transaction.
  private Begun beginNew(
      Application application,
      String archive,
      BeginRequest.@Nullable Idempotency idempotency,
      String kind,
      InputOf input)
      throws SQLException {
    String operation = Identifiers.next(prefix);
    views.lock(application.id());
    Version version = versions.add(application.id(), archive, operation, caller.userName());
    return engine.begin(
        request(operation, kind, application, input.version(version.id()), idempotency));
  }

  private BeginRequest request(
      @Nullable String operation,
      String kind,
      Application application,
      Record input,
      BeginRequest.@Nullable Idempotency idempotency) {
    return new BeginRequest(
        operation,
        kind,
        application.id(),
        application.name(),
        caller.organization(),
        caller.userName(),
        List.of(),
        input,
        idempotency);
  }

  private String begin(
      BeginRequest.@Nullable Idempotency idempotency, Transactions.Work<Begun> begin)
      throws SQLException {
    return requests.begin(caller.organization(), idempotency, ApplicationErrors::busy, begin);
  }

  /// The official command takes the status for what it waits for once this is answered. So it is
  /// answered when the version serves or never will; if that takes too long, the status says so
  /// from then on.
  private Response deployed(String operation, @Nullable String prefer)
      throws SQLException, InterruptedException {
    Optional<OperationView> end = requests.end(operation, prefer, deployWithin);
    var version = new Deployed(views.versionOf(operation).orElse(""));
    if (end.isEmpty()) {
      views.answeredEarly(operation);
      return Response.accepted(version).header(OPERATION, operation).build();
    }
    if (end.get().succeeded()) {
      return Response.ok(version).header(OPERATION, operation).build();
    }
    ApiException.Builder refusal = OperationRequests.refusal(end.get());
    applications
        .byId(end.get().subject())
        .flatMap(application -> output.of(application, version.version(), end.get()))
        .ifPresent(refusal::detailedError);
    throw refusal.build();
  }
}
