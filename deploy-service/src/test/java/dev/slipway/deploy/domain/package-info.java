@NullMarked
package dev.slipway.deploy.domain;

import org.jspecify.annotations.NullMarked;
