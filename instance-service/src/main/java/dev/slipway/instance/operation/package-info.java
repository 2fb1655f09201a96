/// What can be done with an instance: one file for each verb. Read these first.
@NullMarked
package dev.slipway.instance.operation;

import org.jspecify.annotations.NullMarked;
