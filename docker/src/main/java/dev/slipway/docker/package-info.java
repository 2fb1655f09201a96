/// What the drivers of instances and of applications share of a Docker engine.
///
/// Whatever is asked of an engine goes through [Engine] and nothing else. [Names] are where both
/// find what is theirs, [Networks] what they share, [Turns] keep the acts of one process in order;
/// how the epoch in a container's name keeps out who was overtaken, see ADR 25.
@NullMarked
package dev.slipway.docker;

import org.jspecify.annotations.NullMarked;
