package dev.slipway.common.operation;

import java.util.Optional;

/// One verb as an asynchronous state machine: a list of named steps, each with its undo beside it.
///
/// Implementations are stateless and carry [OperationKind]. They hold only the story; lease, retry,
/// deadline, cancel, unwinding, events and the log belong to the kernel.
///
/// @param <I> what was asked, fixed when the operation begins; holds no secret in the clear
/// @param <S> what the steps have found out so far, stored with each commit
public interface Operation<I extends Record, S extends Record> {

  /// The steps, in order. Called once, when the service starts.
  Plan<I, S> plan();

  /// Why this operation may not begin now, checked in the transaction that would begin it when
  /// another service asked for it. A refusal ends the operation at once as refused, which is the
  /// asker's answer.
  default Optional<Cause> refusal(String subject, I input) {
    return Optional.empty();
  }
}
