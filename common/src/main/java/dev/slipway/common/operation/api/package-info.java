/// Operations on the wire, the same in every service.
@NullMarked
package dev.slipway.common.operation.api;

import org.jspecify.annotations.NullMarked;
