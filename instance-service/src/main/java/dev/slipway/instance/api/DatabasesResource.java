package dev.slipway.instance.api;

import static dev.slipway.instance.api.InstanceErrors.INSTANCE_FAILED;
import static dev.slipway.instance.api.InstanceErrors.NOT_SUPPORTED;

import com.fasterxml.jackson.annotation.JsonProperty;
import dev.slipway.common.error.ApiException;
import dev.slipway.common.operation.Cause;
import dev.slipway.common.security.Caller;
import dev.slipway.instance.domain.InstanceStatus;
import dev.slipway.instance.persistence.InstanceView;
import dev.slipway.instance.persistence.InstanceViews;
import io.smallrye.common.annotation.RunOnVirtualThread;
import jakarta.inject.Inject;
import jakarta.validation.Valid;
import jakarta.validation.constraints.Max;
import jakarta.validation.constraints.Min;
import jakarta.validation.constraints.NotNull;
import jakarta.validation.constraints.Pattern;
import jakarta.ws.rs.DELETE;
import jakarta.ws.rs.GET;
import jakarta.ws.rs.HeaderParam;
import jakarta.ws.rs.POST;
import jakarta.ws.rs.Path;
import jakarta.ws.rs.PathParam;
import jakarta.ws.rs.Produces;
import jakarta.ws.rs.core.MediaType;
import jakarta.ws.rs.core.Response;
import java.sql.SQLException;
import java.util.List;
import org.eclipse.microprofile.config.inject.ConfigProperty;
import org.jspecify.annotations.Nullable;

/// Database instances, in the paths and bodies of the official command.
///
/// Provisioning answers at once, and the caller polls `info`. Everything else that changes
/// something answers when its operation has ended, with the operation's error if it failed, or with
/// 202 when that takes too long or the caller sent `Prefer: respond-async`. Every such answer names
/// its operation in the `Operation-Id` header.
@Path("/v1alpha1/{org}/databases")
@Produces(MediaType.APPLICATION_JSON)
@RunOnVirtualThread
public class DatabasesResource {

  /// A new instance.
  ///
  /// @param administratorPassword becomes a verifier on arrival and is not kept
  public record ProvisionRequest(
      @JsonProperty("Name")
          @NotNull(message = Rules.INSTANCE_MESSAGE)
          @Pattern(regexp = Rules.INSTANCE, message = Rules.INSTANCE_MESSAGE)
          String name,
      @JsonProperty("AdminName")
          @NotNull(message = Rules.ROLE_MESSAGE)
          @Pattern(regexp = Rules.ROLE, message = Rules.ROLE_MESSAGE)
          String administrator,
      @JsonProperty("AdminPassword")
          @NotNull(message = Rules.PASSWORD_MESSAGE)
          @Pattern(regexp = Rules.PASSWORD, message = Rules.PASSWORD_MESSAGE)
          @NewPassword
          String administratorPassword) {

    @Override
    public String toString() {
      return "ProvisionRequest[" + name + ']';
    }
  }

  /// A new password for the developer's role.
  public record CredentialsRequest(
      @JsonProperty("Password")
          @NotNull(message = Rules.PASSWORD_MESSAGE)
          @Pattern(regexp = Rules.PASSWORD, message = Rules.PASSWORD_MESSAGE)
          @NewPassword
          String password) {

    @Override
    public String toString() {
      return "CredentialsRequest";
    }
  }

  /// Somebody else's server.
  ///
  /// @param supabaseReference of the project, if it is one of Supabase's
  /// @param administrator     the role to sign in with; when absent that of the project, else
  ///     `dbosadmin`
  public record LinkRequest(
      @JsonProperty("Name")
          @NotNull(message = Rules.INSTANCE_MESSAGE)
          @Pattern(regexp = Rules.INSTANCE, message = Rules.INSTANCE_MESSAGE)
          String name,
      @JsonProperty("HostName")
          @NotNull(message = Rules.HOST_MESSAGE)
          @Pattern(regexp = Rules.HOST, message = Rules.HOST_MESSAGE)
          String host,
      @JsonProperty("Port")
          @NotNull(message = "must be a port between 1 and 65535")
          @Min(value = 1, message = "must be a port between 1 and 65535")
          @Max(value = 65535, message = "must be a port between 1 and 65535")
          Integer port,
      @JsonProperty("Password")
          @NotNull(message = Rules.PASSWORD_MESSAGE)
          @Pattern(regexp = Rules.PASSWORD, message = Rules.PASSWORD_MESSAGE)
          String password,
      @JsonProperty("captureProvenance") @Nullable Boolean captureProvenance,
      @JsonProperty("supabaseReference")
          @Pattern(regexp = Rules.SUPABASE, message = Rules.SUPABASE_MESSAGE)
          @Nullable String supabaseReference,
      @JsonProperty("dbosAdminName")
          @Pattern(regexp = Rules.LINKED_ROLE, message = Rules.LINKED_ROLE_MESSAGE)
          @Nullable String administrator) {

    @Override
    public String toString() {
      return "LinkRequest[" + name + ']';
    }
  }

