package dev.slipway.account.api;

import dev.slipway.account.feed.EventFilter;
import dev.slipway.account.feed.Feed;
import dev.slipway.account.feed.SharedReads;
import dev.slipway.account.feed.Subscription;
import dev.slipway.account.feed.Subscriptions;
import dev.slipway.common.error.ApiException;
import dev.slipway.common.error.ErrorCode;
import dev.slipway.common.security.Caller;
import io.smallrye.common.annotation.RunOnVirtualThread;
import io.vertx.ext.web.RoutingContext;
import jakarta.ws.rs.GET;
import jakarta.ws.rs.HEAD;
import jakarta.ws.rs.HeaderParam;
import jakarta.ws.rs.Path;
import jakarta.ws.rs.PathParam;
import jakarta.ws.rs.Produces;
import jakarta.ws.rs.QueryParam;
import jakarta.ws.rs.core.Context;
import jakarta.ws.rs.core.MediaType;
import jakarta.ws.rs.core.StreamingOutput;
import java.sql.SQLException;
import java.time.Duration;
import java.util.List;
import org.eclipse.microprofile.config.inject.ConfigProperty;
import org.eclipse.microprofile.openapi.annotations.Operation;
import org.eclipse.microprofile.openapi.annotations.enums.SchemaType;
import org.eclipse.microprofile.openapi.annotations.media.Content;
import org.eclipse.microprofile.openapi.annotations.media.Schema;
import org.eclipse.microprofile.openapi.annotations.parameters.Parameter;
import org.eclipse.microprofile.openapi.annotations.responses.APIResponse;
import org.eclipse.microprofile.openapi.annotations.tags.Tag;
import org.jspecify.annotations.Nullable;

/// What happens in an organization, in one order, from any place on.
///
/// As `text/event-stream` it goes on until the caller leaves, the sign-in ends, or the membership
/// does. As `application/x-ndjson` it ends after what is there now. The number of an event is its
/// `id`, and `number` in its JSON, which is a CloudEvent.
///
/// Without a position the oldest event that is kept comes first. A header `Last-Event-ID` counts
/// more than `after`, since browsers repeat the address as it was when they come back.
@Path("/v1alpha1/{organization}/events")
@Tag(name = "organization")
@RunOnVirtualThread
public class EventsResource {

  private static final String NDJSON = "application/x-ndjson";
  private static final String LATEST = "latest";
  private static final int MOST_VALUES = 100;

  private final Feed feed;
  private final SharedReads reads;
  private final Subscriptions subscriptions;
  private final Caller caller;
  private final Duration heartbeat;

  EventsResource(
      Feed feed,
      SharedReads reads,
      Subscriptions subscriptions,
      Caller caller,
      @ConfigProperty(name = "slipway.events.heartbeat", defaultValue = "15s") Duration heartbeat) {
    this.feed = feed;
    this.reads = reads;
    this.subscriptions = subscriptions;
    this.caller = caller;
    this.heartbeat = heartbeat;
  }

  @GET
  @Produces(MediaType.SERVER_SENT_EVENTS)
  @Operation(
      summary = "Follow the events",
      description =
          "Server-sent events: `id` is the number, `data` a CloudEvent. 410 when the position is"
              + " older than the oldest event that is kept, which it is for 30 days; 400 when it is"
              + " beyond the end.")
  @APIResponse(
      responseCode = "200",
      content =
          @Content(
              mediaType = MediaType.SERVER_SENT_EVENTS,
              schema = @Schema(type = SchemaType.STRING)))
  public StreamingOutput follow(
      @PathParam("organization") String organization,
      @Parameter(description = "The number after which to go on.") @HeaderParam("Last-Event-ID")
          @Nullable String lastEventId,
      @Parameter(
              description = "The same for the first time, or `latest` for nothing that was before.")
          @QueryParam("after")
          @Nullable String after,
      @Parameter(description = "Of these operations, and of what they have begun elsewhere.")
          @QueryParam("operation")
          List<String> operations,
      @Parameter(description = "Of operations of these kinds: `instance.provision`.")
          @QueryParam("kind")
          List<String> kinds,
      @Parameter(
              description =
                  "Of these types, with or without `slipway.` and version: `operation.ended`.")
          @QueryParam("type")
          List<String> types,
      @Parameter(description = "About these subjects, by identifier or name.")
          @QueryParam("subject")
          List<String> subjects,
      @Context RoutingContext exchange)
      throws SQLException {
    EventFilter filter = filter(organization, operations, kinds, types, subjects);
    long position = position(lastEventId, after);
    Subscription subscription =
        subscriptions.follow(caller.user(), caller.organization(), caller.signedInUntil());
    exchange.addEndHandler(over -> subscription.end("the reader has left"));
    return new EventStream(reads, subscription, caller.organization(), filter, position, heartbeat);
  }

