package dev.slipway.instance.api;

import static dev.slipway.common.operation.api.OperationRequests.OPERATION;
import static dev.slipway.instance.api.InstanceErrors.INSTANCE_EXISTS;
import static dev.slipway.instance.api.InstanceErrors.INSTANCE_FAILED;
import static dev.slipway.instance.api.InstanceErrors.INSTANCE_LINKED;
import static dev.slipway.instance.api.InstanceErrors.INSTANCE_NOT_LINKED;

import dev.slipway.common.crypto.InstallationKeys;
import dev.slipway.common.error.ApiException;
import dev.slipway.common.id.Identifiers;
import dev.slipway.common.operation.BeginRequest;
import dev.slipway.common.operation.Begun;
import dev.slipway.common.operation.OperationEngine;
import dev.slipway.common.operation.OperationView;
import dev.slipway.common.operation.Transactions;
import dev.slipway.common.operation.api.OperationRequests;
import dev.slipway.common.security.Caller;
import dev.slipway.instance.api.DatabasesResource.CredentialsRequest;
import dev.slipway.instance.api.DatabasesResource.LinkRequest;
import dev.slipway.instance.api.DatabasesResource.ProvisionRequest;
import dev.slipway.instance.domain.Bindings;
import dev.slipway.instance.domain.Instance;
import dev.slipway.instance.domain.InstanceKind;
import dev.slipway.instance.domain.InstanceStatus;
import dev.slipway.instance.domain.Instances;
import dev.slipway.instance.operation.ConcealedPasswords;
import dev.slipway.instance.operation.DestroyInstance;
import dev.slipway.instance.operation.LinkInstance;
import dev.slipway.instance.operation.ProvisionInstance;
import dev.slipway.instance.operation.ResetPassword;
import dev.slipway.instance.operation.UnlinkInstance;
import dev.slipway.instance.persistence.Departures;
import dev.slipway.instance.persistence.InstanceView;
import dev.slipway.instance.persistence.InstanceViews;
import jakarta.enterprise.context.RequestScoped;
import jakarta.inject.Inject;
import jakarta.ws.rs.core.Response;
import java.sql.SQLException;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.Optional;
import org.eclipse.microprofile.config.inject.ConfigProperty;
import org.jspecify.annotations.Nullable;

/// Turns requests into operations: the rules that are checked before anything exists, the record
/// and the operation in one transaction, and the answer derived from the operation.
@RequestScoped
class InstanceRequests {

  private static final String DEFAULT_LINKED_ROLE = "dbosadmin";
  private static final String SUPABASE_ROLE = "postgres.";

  private final OperationEngine engine;
  private final OperationRequests requests;
  private final Instances instances;
  private final InstanceViews views;
  private final Bindings bindings;
  private final Departures departures;
  private final InstallationKeys keys;
  private final Caller caller;
  private final Duration answerWithin;
  private final long mostInstances;

  @Inject
  InstanceRequests(
      OperationEngine engine,
      OperationRequests requests,
      Instances instances,
      InstanceViews views,
      Bindings bindings,
      Departures departures,
      InstallationKeys keys,
      Caller caller,
      @ConfigProperty(name = "slipway.answer.within") Duration answerWithin,
      @ConfigProperty(name = "slipway.instances.per-organization") long mostInstances) {
    this.engine = engine;
    this.requests = requests;
    this.instances = instances;
    this.views = views;
    this.bindings = bindings;
    this.departures = departures;
    this.keys = keys;
    this.caller = caller;
    this.answerWithin = answerWithin;
    this.mostInstances = mostInstances;
  }

  Response provision(ProvisionRequest body, @Nullable String key) throws SQLException {
    String id = Identifiers.next("ins");
    String verifier = ConcealedPasswords.verifier(body.administratorPassword());
    String operation =
        begin(
            BeginRequest.of(
                ProvisionInstance.KIND,
                id,
                body.name(),
                caller.organization(),
                caller.userName(),
                new ProvisionInstance.Input(body.name(), body.administrator(), verifier),
                requests.idempotency("POST databases/userdb", key, body)),
            begun ->
                newInstance(
                    id,
                    body.name(),
                    InstanceKind.PROVISIONED,
                    body.administrator(),
                    null,
                    null,
                    begun));
    return Response.accepted().header(OPERATION, operation).build();
  }

