/// Kafka and the control Postgres on one machine, without Docker.
///
/// Read [LocalStack] first: it starts [KafkaBroker], a broker inside this JVM, beside
/// [ControlPostgres], a server process that outlives the JVM and is adopted by the next one.
/// [PostgresBinaries] is where the server comes from. [Main] is the process `slipway up` runs;
/// [TestStack] is the same process for the length of a test run.
@NullMarked
package dev.slipway.localstack;

import org.jspecify.annotations.NullMarked;
