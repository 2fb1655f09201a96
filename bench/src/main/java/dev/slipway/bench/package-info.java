/// Measures what an operation costs apart from what its steps do.
///
/// [OperationsBench] is the program: it starts a Kafka and a Postgres of its own and two replicas
/// of a service, and asks them for operations. The rest is that service, with [FiveSteps] on
/// Slipway's kernel and [FiveTransactSteps] on DBOS Transact.
@NullMarked
package dev.slipway.bench;

import org.jspecify.annotations.NullMarked;
