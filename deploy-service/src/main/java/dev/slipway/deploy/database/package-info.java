/// An application's own databases, seen over JDBC: what migrations changed, who still works there.
@NullMarked
package dev.slipway.deploy.database;

import org.jspecify.annotations.NullMarked;
