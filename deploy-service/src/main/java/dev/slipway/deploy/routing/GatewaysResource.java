package dev.slipway.deploy.routing;

import dev.slipway.common.security.Internal;
import io.smallrye.common.annotation.RunOnVirtualThread;
import jakarta.inject.Inject;
import jakarta.validation.Valid;
import jakarta.validation.constraints.NotNull;
import jakarta.validation.constraints.Pattern;
import jakarta.validation.constraints.PositiveOrZero;
import jakarta.ws.rs.PUT;
import jakarta.ws.rs.Path;
import jakarta.ws.rs.PathParam;
import java.util.Map;

/// Gateways say here which routes they have: at their start, whenever a route changes, and every
/// two seconds, which also says that they live.
@Path("/internal/gateways")
@Internal
@RunOnVirtualThread
public class GatewaysResource {

  /// The routes that a gateway has.
  ///
  /// @param revisions by application, `app_…`
  public record Acknowledgement(
      @NotNull
          Map<@Pattern(regexp = "app_[0-9a-z]{1,60}") String, @NotNull @PositiveOrZero Long>
              revisions) {}

  private final ToldRoutes routes;

  @Inject
  GatewaysResource(ToldRoutes routes) {
    this.routes = routes;
  }

  @PUT
  @Path("{id}")
  public void acknowledge(
      @PathParam("id") @Pattern(regexp = "[A-Za-z0-9_-]{1,64}") String id,
      @NotNull @Valid Acknowledgement body) {
    routes.heard(id, body.revisions());
  }
}
