package dev.slipway.account.api;

import dev.slipway.account.audit.AuditLog;
import dev.slipway.common.security.Internal;
import io.smallrye.common.annotation.RunOnVirtualThread;
import jakarta.validation.Valid;
import jakarta.validation.constraints.NotNull;
import jakarta.validation.constraints.Size;
import jakarta.ws.rs.POST;
import jakarta.ws.rs.Path;
import java.sql.SQLException;
import java.util.List;
import org.eclipse.microprofile.openapi.annotations.Operation;
import org.eclipse.microprofile.openapi.annotations.tags.Tag;
import org.jspecify.annotations.Nullable;

/// What the gateway says afterwards of the calls it has let in.
@Path("/internal/audit/outcomes")
@Tag(name = "internal")
@Internal
@RunOnVirtualThread
public class AuditOutcomesResource {

  /// @param id         that the gateway gave the call when it asked about it
  /// @param status     of the answer
  /// @param operation  that the call has begun
  /// @param tookMillis until the answer had left
  public record Ended(
      @NotNull(message = "must be given") String id,
      int status,
      @Nullable String operation,
      long tookMillis) {}

  /// Several, so that one question does for many calls.
  public record Outcomes(
      @NotNull(message = "must be given") @Size(max = 1000, message = "must be at most 1000")
          List<@Valid Ended> outcomes) {}

  private final AuditLog log;

  AuditOutcomesResource(AuditLog log) {
    this.log = log;
  }

  @POST
  @Operation(summary = "Say what came of calls; the same again changes nothing")
  public void ended(@NotNull(message = "must be given") @Valid Outcomes body) throws SQLException {
    log.ended(
        body.outcomes().stream()
            .map(
                ended ->
                    new AuditLog.Outcome(
                        ended.id(), ended.status(), ended.operation(), ended.tookMillis()))
            .toList());
  }
}
