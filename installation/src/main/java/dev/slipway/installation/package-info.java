/// Makes a platform in containers ready: run twice by `docker-compose.yml`, to an end each time.
///
/// [Secrets] makes what must be secret, once, and hands each part what is due to it. [Stores] makes
/// the databases and topics when Postgres and Kafka answer. Either may be run again at any time.
@NullMarked
package dev.slipway.installation;

import org.jspecify.annotations.NullMarked;
