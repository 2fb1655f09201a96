/// What applications and their builds have written, page by page.
@NullMarked
package dev.slipway.deploy.log;

import org.jspecify.annotations.NullMarked;
