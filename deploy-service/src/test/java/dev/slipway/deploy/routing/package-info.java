@NullMarked
package dev.slipway.deploy.routing;

import org.jspecify.annotations.NullMarked;
