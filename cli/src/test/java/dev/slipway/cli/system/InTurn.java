package dev.slipway.cli.system;

import java.lang.annotation.ElementType;
import java.lang.annotation.Retention;
import java.lang.annotation.RetentionPolicy;
import java.lang.annotation.Target;
import org.junit.jupiter.api.extension.ConditionEvaluationResult;
import org.junit.jupiter.api.extension.ExecutionCondition;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.api.extension.ExtensionContext;
import org.junit.platform.commons.support.AnnotationSupport;

/// On a test that takes minutes, and of which CI has time for a few: it runs there every fifth
/// day. `SLIPWAY_TEST_TURN` says whose turn it is, 0 to 4; all run where it is not set.
@Target(ElementType.TYPE)
@Retention(RetentionPolicy.RUNTIME)
@ExtendWith(InTurn.Turn.class)
@interface InTurn {

  /// The day in the epoch, modulo 5.
  int value();

  /// Skips those whose turn it is not.
  final class Turn implements ExecutionCondition {

    @Override
    public ConditionEvaluationResult evaluateExecutionCondition(ExtensionContext context) {
      String turn = System.getenv().getOrDefault("SLIPWAY_TEST_TURN", "");
      boolean skipped =
          !turn.isEmpty()
              && AnnotationSupport.findAnnotation(context.getTestClass(), InTurn.class)
                  .filter(its -> its.value() != Integer.parseInt(turn))
                  .isPresent();
      return skipped
          ? ConditionEvaluationResult.disabled("SLIPWAY_TEST_TURN=%s has others".formatted(turn))
          : ConditionEvaluationResult.enabled("it is its turn");
    }
  }
}
