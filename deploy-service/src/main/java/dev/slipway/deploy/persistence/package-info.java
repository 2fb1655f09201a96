/// The aggregates in this service's own database.
@NullMarked
package dev.slipway.deploy.persistence;

import org.jspecify.annotations.NullMarked;
