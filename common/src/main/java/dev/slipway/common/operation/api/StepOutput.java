package dev.slipway.common.operation.api;

import dev.slipway.common.operation.OperationView;
import dev.slipway.common.operation.OperationView.StepView;
import io.quarkus.arc.DefaultBean;
import jakarta.inject.Singleton;
import java.util.Optional;

/// What a step runs may write while it does. A service whose steps run such things implements this;
/// in the others nothing is written.
public interface StepOutput {

  /// The last line so far. It is shown to whoever may see the operation, so it holds no secret.
  Optional<String> lastLine(OperationView operation, StepView running);

  /// Of a service whose steps run nothing that writes.
  @DefaultBean
  @Singleton
  final class None implements StepOutput {

    @Override
    public Optional<String> lastLine(OperationView operation, StepView running) {
      return Optional.empty();
    }
  }
}