  Response resetPassword(
      String name, CredentialsRequest body, @Nullable String key, @Nullable String prefer)
      throws SQLException, InterruptedException {
    var idempotency =
        requests.idempotency("POST databases/userdb/" + name + "/credentials", key, body);
    String operation = once(name, idempotency, connection -> beginReset(name, body, idempotency));
    return answer(operation, prefer);
  }

  private Begun beginReset(
      String name, CredentialsRequest body, BeginRequest.@Nullable Idempotency idempotency)
      throws SQLException {
    InstanceView view = existing(name);
    Instance instance = view.instance();
    if (instance.linked()) {
      throw new ApiException(
          INSTANCE_LINKED,
          "database %s is linked, change its password on its own server".formatted(name));
    }
    if (instance.host() == null || instance.port() == null) {
      if (view.activeOperation() != null) {
        throw InstanceErrors.busy(name, engine.view(view.activeOperation()).orElseThrow());
      }
      throw ApiException.of(
              INSTANCE_FAILED, "database %s is not provisioned completely".formatted(name))
          .operation(instance.operation())
          .build();
    }
    return engine.begin(
        BeginRequest.of(
            ResetPassword.KIND,
            instance.id(),
            name,
            caller.organization(),
            caller.userName(),
            new ResetPassword.Input(
                name,
                instance.administrator(),
                ConcealedPasswords.verifier(body.password()),
                instance.host(),
                instance.port()),
            idempotency));
  }

  Response destroy(String name, @Nullable String key, @Nullable String prefer)
      throws SQLException, InterruptedException {
    var idempotency = requests.idempotency("DELETE databases/userdb/" + name, key, name);
    String operation = once(name, idempotency, connection -> beginDestroy(name, idempotency));
    return answer(operation, prefer);
  }

  private Begun beginDestroy(String name, BeginRequest.@Nullable Idempotency idempotency)
      throws SQLException {
    Instance instance = existing(name).instance();
    if (instance.linked()) {
      throw new ApiException(
          INSTANCE_LINKED,
          "database %s is linked and not Slipway's to destroy, unlink it instead".formatted(name));
    }
    return end(
        BeginRequest.of(
            DestroyInstance.KIND,
            instance.id(),
            name,
            caller.organization(),
            caller.userName(),
            new DestroyInstance.Input(name),
            idempotency));
  }

  Response link(LinkRequest body, @Nullable String key, @Nullable String prefer)
      throws SQLException, InterruptedException {
    String id = Identifiers.next("ins");
    String role = linkedRole(body);
    String sealed = ConcealedPasswords.sealed(keys, id, body.password());
    String operation =
        begin(
            BeginRequest.of(
                LinkInstance.KIND,
                id,
                body.name(),
                caller.organization(),
                caller.userName(),
                new LinkInstance.Input(body.name(), body.host(), body.port(), role, sealed),
                requests.idempotency("POST databases/byod", key, body)),
            begun ->
                newInstance(
                    id,
                    body.name(),
                    InstanceKind.LINKED,
                    role,
                    sealed,
                    body.supabaseReference(),
                    begun));
    return answer(operation, prefer);
  }

  /// Supabase tells projects apart by the role's name; the official command relies on it, and sends
  /// no name.
  private static String linkedRole(LinkRequest body) {
    if (body.administrator() != null) {
      return body.administrator();
    }
    return body.supabaseReference() == null
        ? DEFAULT_LINKED_ROLE
        : SUPABASE_ROLE + body.supabaseReference();
  }

  Response unlink(String name, @Nullable String key, @Nullable String prefer)
      throws SQLException, InterruptedException {
    var idempotency = requests.idempotency("DELETE databases/byod/" + name, key, name);
    String operation = once(name, idempotency, connection -> beginUnlink(name, idempotency));
    return answer(operation, prefer);
  }

