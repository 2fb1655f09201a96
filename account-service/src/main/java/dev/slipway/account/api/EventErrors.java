package dev.slipway.account.api;

import dev.slipway.common.error.ErrorCode;

/// The stable words of refusals about events.
final class EventErrors {

  /// What comes after the position is older than what is kept.
  static final ErrorCode EVENTS_GONE = new ErrorCode("events-gone", 410);

  private EventErrors() {}
}
