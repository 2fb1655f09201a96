/// What is done inside a running server over one connection, the same for servers of this platform
/// and for linked ones.
@NullMarked
package dev.slipway.instance.driver.sql;

import org.jspecify.annotations.NullMarked;