  private Begun beginUnlink(String name, BeginRequest.@Nullable Idempotency idempotency)
      throws SQLException {
    Instance instance = existing(name).instance();
    if (!instance.linked()) {
      throw new ApiException(
          INSTANCE_NOT_LINKED,
          "database %s was provisioned here, destroy it instead".formatted(name));
    }
    return end(
        BeginRequest.of(
            UnlinkInstance.KIND,
            instance.id(),
            name,
            caller.organization(),
            caller.userName(),
            new UnlinkInstance.Input(name),
            idempotency));
  }

  /// Makes the record of an instance for an operation that was just begun.
  private interface NewInstance {
    Instance forOperation(String operation);
  }

  /// Begins an operation that brings an instance into being, and adds the instance, in one
  /// transaction.
  private String begin(BeginRequest request, NewInstance record) throws SQLException {
    String name = request.subjectName();
    return once(
        name,
        request.idempotency(),
        connection -> {
          Begun begun = engine.begin(request);
          if (begun instanceof Begun.New(String operation)) {
            if (departures.isLeft(connection, caller.organization())) {
              throw InstanceErrors.closing(caller.organizationName());
            }
            replaceFailed(name);
            if (instances.count(caller.organization()) >= mostInstances) {
              throw InstanceErrors.tooMany(caller.organizationName(), mostInstances);
            }
            if (instances.find(caller.organization(), name).isPresent()
                || !instances.add(record.forOperation(operation))) {
              throw new ApiException(INSTANCE_EXISTS, "database %s already exists".formatted(name));
            }
          }
          return begun;
        });
  }

  /// Begins an operation that ends an instance, unless an application uses it. From then on it is
  /// closed to bindings.
  private Begun end(BeginRequest request) throws SQLException {
    Begun begun = engine.begin(request);
    if (begun instanceof Begun.New) {
      List<String> applications = bindings.lockApplicationsOf(request.subject());
      if (!applications.isEmpty()) {
        // Takes back what was just begun.
        throw InstanceErrors.inUse(request.subjectName(), applications);
      }
    }
    return begun;
  }

  private String once(
      String name, BeginRequest.@Nullable Idempotency idempotency, Transactions.Work<Begun> begin)
      throws SQLException {
    return requests.begin(
        caller.organization(), idempotency, active -> InstanceErrors.busy(name, active), begin);
  }

  /// What failed to come into being has left nothing but its record, and makes way for the next
  /// attempt.
  private void replaceFailed(String name) throws SQLException {
    Optional<InstanceView> old = views.find(caller.organization(), name);
    if (old.isPresent()
        && old.get().status() == InstanceStatus.FAILED
        && old.get().activeOperation() == null) {
      instances.remove(old.get().instance().id());
    }
  }

  private Instance newInstance(
      String id,
      String name,
      InstanceKind kind,
      String administrator,
      @Nullable String sealedPassword,
      @Nullable String supabaseReference,
      String operation) {
    return new Instance(
        id,
        caller.organization(),
        name,
        kind,
        administrator,
        null,
        null,
        sealedPassword,
        supabaseReference,
        operation,
        caller.userName(),
        Instant.now());
  }

  private InstanceView existing(String name) throws SQLException {
    return views.find(caller.organization(), name).orElseThrow(() -> InstanceErrors.notFound(name));
  }

  /// Derives the answer from how the operation stands when it has ended, or when the time is over.
  private Response answer(String operation, @Nullable String prefer)
      throws SQLException, InterruptedException {
    Optional<OperationView> end = requests.end(operation, prefer, answerWithin);
    if (end.isEmpty()) {
      return Response.accepted().header(OPERATION, operation).build();
    }
    if (end.get().succeeded()) {
      return Response.noContent().header(OPERATION, operation).build();
    }
    throw OperationRequests.refusal(end.get()).build();
  }
}
