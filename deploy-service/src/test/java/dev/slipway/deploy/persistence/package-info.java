@NullMarked
package dev.slipway.deploy.persistence;

import org.jspecify.annotations.NullMarked;
