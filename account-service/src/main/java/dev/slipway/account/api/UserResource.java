package dev.slipway.account.api;

import com.fasterxml.jackson.annotation.JsonProperty;
import dev.slipway.account.membership.Memberships;
import dev.slipway.common.operation.api.KeyedCalls;
import dev.slipway.common.security.Caller;
import io.smallrye.common.annotation.RunOnVirtualThread;
import jakarta.validation.Valid;
import jakarta.validation.constraints.NotNull;
import jakarta.validation.constraints.Pattern;
import jakarta.validation.constraints.Size;
import jakarta.ws.rs.GET;
import jakarta.ws.rs.HeaderParam;
import jakarta.ws.rs.PUT;
import jakarta.ws.rs.Path;
import jakarta.ws.rs.Produces;
import jakarta.ws.rs.core.MediaType;
import java.sql.SQLException;
import java.time.temporal.ChronoUnit;
import org.eclipse.microprofile.openapi.annotations.Operation;
import org.eclipse.microprofile.openapi.annotations.tags.Tag;
import org.jspecify.annotations.Nullable;

/// The caller as a user.
@Path("/v1alpha1/user")
@Tag(name = "user")
@RunOnVirtualThread
public class UserResource {

  private static final String TOO_LONG = "must have at most 100 characters";
  private static final String CONTROL = "must not have control characters";
  private static final String PLAIN = "\\P{Cntrl}*";

  /// @param secret opens another's organization; without one the user gets an own
  public record Registration(
      @AccountName String name,
      @JsonProperty("given_name")
          @Size(max = 100, message = TOO_LONG)
          @Pattern(regexp = PLAIN, message = CONTROL)
          @Nullable String givenName,
      @JsonProperty("family_name")
          @Size(max = 100, message = TOO_LONG)
          @Pattern(regexp = PLAIN, message = CONTROL)
          @Nullable String familyName,
      @Size(max = 100, message = TOO_LONG) @Pattern(regexp = PLAIN, message = CONTROL)
          @Nullable String company,
      @Size(max = 100, message = TOO_LONG) @Nullable String secret) {

    /// Keeps the secret out of logs.
    @Override
    public String toString() {
      return "Registration[name=" + name + "]";
    }
  }

  /// @param createdAt RFC 3339
  public record Profile(
      @JsonProperty("Name") String name,
      @JsonProperty("Email") String email,
      @JsonProperty("Organization") String organization,
      @JsonProperty("SubscriptionPlan") String subscriptionPlan,
      @JsonProperty("CreatedAt") String createdAt) {}

  private final Memberships memberships;
  private final KeyedCalls calls;
  private final Caller caller;

  UserResource(Memberships memberships, KeyedCalls calls, Caller caller) {
    this.memberships = memberships;
    this.calls = calls;
    this.caller = caller;
  }

  @PUT
  @Produces(MediaType.TEXT_PLAIN)
  @Operation(summary = "Register the caller as a user; answers its id")
  public String register(
      @NotNull(message = "must be given") @Valid Registration body,
      @HeaderParam("Idempotency-Key") @Nullable String key)
      throws SQLException {
    String secret = body.secret();
    var registration =
        new Memberships.Registration(
            body.name(),
            orEmpty(body.givenName()),
            orEmpty(body.familyName()),
            orEmpty(body.company()),
            secret == null || secret.isBlank() ? null : secret);
    return calls.change(
        caller.identity(),
        calls.key("PUT user", key, body),
        connection -> memberships.register(caller.identity(), registration));
  }

  @GET
  @Produces(MediaType.TEXT_PLAIN)
  @Operation(summary = "The caller's user name")
  public String name() {
    return memberships.profile(caller.identity()).name();
  }

  /// Every plan's features are there, hence the plan that clients take for all of them.
  @GET
  @Path("/profile")
  @Operation(summary = "The caller's profile; 404 user-not-registered before registration")
  public Profile profile() {
    Memberships.Profile profile = memberships.profile(caller.identity());
    return new Profile(
        profile.name(),
        profile.email(),
        profile.organizationName(),
        "pro",
        profile.createdAt().truncatedTo(ChronoUnit.SECONDS).toString());
  }

  private static String orEmpty(@Nullable String value) {
    return value == null ? "" : value;
  }
}
