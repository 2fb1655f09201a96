/// Applications, versions, executors, secrets, and the rules about them. No framework.
@NullMarked
package dev.slipway.deploy.domain;

import org.jspecify.annotations.NullMarked;
