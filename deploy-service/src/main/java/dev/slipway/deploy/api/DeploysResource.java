package dev.slipway.deploy.api;

import com.fasterxml.jackson.annotation.JsonProperty;
import io.smallrye.common.annotation.RunOnVirtualThread;
import jakarta.inject.Inject;
import jakarta.ws.rs.DefaultValue;
import jakarta.ws.rs.HeaderParam;
import jakarta.ws.rs.POST;
import jakarta.ws.rs.Path;
import jakarta.ws.rs.PathParam;
import jakarta.ws.rs.Produces;
import jakarta.ws.rs.QueryParam;
import jakarta.ws.rs.core.MediaType;
import jakarta.ws.rs.core.Response;
import java.io.IOException;
import java.io.InputStream;
import java.sql.SQLException;
import org.jspecify.annotations.Nullable;

/// What brings a version up. The bodies may carry an archive of half a gigabyte, so they are read
/// as a stream, and only once it is known who asks and that the application is there and not busy.
///
/// The answer comes when the version serves, or never will: then with the last lines of what
/// failed.
@Path("/v1alpha1/{org}")
@Produces(MediaType.APPLICATION_JSON)
@RunOnVirtualThread
public class DeploysResource {

  /// The version that was brought up.
  public record Deployed(@JsonProperty("ApplicationVersion") String version) {}

  private final ApplicationRequests requests;
  private final Uploads uploads;

  @Inject
  DeploysResource(ApplicationRequests requests, Uploads uploads) {
    this.requests = requests;
    this.uploads = uploads;
  }

  /// Deploys an archive (`application_archive`), or a version that is kept (`previous_version`).
  ///
  /// @param allowBreaking whether a version that is kept may serve although later ones have changed
  ///     the schema, and migrations may drop what active workflows of earlier versions use
  @POST
  @Path("applications/{app}")
  public Response deploy(
      @PathParam("app") String name,
      InputStream body,
      @QueryParam("allowBreaking") @DefaultValue("false") boolean allowBreaking,
      @HeaderParam("Idempotency-Key") @Nullable String key,
      @HeaderParam("Prefer") @Nullable String prefer)
      throws SQLException, InterruptedException, IOException {
    String request = "POST applications/" + name;
    ready(name, request, key, body);
    return requests.deploy(name, uploads.read(body), allowBreaking, request, key, prefer);
  }

  /// As a deploy, on the instance `target_database_name`.
  @POST
  @Path("applications/{app}/changedbinstance")
  public Response changeInstance(
      @PathParam("app") String name,
      InputStream body,
      @HeaderParam("Idempotency-Key") @Nullable String key,
      @HeaderParam("Prefer") @Nullable String prefer)
      throws SQLException, InterruptedException, IOException {
    String request = "POST applications/" + name + "/changedbinstance";
    ready(name, request, key, body);
    return requests.changeInstance(name, uploads.read(body), request, key, prefer);
  }

  /// With an archive, runs its roll-back commands and then its code, as official commands up to
  /// 2.6.19 ask. Without one, goes back to `version`, or to the version that served before.
  ///
  /// @param dryRun says what would be undone, and does nothing
  @POST
  @Path("applications/{app}/rollback")
  public Response rollBack(
      @PathParam("app") String name,
      InputStream body,
      @QueryParam("dryRun") @DefaultValue("false") boolean dryRun,
      @HeaderParam("Idempotency-Key") @Nullable String key,
      @HeaderParam("Prefer") @Nullable String prefer)
      throws SQLException, InterruptedException, IOException {
    String request = "POST applications/" + name + "/rollback";
    if (!dryRun) {
      ready(name, request, key, body);
    }
    Upload upload = uploads.read(body);
    if (dryRun && upload.archive() != null) {
      throw ApplicationErrors.invalid("application_archive", "cannot be tried without doing it");
    }
    if (dryRun) {
      return Response.ok(requests.rollBackPlan(requests.existing(name), upload.version())).build();
    }
    return upload.archive() == null
        ? requests.rollBack(name, upload, request, key, prefer)
        : requests.rollBackByUpload(name, upload, request, key, prefer);
  }

  /// A refusal is only read by a client that could send all it had to say.
  private void ready(String name, String request, @Nullable String key, InputStream body)
      throws SQLException, IOException {
    try {
      requests.ready(name, request, key);
    } catch (RuntimeException refusal) {
      uploads.discard(body);
      throw refusal;
    }
  }
}
