/// The contract of the port on a Docker engine, and what only containers can do wrong.
@NullMarked
package dev.slipway.instance.driver.docker;

import org.jspecify.annotations.NullMarked;
