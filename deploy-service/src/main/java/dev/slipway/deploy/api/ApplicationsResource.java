package dev.slipway.deploy.api;

import com.fasterxml.jackson.annotation.JsonProperty;
import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.ObjectMapper;
import dev.slipway.common.security.Caller;
import dev.slipway.deploy.domain.Application;
import dev.slipway.deploy.domain.Executor;
import dev.slipway.deploy.domain.Executors;
import dev.slipway.deploy.domain.SchemaRecord;
import dev.slipway.deploy.domain.Version;
import dev.slipway.deploy.domain.Versions;
import dev.slipway.deploy.persistence.ApplicationView;
import dev.slipway.deploy.persistence.ApplicationViews;
import io.smallrye.common.annotation.RunOnVirtualThread;
import jakarta.inject.Inject;
import jakarta.validation.Valid;
import jakarta.validation.constraints.NotNull;
import jakarta.validation.constraints.Pattern;
import jakarta.ws.rs.DELETE;
import jakarta.ws.rs.DefaultValue;
import jakarta.ws.rs.GET;
import jakarta.ws.rs.HeaderParam;
import jakarta.ws.rs.PATCH;
import jakarta.ws.rs.PUT;
import jakarta.ws.rs.Path;
import jakarta.ws.rs.PathParam;
import jakarta.ws.rs.Produces;
import jakarta.ws.rs.QueryParam;
import jakarta.ws.rs.core.MediaType;
import jakarta.ws.rs.core.Response;
import java.sql.SQLException;
import java.util.List;
import java.util.Objects;
import org.jspecify.annotations.Nullable;

/// Applications, in the paths and bodies of the official command.
///
/// What changes something answers when its operation has ended, with the operation's error if it
/// failed, or with 202 when that takes too long or the caller sent `Prefer: respond-async`. A
/// delete
/// answers at once, and the caller polls the list. Every such answer names its operation in the
/// `Operation-Id` header.
@Path("/v1alpha1/{org}")
@Produces(MediaType.APPLICATION_JSON)
@RunOnVirtualThread
public class ApplicationsResource {

  /// A new application.
  ///
  /// @param database           the database instance that it uses
  /// @param provenance         accepted, and of no effect: there is no time travel here
  /// @param executorsMemoryMib a number, also as text
  public record RegisterRequest(
      @JsonProperty("name")
          @NotNull(message = Rules.APPLICATION_MESSAGE)
          @Pattern(regexp = Rules.APPLICATION, message = Rules.APPLICATION_MESSAGE)
          String name,
      @JsonProperty("database")
          @NotNull(message = Rules.INSTANCE_MESSAGE)
          @Pattern(regexp = Rules.INSTANCE, message = Rules.INSTANCE_MESSAGE)
          String database,
      @JsonProperty("language")
          @NotNull(message = Rules.LANGUAGE_MESSAGE)
          @Pattern(regexp = Rules.LANGUAGE, message = Rules.LANGUAGE_MESSAGE)
          String language,
      @JsonProperty("provenancedb") @Nullable String provenance,
      @JsonProperty("executors_memory_mib") @Nullable Integer executorsMemoryMib) {}

  /// What the next deploy will use; what is absent stays.
  ///
  /// @param executorsMemoryMib a number, also as text
  /// @param minExecutors       a number, also as text
  public record UpdateRequest(
      @JsonProperty("executors_memory_mib") @Nullable Integer executorsMemoryMib,
      @JsonProperty("min_vms") @Nullable Integer minExecutors) {}

  /// @param dropDatabases whether its databases go as well; they stay when it is absent
  public record DeleteRequest(@JsonProperty("dropdb") @Nullable Boolean dropDatabases) {

    boolean drops() {
      return Boolean.TRUE.equals(dropDatabases);
    }
  }

  private final ApplicationRequests requests;
  private final ApplicationViews views;
  private final Versions versions;
  private final Executors executors;
  private final ApplicationHosts hosts;
  private final Caller caller;
  private final ObjectMapper json;

  @Inject
  ApplicationsResource(
      ApplicationRequests requests,
      ApplicationViews views,
      Versions versions,
      Executors executors,
      ApplicationHosts hosts,
      Caller caller,
      ObjectMapper json) {
    this.requests = requests;
    this.views = views;
    this.versions = versions;
    this.executors = executors;
    this.hosts = hosts;
    this.caller = caller;
    this.json = json;
  }

  @GET
  @Path("applications")
  public List<ApplicationAnswer> list() {
    return views.list(caller.organization()).stream().map(this::answer).toList();
  }

  @GET
  @Path("applications/{app}")
  public ApplicationAnswer show(@PathParam("app") String name) {
    return views
        .find(caller.organization(), name)
        .map(this::answer)
        .orElseThrow(() -> ApplicationErrors.notFound(name));
  }

  private ApplicationAnswer answer(ApplicationView view) {
    return ApplicationAnswer.of(
        view, hosts.url(caller.organizationName(), view.application().name()));
  }

  /// The answer is the identifier of the new application.
  @PUT
  @Path("applications")
  @Produces({MediaType.TEXT_PLAIN, MediaType.APPLICATION_JSON})
  public Response register(
      @NotNull @Valid RegisterRequest body,
      @HeaderParam("Idempotency-Key") @Nullable String key,
      @HeaderParam("Prefer") @Nullable String prefer)
      throws SQLException, InterruptedException {
    return requests.register(body, key, prefer);
  }

  /// Takes effect at the next deploy.
  @PATCH
  @Path("applications/{app}")
  public void update(
      @PathParam("app") String name,
      @NotNull @Valid UpdateRequest body,
      @HeaderParam("Idempotency-Key") @Nullable String key)
      throws SQLException {
    requests.update(name, body, key);
  }

  /// @param body `{"dropdb":true}`, `{}` or nothing
  @DELETE
  @Path("applications/{app}")
  public Response delete(
      @PathParam("app") String name,
      @Nullable String body,
      @HeaderParam("Idempotency-Key") @Nullable String key)
      throws SQLException, JsonProcessingException {
    return requests.delete(name, deleteRequest(body), key);
  }

  /// Clients of `DELETE` name a type also when they send nothing, so the body is read by hand.
  private DeleteRequest deleteRequest(@Nullable String body) throws JsonProcessingException {
    return body == null || body.isBlank()
        ? new DeleteRequest(false)
        : Objects.requireNonNullElse(
            json.readValue(body, DeleteRequest.class), new DeleteRequest(false));
  }

  /// The versions that have served, newest first.
  ///
  /// @param details every version that is kept, those that never served included, with what is
  ///     known of each
  @GET
  @Path("applications/{app}/versions")
  public List<?> versions(
      @PathParam("app") String name,
      @QueryParam("details") @DefaultValue("false") boolean details) {
    Application application = requests.existing(name);
    List<Version> kept = versions.list(application.id());
    if (!details) {
      return kept.stream()
          .filter(Version::deployed)
          .map(version -> VersionAnswer.of(application, version))
          .toList();
    }
    SchemaRecord record = requests.record(application);
    List<Executor> running = executors.of(application.id());
    return kept.stream()
        .map(version -> VersionDetails.of(application, record, version, running))
        .toList();
  }
}
