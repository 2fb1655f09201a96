/// Connections to Postgres servers that somebody else runs, who may be anybody.
@NullMarked
package dev.slipway.common.linked;

import org.jspecify.annotations.NullMarked;