  private final InstanceRequests requests;
  private final InstanceViews views;
  private final Caller caller;
  private final String publicHost;

  @Inject
  DatabasesResource(
      InstanceRequests requests,
      InstanceViews views,
      Caller caller,
      @ConfigProperty(name = "slipway.public.host") String publicHost) {
    this.requests = requests;
    this.views = views;
    this.caller = caller;
    this.publicHost = publicHost;
  }

  @GET
  public List<UserDatabase> list() throws SQLException {
    return views.list(caller.organization()).stream()
        .map(view -> UserDatabase.of(view, publicHost))
        .toList();
  }

  /// An instance that failed to come into being answers 409 with the cause: the official command
  /// polls this for as long as it succeeds.
  @GET
  @Path("userdb/info/{name}")
  public UserDatabase info(@PathParam("name") String name) throws SQLException {
    InstanceView view =
        views.find(caller.organization(), name).orElseThrow(() -> InstanceErrors.notFound(name));
    Cause cause = view.cause();
    if (view.status() == InstanceStatus.FAILED && cause != null) {
      throw ApiException.of(
              INSTANCE_FAILED,
              "database %s could not be provisioned: %s".formatted(name, cause.message()))
          .operation(view.instance().operation())
          .detailedError(
              "Operation %s, cause %s. Provision it again under the same name, or remove the record with: slipway db destroy %s"
                  .formatted(view.instance().operation(), cause.code(), name))
          .build();
    }
    return UserDatabase.of(view, publicHost);
  }

  @POST
  @Path("userdb")
  public Response provision(
      @NotNull @Valid ProvisionRequest body, @HeaderParam("Idempotency-Key") @Nullable String key)
      throws SQLException {
    return requests.provision(body, key);
  }

  @POST
  @Path("userdb/{name}/credentials")
  public Response resetPassword(
      @PathParam("name") String name,
      @NotNull @Valid CredentialsRequest body,
      @HeaderParam("Idempotency-Key") @Nullable String key,
      @HeaderParam("Prefer") @Nullable String prefer)
      throws SQLException, InterruptedException {
    return requests.resetPassword(name, body, key, prefer);
  }

  @DELETE
  @Path("userdb/{name}")
  public Response destroy(
      @PathParam("name") String name,
      @HeaderParam("Idempotency-Key") @Nullable String key,
      @HeaderParam("Prefer") @Nullable String prefer)
      throws SQLException, InterruptedException {
    return requests.destroy(name, key, prefer);
  }

  @POST
  @Path("byod")
  public Response link(
      @NotNull @Valid LinkRequest body,
      @HeaderParam("Idempotency-Key") @Nullable String key,
      @HeaderParam("Prefer") @Nullable String prefer)
      throws SQLException, InterruptedException {
    return requests.link(body, key, prefer);
  }

  @DELETE
  @Path("byod/{name}")
  public Response unlink(
      @PathParam("name") String name,
      @HeaderParam("Idempotency-Key") @Nullable String key,
      @HeaderParam("Prefer") @Nullable String prefer)
      throws SQLException, InterruptedException {
    return requests.unlink(name, key, prefer);
  }

  @POST
  @Path("userdb/{name}/restore")
  public Response restore(@PathParam("name") String name) {
    throw new ApiException(
        NOT_SUPPORTED, "this version of Slipway does not restore database instances yet");
  }

  @POST
  @Path("userdb/{name}/createuserdbrole")
  public Response createRole(@PathParam("name") String name) {
    throw new ApiException(
        NOT_SUPPORTED,
        "Slipway keeps no passwords to hand out, give the role one with: slipway db reset-password "
            + "NAME");
  }
}
