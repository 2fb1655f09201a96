package dev.slipway.instance.binding;

import dev.slipway.common.error.ApiException;
import dev.slipway.common.error.ErrorCode;
import dev.slipway.common.security.Internal;
import dev.slipway.instance.domain.Instance;
import dev.slipway.instance.persistence.InstanceView;
import dev.slipway.instance.persistence.SqlBindings;
import dev.slipway.instance.persistence.SqlBindings.Bound;
import io.smallrye.common.annotation.RunOnVirtualThread;
import jakarta.inject.Inject;
import jakarta.validation.Valid;
import jakarta.validation.constraints.NotNull;
import jakarta.validation.constraints.Pattern;
import jakarta.ws.rs.DELETE;
import jakarta.ws.rs.PUT;
import jakarta.ws.rs.Path;
import jakarta.ws.rs.PathParam;
import jakarta.ws.rs.Produces;
import jakarta.ws.rs.QueryParam;
import jakarta.ws.rs.core.MediaType;
import jakarta.ws.rs.core.Response;
import java.sql.SQLException;
import java.util.Objects;
import org.jspecify.annotations.Nullable;

/// Bindings of applications to instances. Both calls may be repeated.
@Path("/internal/bindings/{application}")
@Internal
@Produces(MediaType.APPLICATION_JSON)
@RunOnVirtualThread
public class BindingsResource {

  private static final ErrorCode APPLICATION_NOT_FOUND =
      new ErrorCode("application-not-found", 404);
  private static final ErrorCode INSTANCE_NOT_FOUND = new ErrorCode("instance-not-found", 404);
  private static final ErrorCode INSTANCE_UNAVAILABLE = new ErrorCode("instance-unavailable", 409);
  private static final String APPLICATION = "app_[0-9a-z]{26}";
  private static final String APPLICATION_MESSAGE = "must be the identifier of an application";
  private static final String NAME = "[^\\p{Cntrl}]{1,255}";
  private static final String NAME_MESSAGE = "must be a name";

  /// Which instance, and what the application is called.
  public record BindingRequest(
      @NotNull(message = NAME_MESSAGE) @Pattern(regexp = NAME, message = NAME_MESSAGE)
          String organization,
      @NotNull(message = NAME_MESSAGE) @Pattern(regexp = NAME, message = NAME_MESSAGE)
          String instanceName,
      @NotNull(message = NAME_MESSAGE) @Pattern(regexp = NAME, message = NAME_MESSAGE)
          String applicationName) {}

  /// The instance the application is bound to.
  ///
  /// @param instance `ins_…`
  /// @param linked   whether somebody else runs it
  public record BoundInstance(
      String instance, String name, String host, int port, boolean linked) {}

  private final SqlBindings bindings;

  @Inject
  BindingsResource(SqlBindings bindings) {
    this.bindings = bindings;
  }

  @PUT
  public BoundInstance bind(
      @PathParam("application") @Pattern(regexp = APPLICATION, message = APPLICATION_MESSAGE)
          String application,
      @NotNull @Valid BindingRequest body)
      throws SQLException {
    Bound bound =
        bindings.bind(
            application, body.applicationName(), body.organization(), body.instanceName());
    return switch (bound) {
      case Bound.To(InstanceView view) -> answer(view.instance());
      case Bound.NoApplication() ->
          throw new ApiException(
              APPLICATION_NOT_FOUND, "application %s is deleted".formatted(body.applicationName()));
      case Bound.NoInstance() ->
          throw new ApiException(
              INSTANCE_NOT_FOUND, "database %s not found".formatted(body.instanceName()));
      case Bound.Unavailable(InstanceView view) ->
          throw new ApiException(
              INSTANCE_UNAVAILABLE,
              "database %s cannot be used by an application, it is %s"
                  .formatted(view.instance().name(), view.status().word()));
    };
  }

  /// @param instance the one it is no longer bound to; absent when the application is deleted,
  ///     which ends all of its bindings and refuses any more
  @DELETE
  public Response release(
      @PathParam("application") @Pattern(regexp = APPLICATION, message = APPLICATION_MESSAGE)
          String application,
      @QueryParam("instance") @Nullable String instance)
      throws SQLException {
    if (instance == null) {
      bindings.releaseForGood(application);
    } else {
      bindings.release(application, instance);
    }
    return Response.noContent().build();
  }

  private static BoundInstance answer(Instance instance) {
    return new BoundInstance(
        instance.id(),
        instance.name(),
        Objects.requireNonNull(instance.host(), "only what has an address is bound"),
        Objects.requireNonNull(instance.port(), "an address has a port"),
        instance.linked());
  }
}
