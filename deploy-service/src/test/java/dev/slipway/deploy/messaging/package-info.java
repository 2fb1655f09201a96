/// Tests of what is taken in.
@NullMarked
package dev.slipway.deploy.messaging;

import org.jspecify.annotations.NullMarked;
