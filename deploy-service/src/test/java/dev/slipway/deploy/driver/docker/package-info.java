@NullMarked
package dev.slipway.deploy.driver.docker;

import org.jspecify.annotations.NullMarked;
