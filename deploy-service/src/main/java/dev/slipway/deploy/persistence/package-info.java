/// The registers in this service's own database: plain SQL in the kernel's transactions.
@NullMarked
package dev.slipway.deploy.persistence;

import org.jspecify.annotations.NullMarked;
