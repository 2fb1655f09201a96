/// The operation kernel: plans of named steps, run to their end whatever is killed when.
///
/// Start with [Operation] and [Plan]; [Transition] says what follows from what; [OperationEngine]
/// carries it out. This package knows no business and no contract.
@NullMarked
package dev.slipway.common.operation;

import org.jspecify.annotations.NullMarked;
