package dev.slipway.common.inbox.api;

import dev.slipway.common.inbox.ParkedMessages;
import dev.slipway.common.inbox.ParkedMessages.ParkedKey;
import dev.slipway.common.inbox.ParkedMessages.Retried;
import dev.slipway.common.security.Internal;
import io.smallrye.common.annotation.RunOnVirtualThread;
import jakarta.inject.Inject;
import jakarta.validation.constraints.NotNull;
import jakarta.ws.rs.GET;
import jakarta.ws.rs.POST;
import jakarta.ws.rs.Path;
import jakarta.ws.rs.Produces;
import jakarta.ws.rs.core.MediaType;
import java.sql.SQLException;
import java.util.List;
import org.jspecify.annotations.Nullable;

/// The messages that this service could not understand, by their keys.
@Path("/internal/messages")
@Internal
@Produces(MediaType.APPLICATION_JSON)
@RunOnVirtualThread
public class MessagesResource {

  /// @param key of which messages; left out for all
  public record Which(@Nullable String key) {}

  private final ParkedMessages messages;

  @Inject
  MessagesResource(ParkedMessages messages) {
    this.messages = messages;
  }

  /// What is parked, in the order in which the first of each key came.
  @GET
  public List<ParkedKey> list() throws SQLException {
    return messages.list();
  }

  /// Tries again what is parked; says of each key what came of it. Of a key of which nothing is
  /// parked nothing is said.
  @POST
  @Path("retry")
  public List<Retried> retry(@NotNull(message = "must be given") Which body) throws SQLException {
    return messages.retry(body.key());
  }
}
