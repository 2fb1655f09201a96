package dev.slipway.cli.chaos;

/// An event of an organization's feed.
///
/// @param number    its place in the feed
/// @param operation that tells it; empty for none
record Heard(long number, String type, String subject, String operation) {

  static final String BEGUN = "operation.begun";
  static final String ENDED = "operation.ended";

  String words() {
    return "%d %s of %s".formatted(number, type, subject);
  }
}
