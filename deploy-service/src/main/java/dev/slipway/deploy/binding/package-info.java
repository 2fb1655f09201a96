/// Asks instance-service which instance an application uses.
@NullMarked
package dev.slipway.deploy.binding;

import org.jspecify.annotations.NullMarked;
