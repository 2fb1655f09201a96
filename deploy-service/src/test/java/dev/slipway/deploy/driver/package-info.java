@NullMarked
package dev.slipway.deploy.driver;

import org.jspecify.annotations.NullMarked;
