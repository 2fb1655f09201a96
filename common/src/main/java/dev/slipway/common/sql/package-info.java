/// What the kernel needs of SQL beyond JDBC.
@NullMarked
package dev.slipway.common.sql;

import org.jspecify.annotations.NullMarked;