  @GET
  @Produces(NDJSON)
  @Operation(summary = "List the events that are there now, one JSON in each line")
  @APIResponse(
      responseCode = "200",
      content = @Content(mediaType = NDJSON, schema = @Schema(type = SchemaType.STRING)))
  public StreamingOutput list(
      @PathParam("organization") String organization,
      @HeaderParam("Last-Event-ID") @Nullable String lastEventId,
      @QueryParam("after") @Nullable String after,
      @QueryParam("operation") List<String> operations,
      @QueryParam("kind") List<String> kinds,
      @QueryParam("type") List<String> types,
      @QueryParam("subject") List<String> subjects)
      throws SQLException {
    EventFilter filter = filter(organization, operations, kinds, types, subjects);
    long position = position(lastEventId, after);
    return new EventList(feed, caller.organization(), filter, position);
  }

  /// Looking whether it is there opens no stream.
  @HEAD
  @Produces({MediaType.SERVER_SENT_EVENTS, NDJSON})
  @Operation(hidden = true)
  public void look(@PathParam("organization") String organization) {
    OrganizationResource.requireOwn(caller, organization);
  }

  private EventFilter filter(
      String organization,
      List<String> operations,
      List<String> kinds,
      List<String> types,
      List<String> subjects) {
    OrganizationResource.requireOwn(caller, organization);
    if (operations.size() + kinds.size() + types.size() + subjects.size() > MOST_VALUES) {
      throw new ApiException(
          ErrorCode.INVALID_REQUEST,
          "operation, kind, type and subject must be given at most %d times together"
              .formatted(MOST_VALUES));
    }
    return new EventFilter(operations, kinds, types, subjects);
  }

  private long position(@Nullable String lastEventId, @Nullable String after) throws SQLException {
    Feed.Page bounds = feed.bounds(caller.organization());
    return lastEventId == null
        ? position("after", after, bounds)
        : position("Last-Event-ID", lastEventId, bounds);
  }

  private static long position(String field, @Nullable String given, Feed.Page bounds) {
    if (given == null) {
      return bounds.first() - 1;
    }
    if (given.equals(LATEST)) {
      return bounds.last();
    }
    long position;
    try {
      position = Long.parseLong(given);
    } catch (NumberFormatException noNumber) {
      throw notAPosition(field, bounds);
    }
    if (bounds.continues(position)) {
      return position;
    }
    if (position >= 0 && position < bounds.first()) {
      throw new ApiException(
          EventErrors.EVENTS_GONE,
          "the events after %d are no longer kept; those after %d are"
              .formatted(position, bounds.first() - 1));
    }
    throw notAPosition(field, bounds);
  }

  private static ApiException notAPosition(String field, Feed.Page bounds) {
    String allowed =
        "must be a number from %d to %d, or %s"
            .formatted(bounds.first() - 1, bounds.last(), LATEST);
    return ApiException.of(ErrorCode.INVALID_REQUEST, field + " " + allowed)
        .field(field, allowed)
        .build();
  }
}
