@NullMarked
package dev.slipway.common.sql;

import org.jspecify.annotations.NullMarked;
