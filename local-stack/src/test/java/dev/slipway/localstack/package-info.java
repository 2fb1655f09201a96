/// Tests on real servers and processes; nothing here is faked.
@NullMarked
package dev.slipway.localstack;

import org.jspecify.annotations.NullMarked;
