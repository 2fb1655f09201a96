package dev.slipway.bench;

import dev.slipway.common.id.Identifiers;
import dev.slipway.common.operation.BeginRequest;
import dev.slipway.common.operation.Begun;
import dev.slipway.common.operation.OperationEngine;
import dev.slipway.common.operation.Outcome;
import dev.slipway.common.security.Internal;
import io.smallrye.common.annotation.RunOnVirtualThread;
import jakarta.inject.Inject;
import jakarta.ws.rs.POST;
import jakarta.ws.rs.Path;
import jakarta.ws.rs.Produces;
import jakarta.ws.rs.core.MediaType;
import java.sql.SQLException;
import java.time.Duration;

/// Answers when what was asked for has ended.
@Path("/bench")
@Internal
@RunOnVirtualThread
@Produces(MediaType.TEXT_PLAIN)
public class BenchResource {

  private static final Duration LONGEST = Duration.ofSeconds(30);

  private final OperationEngine engine;
  private final FiveTransactSteps transact;

  @Inject
  BenchResource(OperationEngine engine, FiveTransactSteps transact) {
    this.engine = engine;
    this.transact = transact;
  }

  /// One operation of five steps on a new subject.
  ///
  /// @return how it ended
  @POST
  @Path("operations")
  public String operation() throws SQLException, InterruptedException {
    String subject = Identifiers.next("bsb");
    Begun begun =
        engine.begin(
            BeginRequest.of(
                FiveSteps.KIND,
                subject,
                subject,
                "org_bench",
                "bench",
                new FiveSteps.Input(),
                null));
    if (!(begun instanceof Begun.New(String id))) {
      throw new IllegalStateException("A new subject is not busy");
    }
    return engine.awaitOutcome(id, LONGEST).map(Outcome::name).orElse("not ended");
  }

  /// One workflow of five steps.
  ///
  /// @return how many steps were done
  @POST
  @Path("workflows")
  public String workflow() {
    return Integer.toString(transact.run());
  }
}
