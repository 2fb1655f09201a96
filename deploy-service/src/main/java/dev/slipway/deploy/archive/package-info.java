/// Archives: taken in as a stream, kept by what is in them, unpacked without trust.
@NullMarked
package dev.slipway.deploy.archive;

import org.jspecify.annotations.NullMarked;
