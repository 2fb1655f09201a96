/// What is parked, for whoever runs the platform; the same in every service.
@NullMarked
package dev.slipway.common.inbox.api;

import org.jspecify.annotations.NullMarked;
