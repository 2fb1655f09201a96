package dev.slipway.account.api;

import com.fasterxml.jackson.annotation.JsonInclude;
import com.fasterxml.jackson.annotation.JsonInclude.Include;
import dev.slipway.account.membership.Authorization;
import dev.slipway.common.security.Internal;
import io.smallrye.common.annotation.RunOnVirtualThread;
import jakarta.validation.constraints.NotNull;
import jakarta.ws.rs.POST;
import jakarta.ws.rs.Path;
import org.eclipse.microprofile.openapi.annotations.Operation;
import org.eclipse.microprofile.openapi.annotations.tags.Tag;
import org.jspecify.annotations.Nullable;

/// The question the gateway asks at each request. Its refusals are what the caller gets to see.
@Path("/internal/authorize")
@Tag(name = "internal")
@Internal
@RunOnVirtualThread
public class AuthorizeResource {

  /// @param token        what the caller sent as bearer
  /// @param organization the name in the path; null when the path has none
  /// @param path         as the caller sent it
  public record Question(
      @Nullable String token,
      @Nullable String organization,
      @Nullable String method,
      @Nullable String path) {

    /// Keeps the token out of logs.
    @Override
    public String toString() {
      return "Question[" + method + " " + path + "]";
    }
  }

  /// @param token        what to send on in its place
  /// @param user         the id of the user; null before registration
  /// @param organization the id of the organization; null when the path has none
  @JsonInclude(Include.ALWAYS)
  public record Answer(String token, @Nullable String user, @Nullable String organization) {}

  private final Authorization authorization;

  AuthorizeResource(Authorization authorization) {
    this.authorization = authorization;
  }

  @POST
  @Operation(summary = "Exchange a caller's token for the internal one, or refuse")
  public Answer authorize(@NotNull(message = "must be given") Question body) {
    Authorization.Granted granted =
        authorization.authorize(body.token(), body.organization(), looksItself(body));
    return new Answer(granted.token(), granted.user(), granted.organization());
  }

  /// The paths whose organization need not be the caller's own, since their resource looks itself:
  /// a join, and a rename, which is repeated under a name that is no more.
  private static boolean looksItself(Question question) {
    String path = question.path();
    String method = question.method();
    if (path == null || method == null) {
      return false;
    }
    int query = path.indexOf('?');
    String plain = query < 0 ? path : path.substring(0, query);
    String organization = "/v1alpha1/" + question.organization();
    return switch (method) {
      case "POST" -> plain.equals(organization + "/join");
      case "PATCH" -> plain.equals(organization);
      default -> false;
    };
  }
}
