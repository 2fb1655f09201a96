package dev.slipway.account.api;

import com.fasterxml.jackson.annotation.JsonProperty;
import dev.slipway.account.membership.Memberships;
import dev.slipway.common.operation.api.KeyedCalls;
import dev.slipway.common.security.Caller;
import io.smallrye.common.annotation.RunOnVirtualThread;
import jakarta.validation.Valid;
import jakarta.validation.constraints.NotBlank;
import jakarta.validation.constraints.NotNull;
import jakarta.validation.constraints.Size;
import jakarta.ws.rs.DELETE;
import jakarta.ws.rs.GET;
import jakarta.ws.rs.HeaderParam;
import jakarta.ws.rs.PATCH;
import jakarta.ws.rs.POST;
import jakarta.ws.rs.Path;
import jakarta.ws.rs.PathParam;
import jakarta.ws.rs.Produces;
import jakarta.ws.rs.core.MediaType;
import java.sql.SQLException;
import java.util.List;
import org.eclipse.microprofile.openapi.annotations.Operation;
import org.eclipse.microprofile.openapi.annotations.tags.Tag;
import org.jspecify.annotations.Nullable;

/// The caller's organization, and joining another one.
@Path("/v1alpha1/{organization}")
@Tag(name = "organization")
@RunOnVirtualThread
public class OrganizationResource {

  /// The new name of an organization.
  public record Renaming(@AccountName String newName) {}

  /// What opens an organization.
  public record Joining(
      @NotBlank(message = "must be given")
          @Size(max = 100, message = "must have at most 100 characters")
          String secret) {

    /// Keeps the secret out of logs.
    @Override
    public String toString() {
      return "Joining";
    }
  }

  /// The members of an organization.
  public record Members(
      @JsonProperty("OrgName") String organization,
      @JsonProperty("UserNames") List<String> users) {}

  private final Memberships memberships;
  private final KeyedCalls calls;
  private final Caller caller;

  OrganizationResource(Memberships memberships, KeyedCalls calls, Caller caller) {
    this.memberships = memberships;
    this.calls = calls;
    this.caller = caller;
  }

  /// With a key, the same invitation again.
  @GET
  @Path("/secret")
  @Produces(MediaType.TEXT_PLAIN)
  @Operation(summary = "Make an invitation: a secret that works once and for 24 hours; admin only")
  public String invite(
      @PathParam("organization") String organization,
      @HeaderParam("Idempotency-Key") @Nullable String key)
      throws SQLException {
    requireOwn(caller, organization);
    String invitation =
        calls.change(
            caller.user(),
            calls.key("GET %s/secret".formatted(caller.organization()), key, ""),
            connection -> memberships.invite(caller.user(), caller.organization()));
    return memberships.secretOf(invitation);
  }

  @GET
  @Path("/users")
  @Operation(summary = "List the members")
  public Members members(@PathParam("organization") String organization) {
    requireOwn(caller, organization);
    return new Members(organization, memberships.members(caller.organization()));
  }

  @PATCH
  @Operation(summary = "Rename the organization; admin only")
  public void rename(
      @PathParam("organization") String organization,
      @NotNull(message = "must be given") @Valid Renaming body,
      @HeaderParam("Idempotency-Key") @Nullable String key)
      throws SQLException {
    once(
        "PATCH " + organization,
        key,
        body,
        () -> {
          requireOwn(caller, organization);
          memberships.rename(caller.user(), caller.organization(), organization, body.newName());
        });
  }

  @POST
  @Path("/join")
  @Operation(summary = "Join this organization with a secret")
  public void join(
      @PathParam("organization") String organization,
      @NotNull(message = "must be given") @Valid Joining body,
      @HeaderParam("Idempotency-Key") @Nullable String key)
      throws SQLException {
    once(
        "POST %s/join".formatted(organization),
        key,
        body,
        () -> memberships.join(caller.user(), organization, body.secret()));
  }

  @DELETE
  @Path("/{user}")
  @Operation(summary = "Remove a member at once; admin only")
  public void remove(
      @PathParam("organization") String organization,
      @PathParam("user") String user,
      @HeaderParam("Idempotency-Key") @Nullable String key)
      throws SQLException {
    once(
        "DELETE %s/%s".formatted(organization, user),
        key,
        "",
        () -> {
          requireOwn(caller, organization);
          memberships.remove(caller.user(), caller.organization(), organization, user);
        });
  }

  /// Changes something, once for each key. A key belongs to the user: the organization may be
  /// another one when the call comes again.
  private void once(String request, @Nullable String key, Object body, Runnable change)
      throws SQLException {
    calls.change(
        caller.user(),
        calls.key(request, key, body),
        connection -> {
          change.run();
          return caller.user();
        });
  }

  /// The gateway has asked before; the token says for which organization.
  static void requireOwn(Caller caller, String organization) {
    if (!organization.equals(caller.organizationName())) {
      throw Memberships.organizationNotFound(organization);
    }
  }
}
