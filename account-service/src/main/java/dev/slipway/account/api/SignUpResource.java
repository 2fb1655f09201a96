package dev.slipway.account.api;

import dev.slipway.account.audit.AuditLog;
import dev.slipway.account.audit.Origin;
import dev.slipway.account.signin.Identities;
import dev.slipway.common.operation.api.KeyedCalls;
import dev.slipway.common.security.Anonymous;
import io.smallrye.common.annotation.RunOnVirtualThread;
import io.vertx.ext.web.RoutingContext;
import jakarta.validation.Valid;
import jakarta.validation.constraints.NotNull;
import jakarta.validation.constraints.Pattern;
import jakarta.validation.constraints.Size;
import jakarta.ws.rs.HeaderParam;
import jakarta.ws.rs.POST;
import jakarta.ws.rs.Path;
import jakarta.ws.rs.core.Response;
import java.sql.SQLException;
import java.util.Map;
import org.eclipse.microprofile.openapi.annotations.Operation;
import org.eclipse.microprofile.openapi.annotations.tags.Tag;
import org.jspecify.annotations.Nullable;

/// Makes identities: what can sign in, and is a user once it has registered.
@Path("/v1alpha1/sign-up")
@Tag(name = "sign-in")
@Anonymous
@RunOnVirtualThread
public class SignUpResource {

  /// @param email shown in the profile; nothing is sent to it
  public record SignUp(
      @AccountName String name,
      @Size(max = 254, message = "must have at most 254 characters")
          @Pattern(
              regexp = "|[^@\\s\\p{Cntrl}]+@[^@\\s\\p{Cntrl}]+",
              message = "must be an e-mail address, or be left out")
          @Nullable String email,
      @NotNull(message = "must be given")
          @Size(min = 8, max = 128, message = "must have 8 to 128 characters")
          String password) {

    /// Keeps the password out of logs.
    @Override
    public String toString() {
      return "SignUp[name=" + name + "]";
    }
  }

  private final Identities identities;
  private final KeyedCalls calls;
  private final AuditLog audit;

  SignUpResource(Identities identities, KeyedCalls calls, AuditLog audit) {
    this.audit = audit;
    this.identities = identities;
    this.calls = calls;
  }

  @POST
  @Operation(summary = "Make an identity: 201, or 409 name-taken")
  public Response signUp(
      @NotNull(message = "must be given") @Valid SignUp body,
      @HeaderParam("Idempotency-Key") @Nullable String key,
      RoutingContext request)
      throws SQLException {
    String email = body.email();
    Origin origin = CallerAddress.origin(request);
    String identity =
        identities.signUp(
            body.name(),
            email == null || email.isBlank() ? null : email,
            body.password(),
            origin.address(),
            calls.key("POST sign-up", key, body));
    audit.signedUp(identity, "/v1alpha1/sign-up", origin);
    return Response.status(Response.Status.CREATED).entity(Map.of()).build();
  }
}
