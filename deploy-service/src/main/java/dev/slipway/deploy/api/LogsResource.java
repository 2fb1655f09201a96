package dev.slipway.deploy.api;

import com.fasterxml.jackson.annotation.JsonProperty;
import dev.slipway.common.error.ApiException;
import dev.slipway.common.error.ErrorCode;
import dev.slipway.common.load.LargeAnswer;
import dev.slipway.deploy.domain.Application;
import dev.slipway.deploy.domain.Versions;
import dev.slipway.deploy.log.LogLine;
import dev.slipway.deploy.log.LogReader;
import io.smallrye.common.annotation.RunOnVirtualThread;
import jakarta.inject.Inject;
import jakarta.validation.constraints.Max;
import jakarta.validation.constraints.Min;
import jakarta.validation.constraints.Pattern;
import jakarta.ws.rs.DefaultValue;
import jakarta.ws.rs.GET;
import jakarta.ws.rs.Path;
import jakarta.ws.rs.PathParam;
import jakarta.ws.rs.Produces;
import jakarta.ws.rs.QueryParam;
import jakarta.ws.rs.core.MediaType;
import java.io.IOException;
import java.time.Duration;
import java.util.List;
import java.util.Objects;
import org.jspecify.annotations.Nullable;

/// What applications and the commands of their deploys have written, masked before it was stored.
@Path("/v1alpha1/{org}")
@Produces(MediaType.APPLICATION_JSON)
@RunOnVirtualThread
public class LogsResource {

  private static final int MOST_LINES = 10_000;
  private static final long LONGEST_SECONDS = 100L * 365 * 24 * 3600;

  /// A page as the official command reads it.
  ///
  /// @param end           whether there is nothing more at the moment
  /// @param body          the lines as text
  /// @param nextTimestamp where the next page begins, to be sent as `since`
  public record LogPage(
      @JsonProperty("end") boolean end,
      @JsonProperty("body") String body,
      @JsonProperty("next_timestamp") String nextTimestamp) {}

  /// What a command of a deploy has written.
  public record Output(
      @JsonProperty("Version") String version,
      @JsonProperty("Source") String source,
      @JsonProperty("Lines") List<String> lines) {}

  private final ApplicationRequests requests;
  private final Versions versions;
  private final LogReader logs;

  @Inject
  LogsResource(ApplicationRequests requests, Versions versions, LogReader logs) {
    this.requests = requests;
    this.versions = versions;
    this.logs = logs;
  }

  /// One page, oldest line first, of every version and source.
  ///
  /// @param last  no lines older than so many seconds; 0 for all
  /// @param since `next_timestamp` of the page before
  @LargeAnswer
  @GET
  @Path("logs/applications/{app}")
  public LogPage page(
      @PathParam("app") String name,
      @QueryParam("last")
          @DefaultValue("0")
          @Min(value = 0, message = "must be a number of seconds, or 0")
          @Max(value = LONGEST_SECONDS, message = "must be a number of seconds, or 0")
          long last,
      @QueryParam("limit")
          @DefaultValue("1000")
          @Min(value = 1, message = "must be 1 to 10000")
          @Max(value = MOST_LINES, message = "must be 1 to 10000")
          int limit,
      @QueryParam("since") @Nullable String since)
      throws IOException {
    Application application = requests.existing(name);
    Duration age = last == 0 ? null : Duration.ofSeconds(last);
    try {
      LogReader.Page page = logs.page(application.id(), since, age, limit);
      return new LogPage(page.end(), page.body(), page.nextTimestamp());
    } catch (IllegalArgumentException refused) {
      throw new ApiException(
          ErrorCode.INVALID_REQUEST, Objects.requireNonNull(refused.getMessage()));
    }
  }

  /// The kept output of one command of a version's deploy, or of one of its executors: its last
  /// lines.
  ///
  /// @param source `install`, `build`, `migrate`, `rollback` and so on, or an executor's identifier
  @GET
  @Path("applications/{app}/versions/{version}/output")
  public Output output(
      @PathParam("app") String name,
      @PathParam("version") String version,
      @QueryParam("source")
          @DefaultValue("migrate")
          @Pattern(
              regexp = "[a-z][a-z0-9-]{0,40}|exe_[0-9a-z]{26}",
              message = "must be the name of a run or an executor's identifier")
          String source,
      @QueryParam("limit")
          @DefaultValue("1000")
          @Min(value = 1, message = "must be 1 to 10000")
          @Max(value = MOST_LINES, message = "must be 1 to 10000")
          int limit)
      throws IOException {
    Application application = requests.existing(name);
    if (versions.find(application.id(), version).isEmpty()) {
      throw ApplicationErrors.versionNotFound(name, version);
    }
    List<String> lines =
        logs.tail(application.id(), version, source, limit).stream().map(LogLine::text).toList();
    return new Output(version, source, lines);
  }
}
