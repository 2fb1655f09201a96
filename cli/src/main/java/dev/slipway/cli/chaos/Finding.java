package dev.slipway.cli.chaos;

/// Something that must not be.
///
/// @param subject what it is about: an operation, a process, a folder, an instance, an application
/// @param what    a sentence without a full stop
record Finding(Kind kind, String subject, String what) {

  /// The promise that was broken.
  enum Kind {
    NOT_ENDED("an operation that did not end"),
    STUCK("a stuck operation"),
    UNANSWERED("a call without an answer"),
    WRONG_ANSWER("an answer that must not be"),
    DOUBLED_OPERATION("one call, two operations"),
    ORPHAN("something that belongs to nothing"),
    MISSING("something that should be there"),
    LOST_ROW("a committed row that is lost"),
    PASSWORD("a wrong password"),
    MIGRATION("a migration that was lost or doubled"),
    WRONG_VERSION("an application that answers with another version"),
    EVENT("a missing, doubled or misplaced event"),
    FAILED_REQUEST("a request to a healthy application that failed"),
    NOT_AT_REST("a platform that does not come to rest");

    private final String words;

    Kind(String words) {
      this.words = words;
    }

    String words() {
      return words;
    }
  }
}
