@NullMarked
package dev.slipway.deploy.driver.process;

import org.jspecify.annotations.NullMarked;
