package dev.slipway.account.api;

import com.fasterxml.jackson.annotation.JsonInclude;
import com.fasterxml.jackson.annotation.JsonInclude.Include;
import dev.slipway.account.audit.Origin;
import dev.slipway.account.membership.Authorization;
import dev.slipway.common.id.Identifiers;
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
  /// @param entry        names the call in the audit log, the same each time it is asked about
  /// @param address      of the caller's connection
  /// @param agent        what the caller says it is
  /// @param request      the identifier of the request
  public record Question(
      @Nullable String token,
      @Nullable String organization,
      @Nullable String method,
      @Nullable String path,
      @Nullable String entry,
      @Nullable String address,
      @Nullable String agent,
      @Nullable String request) {

    /// Keeps the token out of logs.
    @Override
    public String toString() {
      return "Question[" + method + " " + path + "]";
    }
  }

  /// @param token        what to send on in its place
  /// @param user         the id of the user; null before registration
  /// @param organization the id of the organization; null when the path has none
  /// @param recorded     whether the gateway has to say afterwards what came of the call
  @JsonInclude(Include.ALWAYS)
  public record Answer(
      String token, @Nullable String user, @Nullable String organization, boolean recorded) {}

  private final Authorization authorization;

  AuthorizeResource(Authorization authorization) {
    this.authorization = authorization;
  }

  @POST
  @Operation(summary = "Exchange a caller's token for the internal one, or refuse")
  public Answer authorize(@NotNull(message = "must be given") Question body) {
    String entry = body.entry();
    Authorization.Granted granted =
        authorization.authorize(
            new Authorization.Asked(
                entry == null ? Identifiers.next("aud") : entry,
                body.token(),
                body.organization(),
                looksItself(body),
                body.method() == null ? "" : body.method(),
                plain(body.path()),
                new Origin(text(body.address()), text(body.agent()), text(body.request()))));
    return new Answer(granted.token(), granted.user(), granted.organization(), granted.recorded());
  }

  private static String text(@Nullable String value) {
    return value == null ? "" : value;
  }

  /// A path without its query, which may hold what is nobody's business.
  private static String plain(@Nullable String path) {
    String text = text(path);
    int query = text.indexOf('?');
    return query < 0 ? text : text.substring(0, query);
  }

  /// The paths whose organization need not be the caller's own, since their resource looks itself:
  /// a join, and a rename, which is repeated under a name that is no more.
  private static boolean looksItself(Question question) {
    String method = question.method();
    if (method == null) {
      return false;
    }
    String plain = plain(question.path());
    String organization = "/v1alpha1/" + question.organization();
    return switch (method) {
      case "POST" -> plain.equals(organization + "/join");
      case "PATCH" -> plain.equals(organization);
      default -> false;
    };
  }
}
