/// Identifiers: a prefix that names the kind, an underscore, and 26 characters of a UUID.
@NullMarked
package dev.slipway.common.id;

import org.jspecify.annotations.NullMarked;
