/// The verbs, one file each. Read these first.
@NullMarked
package dev.slipway.deploy.operation;

import org.jspecify.annotations.NullMarked;
